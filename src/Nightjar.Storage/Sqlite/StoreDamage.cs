using Nightjar.Storage.Sqlite.Interop;
using Nightjar.Storage.Sqlite.Reading;
using Nightjar.Storage.Sqlite.Records;

namespace Nightjar.Storage.Sqlite;

/// <summary>What is done about a file that does not hold what was written to it.</summary>
internal static class StoreDamage
{
    /// <summary>Whether an error says that the file is damaged, rather than the disk failing.</summary>
    internal static bool Is(IOException error) => error is SqliteException { IsDamage: true } or DamagedRecordException;

    /// <summary>Reads everything there is.</summary>
    /// <exception cref="IOException">Something is not as it was written.</exception>
    internal static void Check(SqliteConnection connection)
    {
        if (connection.QueryText("PRAGMA integrity_check(1)") is { } problem && problem != "ok") throw new DamagedRecordException(problem);
        RecoveryRehearsal.Run(connection);
    }

    /// <summary>The error for people who did not ask for recovery.</summary>
    internal static IOException Refusal(string path, IOException error) => new(
        $"{path}: the store is damaged ({error.Message}). Nothing was changed. Restore it from a copy, look at it with 'nightjar store check', "
        + "or start once with persistence_recover true: what can be read is kept, the damaged file is put aside.",
        error);

    /// <summary>Puts the file aside and makes a new one of what can be read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="error">What was found.</param>
    /// <param name="notices">Takes what was done.</param>
    internal static void Recover(string path, IOException error, List<string> notices)
    {
        var aside = PutAside(path);
        notices.Add($"{path}: the store is damaged ({error.Message}); the damaged file is kept as {aside}");
        notices.AddRange(StoreSalvage.Run(aside, path));
    }

    private static string PutAside(string path)
    {
        var aside = path + ".damaged";
        for (var number = 2; File.Exists(aside); number++) aside = $"{path}.damaged{number}";
        File.Move(path, aside);
        if (File.Exists(path + "-wal")) File.Move(path + "-wal", aside + "-wal");
        return aside;
    }
}
