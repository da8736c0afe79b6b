using Nightjar.Broker.Persistence;
using Nightjar.Storage.Sqlite;
using Nightjar.Storage.Sqlite.Interop;
using Nightjar.Storage.Sqlite.Reading;

namespace Nightjar.Storage.Inspection;

/// <summary>A store of ours, opened for reading only.</summary>
internal sealed class OwnStoreReader : IRecoverableStore, IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly string? _sharedMemory;

    private OwnStoreReader(string path)
    {
        // Without a log beside it nobody writes, and no file need be made beside it.
        var hasLog = File.Exists(path + "-wal");
        if (hasLog && !File.Exists(path + "-shm")) _sharedMemory = path + "-shm";
        _connection = new SqliteConnection(path, readOnly: true, isFixed: !hasLog);
    }

    internal int Format { get; private set; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It is none of ours, of a newer version, damaged, or in use.</exception>
    internal static OwnStoreReader Open(string path)
    {
        var reader = new OwnStoreReader(path);
        try
        {
            reader.Format = StoreFormat.FormatOf(reader._connection);
            if (reader.Format > StoreFormat.Current)
                throw new IOException($"{path}: the store has format {reader.Format}, and this version of Nightjar knows up to {StoreFormat.Current}.");
            if (reader.Format == 0) throw new IOException($"{path}: the file is empty.");
            if (reader.Format == StoreFormat.Current) StoreFormat.CheckTables(reader._connection);
            return reader;
        }
        catch (IOException error) when (StoreDamage.Is(error))
        {
            reader.Dispose();
            throw StoreDamage.Refusal(path, error);
        }
        catch (SqliteException error) when (error.Code == SqliteNative.Busy)
        {
            reader.Dispose();
            throw new StoreInUseException($"{path}: the store is in use. Stop the broker, or look at a copy of the file and its -wal.", error);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Has SQLite check every page.</summary>
    /// <returns>What it found, five lines at most; empty for a good file.</returns>
    internal IReadOnlyList<string> CheckPages()
    {
        List<string> lines = [];
        using var rows = _connection.Prepare("PRAGMA integrity_check(5)");
        while (rows.Step())
        {
            if (rows.Text(0) is { } line && line != "ok") lines.Add(line);
        }

        return lines;
    }

    public void Recover(IRecoverySink sink)
    {
        try
        {
            new StoreRecovery(_connection, IndexLoader.Load(_connection, new ClientKeys()), sink, epoch: 0).Run();
        }
        catch (IOException error) when (StoreDamage.Is(error))
        {
            throw StoreDamage.Refusal(_connection.Path, error);
        }
    }

    public void Dispose()
    {
        _connection.Dispose();
        // SQLite leaves what it needed for the log to whoever comes next; that will be a broker, which needs none.
        if (_sharedMemory is not null) File.Delete(_sharedMemory);
    }
}
