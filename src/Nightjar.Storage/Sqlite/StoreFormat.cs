using Nightjar.Storage.Sqlite.Interop;
using Nightjar.Storage.Sqlite.Records;

namespace Nightjar.Storage.Sqlite;

/// <summary>
/// The tables of the file and the number of their format. Rows of messages and deliveries are only ever added at the end and have no second index:
/// an index over a hundred thousand sessions would cost a page per row; the order within a session is found again by one scan at the start.
/// </summary>
internal static class StoreFormat
{
    /// <summary>The format this version writes. It reads every one before.</summary>
    internal const int Current = 1;

    /// <summary>Marks the file as a store of Nightjar: "NJST".</summary>
    internal const int ApplicationId = 0x4E4A5354;

    /// <summary>Statements that make a format out of the one before; the first makes the tables of an empty file.</summary>
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE message(id INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE delivery(id INTEGER PRIMARY KEY, session INTEGER NOT NULL, message INTEGER NOT NULL, number INTEGER NOT NULL, mark INTEGER NOT NULL, size INTEGER NOT NULL, extra BLOB);
        CREATE TABLE session(key INTEGER PRIMARY KEY, since INTEGER NOT NULL, client_id TEXT NOT NULL, user_name TEXT, expiry INTEGER NOT NULL, disconnected_at INTEGER, domain TEXT NOT NULL, address BLOB);
        CREATE TABLE subscription(session INTEGER NOT NULL, filter BLOB NOT NULL, options INTEGER NOT NULL, identifier INTEGER NOT NULL, PRIMARY KEY(session, filter)) WITHOUT ROWID;
        CREATE TABLE will(session INTEGER PRIMARY KEY, body BLOB NOT NULL, delay INTEGER NOT NULL, expiry INTEGER);
        CREATE TABLE received(session INTEGER NOT NULL, packet INTEGER NOT NULL, PRIMARY KEY(session, packet)) WITHOUT ROWID;
        CREATE TABLE retained(topic BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
        INSERT INTO meta(name, value) VALUES('epoch', 0), ('syncs', 0), ('identity', random());
        """,
    ];

    /// <summary>Makes the tables of a new file, or brings those of an older one up to date, in one transaction.</summary>
    /// <exception cref="IOException">The file is none of ours, or of a newer format.</exception>
    internal static void Prepare(SqliteConnection connection)
    {
        Prepare(connection, Steps);
        CheckTables(connection);
    }

    /// <inheritdoc cref="Prepare(SqliteConnection)"/>
    /// <param name="connection">The file.</param>
    /// <param name="steps">One script a format, in place of those of this version.</param>
    internal static void Prepare(SqliteConnection connection, ReadOnlySpan<string> steps)
    {
        var format = FormatOf(connection);
        if (format > steps.Length)
        {
            throw new IOException(
                $"{connection.Path}: the store has format {format}, and this version of Nightjar knows up to {steps.Length}. Start the version that wrote it, or one that is newer.");
        }

        if (format == steps.Length) return;
        connection.Execute("BEGIN IMMEDIATE");
        for (; format < steps.Length; format++)
        {
            foreach (var statement in steps[format].Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) connection.Execute(statement);
        }

        connection.Execute($"PRAGMA application_id={ApplicationId}");
        connection.Execute($"PRAGMA user_version={format}");
        connection.Execute("COMMIT");
    }

    /// <summary>Looks whether the tables of a file of the current format are those that we make, and nothing else is there that would act when they are used.</summary>
    /// <exception cref="IOException">They are not.</exception>
    internal static void CheckTables(SqliteConnection connection)
    {
        using var fresh = new SqliteConnection(":memory:");
        Prepare(fresh, Steps);
        if (TablesOf(fresh) != TablesOf(connection)) throw new DamagedRecordException("its tables are not those of a store");
    }

    private static string? TablesOf(SqliteConnection connection) =>
        connection.QueryText("SELECT group_concat(type || name || tbl_name || ifnull(sql, ''), char(10)) FROM (SELECT * FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name)");

    /// <summary>The format of a file; 0 for an empty one.</summary>
    /// <exception cref="IOException">The file is a database of something else, or its number is none.</exception>
    internal static int FormatOf(SqliteConnection connection)
    {
        var application = connection.QueryInteger("PRAGMA application_id");
        if (application == ApplicationId)
        {
            var format = (int)connection.QueryInteger("PRAGMA user_version");
            return format > 0 ? format : throw new DamagedRecordException($"there is no format {format}");
        }

        if (application == 0 && connection.QueryInteger("SELECT count(*) FROM sqlite_master") == 0) return 0;
        throw new IOException($"{connection.Path}: a database, but not a store of Nightjar. Name another file; a store of Mosquitto is taken over with 'nightjar store import'.");
    }
}
