using SQLitePCL;

namespace Nightjar.Storage.Mosquitto;

/// <summary>An SQLite file that somebody else wrote: opened for reading only, and not trusted.</summary>
internal sealed class SqliteFile : IDisposable
{
    // No value of a broker is longer than a packet.
    private const int MaximumLength = 300 << 20;
    private readonly sqlite3 _database;

    private SqliteFile(string path, sqlite3 database)
    {
        Path = path;
        _database = database;
    }

    internal string Path { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="StoreFileException">SQLite cannot.</exception>
    internal static SqliteFile Open(string path)
    {
        Batteries_V2.Init();
        // Without a log beside it nobody writes: then it is read without locks, and no file is made beside it.
        var isAlone = !File.Exists(path + "-wal") && !File.Exists(path + "-journal");
        var name = "file:" + string.Concat(System.IO.Path.GetFullPath(path).Select(c => c is '%' or '?' or '#' ? Uri.HexEscape(c) : c.ToString())) + (isAlone ? "?immutable=1" : "");
        var result = raw.sqlite3_open_v2(name, out var database, raw.SQLITE_OPEN_READONLY | raw.SQLITE_OPEN_URI, null);
        var file = new SqliteFile(path, database);
        try
        {
            if (result != raw.SQLITE_OK) throw file.Fail("opening", result);
            raw.sqlite3_limit(database, raw.SQLITE_LIMIT_LENGTH, MaximumLength);
            file.Execute("PRAGMA trusted_schema = OFF");
            file.Execute("PRAGMA cell_size_check = ON");
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Prepares a statement.</summary>
    internal SqliteRows Query(string sql, string place)
    {
        var result = raw.sqlite3_prepare_v2(_database, sql, out var statement);
        return result == raw.SQLITE_OK ? new SqliteRows(this, statement, place) : throw Fail(place, result);
    }

    /// <summary>Whether there is a real table of a name, not a view or anything that computes.</summary>
    internal bool HasTable(string name)
    {
        using var rows = Query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND rootpage > 0 AND name = ?1", "the schema");
        rows.Bind(1, name);
        return rows.Next();
    }

    /// <summary>Has SQLite check the whole file.</summary>
    /// <exception cref="StoreFileException">It is damaged.</exception>
    internal void CheckIntegrity()
    {
        using var rows = Query("PRAGMA integrity_check(5)", "the check of the file");
        while (rows.Next())
        {
            if (rows.Text(0) is { } line && line != "ok") throw new StoreFileException(Path, "the check of the file", line.TrimEnd() + ".");
        }
    }

    public void Dispose() => _database.Dispose();

    internal StoreFileException Fail(string place, int result)
    {
        var what = raw.sqlite3_errmsg(_database).utf8_to_string();
        var advice = result switch
        {
            raw.SQLITE_BUSY => " The file is in use: stop the broker that uses it, or look at a copy of the file and its -wal.",
            raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY => " A write-ahead log lies beside it: stop the broker that uses it, or copy both files to a folder that can be written.",
            _ => "",
        };
        return new StoreFileException(Path, place, $"SQLite says: {what}.{advice}");
    }

    private void Execute(string sql)
    {
        using var rows = Query(sql, "opening");
        rows.Next();
    }
}
