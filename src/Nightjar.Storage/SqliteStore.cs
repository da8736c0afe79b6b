using Nightjar.Broker.Limits;
using Nightjar.Broker.Persistence;
using Nightjar.Storage.Sqlite;
using Nightjar.Storage.Sqlite.Interop;
using Nightjar.Storage.Sqlite.Log;
using Nightjar.Storage.Sqlite.Reading;
using Nightjar.Storage.Sqlite.Writing;

namespace Nightjar.Storage;

/// <summary>
/// A store in one file of SQLite: what a broker on it has acknowledged survives, with <see cref="SqliteSync.Always"/>, the loss of power. One
/// process has it at a time.
/// </summary>
/// <remarks>
/// Commits gather what comes while the one before is on its way to the disk, and what is over by then is not written. Messages that wait for
/// sessions stay in the file and cost 24 to 96 bytes of memory each; brokers read them back when the client comes.
/// </remarks>
public sealed class SqliteStore : MqttBrokerStore
{
    private readonly StoreIndex _index;
    private readonly string _path;
    private long _epoch;
    private bool _closed;

    private SqliteStore(SqliteStoreOptions options, StoreFile file)
    {
        _path = options.Path;
        WaitsForNothing = options.Sync == SqliteSync.Autosave;
        _index = IndexLoader.Load(file.Connection, Keys);
        _epoch = file.Connection.QueryInteger("SELECT value FROM meta WHERE name='epoch'");
        Log = new RecordLog(options.MemoryLimit, options.Stripes);
        Progress = new StoreProgress(Log, options.Path);
        Writer = new StoreWriter(options, file, Log, _index, Progress);
        Progress.Start();
        Writer.Start();
    }

    /// <summary>Sessions held.</summary>
    public int SessionCount => Keys.Count;

    /// <summary>What was out of the ordinary when the store was opened, for the log; empty when nothing was.</summary>
    public IReadOnlyList<string> Notices { get; private init; } = [];

    internal RecordLog Log { get; }

    internal StoreProgress Progress { get; }

    internal StoreWriter Writer { get; }

    internal ClientKeys Keys { get; } = new();

    internal bool WaitsForNothing { get; }

    /// <summary>The epoch of the newest owner; records under an older one are refused.</summary>
    internal long Epoch => Volatile.Read(ref _epoch);

    /// <summary>Loads SQLite's library now: for a process that gives up its user, who alone may read the folder that a single-file program unpacks it to.</summary>
    /// <exception cref="DllNotFoundException">It is not there, or cannot be read.</exception>
    public static void LoadLibrary() => _ = SqliteNative.VersionNumber();

    /// <summary>Opens a store, or makes one where there is no file.</summary>
    /// <exception cref="StoreInUseException">Another process has it.</exception>
    /// <exception cref="IOException">It cannot be read or written, is none, is of a newer version, or is damaged; the message says what to do.</exception>
    public static SqliteStore Open(SqliteStoreOptions options)
    {
        var notices = new List<string>();
        try
        {
            return Start(options, notices);
        }
        catch (IOException error) when (StoreDamage.Is(error) && options.Recover)
        {
            StoreDamage.Recover(options.Path, error, notices);
            return Start(options, notices);
        }
        catch (IOException error) when (StoreDamage.Is(error))
        {
            throw StoreDamage.Refusal(options.Path, error);
        }
    }

    /// <inheritdoc/>
    public override Task CheckpointAsync() => Writer.RunAsync(static file =>
    {
        file.Sync();
        file.Checkpoint(truncate: true);
    });

    /// <summary>Writes everything that was taken, copies the log into the file and closes it. After the broker on it was stopped.</summary>
    /// <exception cref="IOException">The disk fails: what was taken since the failure is lost.</exception>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync().ConfigureAwait(false);
        if (Close(abandon: false) is { } error) throw new IOException($"{_path}: closed, but not everything could be written: {error.Message}", error);
    }

    internal override BrokerStores Open(BrokerClock clock)
    {
        var epoch = Interlocked.Increment(ref _epoch);
        // Who has seen the old epoch has appended by the end of this; the job comes after that in the file as well.
        Log.Barrier();
        Writer.RunAsync(file =>
        {
            file.Begin(sync: true);
            file.Connection.Execute($"UPDATE meta SET value={epoch} WHERE name='epoch'");
            file.Commit();
        }).GetAwaiter().GetResult();
        var lease = new SqliteLease(this, clock, epoch);
        return new BrokerStores(lease, lease, lease, lease, Progress);
    }

    internal void Recover(IRecoverySink sink, long epoch)
    {
        try
        {
            Writer.RunAsync(file => new StoreRecovery(file.Connection, _index, sink, epoch).Run()).GetAwaiter().GetResult();
        }
        catch (IOException error) when (StoreDamage.Is(error))
        {
            throw StoreDamage.Refusal(_path, error);
        }
    }

    /// <summary>Completes when everything that was taken so far is in the file; on disk as the mode wants.</summary>
    internal Task FlushAsync() => Writer.RunAsync(static _ => { });

    /// <summary>Goes away as a process does that is killed: what is not written yet never will be.</summary>
    internal void Abandon() => Close(abandon: true);

    /// <summary>Rows of a table, what was taken so far included.</summary>
    internal async Task<long> CountAsync(string table)
    {
        long count = 0;
        await Writer.RunAsync(file => count = file.Connection.QueryInteger($"SELECT count(*) FROM {table}")).ConfigureAwait(false);
        return count;
    }

    private static SqliteStore Start(SqliteStoreOptions options, List<string> notices)
    {
        var file = new StoreFile(options.Path, identity: null, options.Fault);
        try
        {
            // Whoever asks for recovery has seen damage, perhaps in a row that nothing reads at a start.
            if (options.Recover) StoreDamage.Check(file.Connection);
            return new SqliteStore(options, file) { Notices = notices };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private Exception? Close(bool abandon)
    {
        if (_closed) return null;
        _closed = true;
        Interlocked.Increment(ref _epoch);
        Log.Barrier();
        var error = Writer.Stop(abandon);
        Progress.Dispose();
        Writer.Dispose();
        Log.Dispose();
        return error;
    }
}
