using Nightjar.Broker.Persistence;
using Nightjar.Storage.Sqlite.Log;
using Nightjar.Storage.Sqlite.Writing;

namespace Nightjar.Storage.Sqlite;

/// <summary>
/// How far the store is, and who is told: a thread of its own, so that sending acknowledgements and writing the next batch go on side by side.
/// </summary>
/// <remarks>The writer sets everything; any thread reads.</remarks>
internal sealed class StoreProgress : IStoreMonitor, IDisposable
{
    private readonly RecordLog _log;
    private readonly string _path;
    private readonly ManualResetEventSlim _news = new(initialState: false, spinCount: 0);
    private readonly Thread _thread;
    private Action<long>? _durable;
    private string? _failure;
    private long _ticket;
    private long _told;
    private long _commits;
    private long _rows;
    private long _absorbed;
    private long _bytes;
    private long _lastSync;
    private volatile bool _stopping;

    internal StoreProgress(RecordLog log, string path)
    {
        _log = log;
        _path = path;
        log.OnOverrun(_news.Set);
        _thread = new Thread(Tell) { IsBackground = true, Name = "nightjar-durable" };
    }

    public StoreCondition Condition { get; } = new();

    public StoreCounters Counters => new(
        Volatile.Read(ref _commits), Volatile.Read(ref _rows), Volatile.Read(ref _absorbed), Volatile.Read(ref _bytes), _log.LastTicket - Durable,
        TimeSpan.FromTicks(Volatile.Read(ref _lastSync)), Size(_path) + Size(_path + "-wal"));

    /// <summary>Every record up to this ticket is durable.</summary>
    internal long Durable => Volatile.Read(ref _ticket);

    internal bool IsFailed => Volatile.Read(ref _failure) is not null;

    internal void Start() => _thread.Start();

    /// <summary>Sets who is told that more is durable.</summary>
    internal void OnDurable(Action<long> callback) => Volatile.Write(ref _durable, callback);

    internal void Committed(long rows, long bytes, TimeSpan sync)
    {
        Volatile.Write(ref _commits, _commits + 1);
        Volatile.Write(ref _rows, _rows + rows);
        Volatile.Write(ref _bytes, _bytes + bytes);
        Volatile.Write(ref _lastSync, sync.Ticks);
    }

    internal void Count(WriteBatch batch) => Volatile.Write(ref _absorbed, _absorbed + batch.Absorbed);

    /// <summary>Everything up to a ticket is durable, and so the disk works.</summary>
    internal void Publish(long ticket)
    {
        Volatile.Write(ref _ticket, ticket);
        Volatile.Write(ref _failure, null);
        _news.Set();
    }

    /// <summary>The disk has failed.</summary>
    internal void Fail(string reason)
    {
        Volatile.Write(ref _failure, reason);
        _news.Set();
    }

    /// <summary>Ends telling, after the last thing was told.</summary>
    public void Dispose()
    {
        _stopping = true;
        _news.Set();
        if (!_thread.ThreadState.HasFlag(ThreadState.Unstarted)) _thread.Join();
        _news.Dispose();
    }

    private static long Size(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? file.Length : 0;
    }

    private void Tell()
    {
        bool isLast;
        do
        {
            _news.Wait();
            _news.Reset();
            isLast = _stopping;
            TellDurable();
            TellCondition();
        }
        while (!isLast);
    }

    private void TellDurable()
    {
        var durable = Durable;
        if (durable == _told) return;
        _told = durable;
        Volatile.Read(ref _durable)?.Invoke(durable);
    }

    // Only here, so that the last word is the newest state.
    private void TellCondition()
    {
        var failure = Volatile.Read(ref _failure);
        if (failure is not null) Condition.Fail(failure);
        else if (Condition.IsFailed) Condition.Recover();
        // Who would have to wait for a failed store is refused.
        Condition.SetBusy(failure is null && _log.IsOverrun);
    }
}
