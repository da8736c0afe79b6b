using Nightjar.Broker.Limits;
using Nightjar.Storage.Sqlite;

namespace Nightjar.Storage.Inspection;

/// <summary>Takes Mosquitto's own stores over into one of ours.</summary>
public static class StoreImporter
{
    /// <summary>
    /// Makes a store of what a file of Mosquitto holds: all of it or, when anything goes wrong, none. It is written under another name beside the
    /// target, brought to disk, and given its name at the end.
    /// </summary>
    /// <param name="source">A <c>mosquitto.db</c> or <c>mosquitto.sqlite3</c>; only read.</param>
    /// <param name="target">The store to make.</param>
    /// <param name="replace">Whether a store that is there is put aside, as <c>TARGET.before-import</c>; otherwise it is left alone and refused.</param>
    /// <param name="time">The clock that tells what has expired; null for the system's.</param>
    /// <exception cref="IOException">It cannot be done; the message says why. Nothing is changed.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read or written.</exception>
    public static async Task<ImportResult> RunAsync(string source, string target, bool replace = false, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        using var view = StoreView.Open(source, time);
        if (!view.IsMosquitto) throw new IOException($"{source}: this is a store of Nightjar already; name it in the configuration.");
        if (File.Exists(target))
        {
            if (!replace) throw new IOException($"{target}: the file is there. Name another one, or say --replace to put it aside.");
            // Nobody has it open: a broker that ran on would write into what is put aside.
            await using var old = SqliteStore.Open(new SqliteStoreOptions { Path = target });
        }

        var temporary = target + ".importing";
        Delete(temporary);
        try
        {
            var result = await WriteAsync(view, temporary, time);
            if (File.Exists(target)) PutAside(target);
            File.Move(temporary, target);
            return result;
        }
        finally
        {
            Delete(temporary);
        }
    }

    private static async Task<ImportResult> WriteAsync(StoreView view, string path, TimeProvider time)
    {
        await using var store = SqliteStore.Open(new SqliteStoreOptions { Path = path });
        var clock = new BrokerClock(time);
        var import = new StoreImport(store.Open(clock), clock);
        view.Content.Recover(import);
        import.Finish();
        return new ImportResult(view.Format, import.Counts, import.LeftOut, view.Remarks);
    }

    private static void PutAside(string path)
    {
        var aside = path + ".before-import";
        for (var number = 2; File.Exists(aside); number++) aside = $"{path}.before-import{number}";
        // Closed cleanly a moment ago, so there is no log beside it.
        File.Move(path, aside);
    }

    private static void Delete(string path)
    {
        foreach (var file in (string[])[path, path + "-wal", path + "-shm"]) File.Delete(file);
    }
}
