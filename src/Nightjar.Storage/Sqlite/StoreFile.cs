using Nightjar.Storage.Sqlite.Interop;

namespace Nightjar.Storage.Sqlite;

/// <summary>
/// The open file with its statements. Whoever opens it has it alone, by a lock that SQLite holds until it is closed, so nothing is shared with
/// another process, the index of the log is in memory, and no second broker can write what the first one believes to know.
/// </summary>
/// <remarks>The writer's thread only, once it runs. After a failure it is closed and opened anew: what a failed sync has left in caches is not trusted.</remarks>
internal sealed class StoreFile : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _syncs;
    private readonly Action<StoreStep>? _fault;
    private bool _full;

    /// <summary>Opens a file.</summary>
    /// <param name="path">Where.</param>
    /// <param name="identity">What the file must be, when it was open before; null for any, and a new one is made when there is none.</param>
    /// <param name="fault">Called before each step that the disk can fail; throws in its place. For tests.</param>
    /// <exception cref="IOException">It cannot be opened, is another's, or is damaged.</exception>
    internal StoreFile(string path, long? identity, Action<StoreStep>? fault)
    {
        _fault = fault;
        fault?.Invoke(StoreStep.Open);
        if (identity is null) StoreFileRights.Prepare(path);
        else if (!File.Exists(path)) throw new SqliteException(SqliteNative.CannotOpen, $"{path}: the file is gone");
        _connection = new SqliteConnection(path);
        try
        {
            TakeAlone();
            StoreFormat.Prepare(_connection);
            Identity = _connection.QueryInteger("SELECT value FROM meta WHERE name='identity'");
            if (identity is { } expected && expected != Identity) throw new IOException($"{path}: another file is in the place of the store");
            // The hook takes the place of SQLite's own checkpoints; the pragma that turns those off would take the hook away.
            _connection.CountLog();
            _begin = _connection.Prepare("BEGIN IMMEDIATE");
            _commit = _connection.Prepare("COMMIT");
            _syncs = _connection.Prepare("UPDATE meta SET value=value+1 WHERE name='syncs'");
            Rows = new RowStatements(_connection);
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    /// <summary>Drawn when the file was made.</summary>
    internal long Identity { get; }

    internal SqliteConnection Connection => _connection;

    internal RowStatements Rows { get; }

    /// <summary>Pages in the write-ahead log.</summary>
    internal int LogPages => _connection.LogPages;

    internal void Begin(bool sync)
    {
        if (sync != _full) _connection.Execute(sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
        _full = sync;
        _begin.Run();
    }

    internal void Commit()
    {
        _fault?.Invoke(StoreStep.Commit);
        _commit.Run();
    }

    /// <summary>Has the disk hold everything that was committed.</summary>
    internal void Sync()
    {
        Begin(sync: true);
        _syncs.Run();
        Commit();
    }

    /// <summary>Copies the log into the file.</summary>
    internal void Checkpoint(bool truncate)
    {
        _fault?.Invoke(StoreStep.Checkpoint);
        _connection.Checkpoint(truncate);
    }

    public void Dispose() => _connection.Dispose();

    private void TakeAlone()
    {
        try
        {
            _connection.Execute("PRAGMA locking_mode=EXCLUSIVE");
            if (_connection.QueryText("PRAGMA journal_mode=WAL") != "wal") throw new IOException($"{_connection.Path}: the file system takes no write-ahead log beside the file");
            _connection.Execute("BEGIN EXCLUSIVE");
            _connection.Execute("COMMIT");
            _connection.Execute("PRAGMA synchronous=FULL");
            _connection.Execute("PRAGMA cache_size=-65536");
            _connection.Execute("PRAGMA temp_store=MEMORY");
            _full = true;
        }
        catch (SqliteException error) when (error.Code == SqliteNative.Busy)
        {
            throw new StoreInUseException($"{_connection.Path}: the store is in use by another process. One broker at a time: stop the other, or name another file.", error);
        }
    }
}
