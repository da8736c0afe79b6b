using System.Collections.Concurrent;
using System.Diagnostics;
using Nightjar.Storage.Sqlite.Log;
using Nightjar.Storage.Sqlite.Reading;

namespace Nightjar.Storage.Sqlite.Writing;

/// <summary>
/// The one thread that has the file: it reads the log into a batch, writes the batch in one transaction, says how far the store is durable,
/// and does everything else on the file between two transactions: pages of queues, recovery, checkpoints.
///
/// Batches make themselves: while one is on its way to the disk, the next one gathers. A linger comes on top only when it pays: when
/// deliveries are regularly over soon after they were written, every record is left open for some milliseconds, so that the acknowledgements
/// that are on their way find it, and then neither the rows nor their removal are written. What is left open is not what came last but what is
/// young: batches go on one after the other behind it. When all that is open is over, it is durable at once. Sessions that are away give
/// no reason to wait, so none is made.
///
/// When the disk fails, the batch stays: the file is closed, opened anew, its log copied into it, and the batch written
/// again, until that works. A failed sync is never taken for done by a second one: pages that a failed fdatasync left clean in the cache
/// would be lost silently. So the old log is emptied by copying its pages into the file, which makes them dirty once more, before anything is
/// built on it.
/// </summary>
internal sealed class StoreWriter : IDisposable
{
    private const int IdleCheckpointMilliseconds = 1000;
    private readonly SqliteStoreOptions _options;
    private readonly RecordLog _log;
    private readonly StoreIndex _index;
    private readonly OpenRecords _open;
    private readonly WriteBatch _batch;
    private readonly StoreProgress _progress;
    private readonly ConcurrentQueue<StoreJob> _jobs = [];
    private readonly ConcurrentQueue<PageRequest> _pages = [];
    private readonly PageReader _pageReader;
    private readonly SyncSchedule _schedule;
    private readonly ManualResetEventSlim _retry = new();
    private readonly Thread _thread;
    private StoreFile _file;
    private LingerPolicy _linger;
    private Exception? _lastFailure;
    private long _read;
    private bool _fileIsSuspect;
    private volatile bool _stopping;
    private volatile bool _abandoned;

    internal StoreWriter(SqliteStoreOptions options, StoreFile file, RecordLog log, StoreIndex index, StoreProgress progress)
    {
        _options = options;
        _file = file;
        _log = log;
        _index = index;
        _progress = progress;
        _open = new OpenRecords(log.StripeCount);
        _batch = new WriteBatch(index, log.StripeCount);
        _schedule = new SyncSchedule(options);
        _pageReader = new PageReader(options.Notice);
        _linger = new LingerPolicy(options);
        _thread = new Thread(Work) { IsBackground = true, Name = "nightjar-store" };
    }

    internal void Start() => _thread.Start();

    /// <summary>Has something done on the file after everything that was said before, durable or not yet synced as the mode wants.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    internal Task RunAsync(Action<StoreFile> action)
    {
        var job = new StoreJob(action);
        _jobs.Enqueue(job);
        _log.Interrupt();
        if (_stopping && !_thread.IsAlive) job.Fail(new ObjectDisposedException(nameof(SqliteStore)));
        return job.Task;
    }

    /// <summary>Has a page read after everything that was said before.</summary>
    internal void Load(PageRequest page)
    {
        _pages.Enqueue(page);
        _log.Interrupt();
        if (_stopping && !_thread.IsAlive) ThreadPool.UnsafeQueueUserWorkItem(static writer => writer.FailWaiting(new ObjectDisposedException(nameof(SqliteStore))), this, preferLocal: false);
    }

    /// <summary>Writes what is left, copies the log into the file and closes it.</summary>
    /// <param name="abandon">Writes nothing more and leaves the log as it is.</param>
    /// <returns>What stood against it; null for nothing.</returns>
    internal Exception? Stop(bool abandon)
    {
        _abandoned = abandon;
        _stopping = true;
        _log.Interrupt();
        _retry.Set();
        if (_thread.ThreadState.HasFlag(System.Threading.ThreadState.Unstarted)) Close();
        else _thread.Join();
        FailWaiting(_lastFailure ?? new ObjectDisposedException(nameof(SqliteStore)));
        return _lastFailure;
    }

    public void Dispose() => _retry.Dispose();

    private void Work()
    {
        while (!_abandoned)
        {
            if (_log.LastTicket == _read && _jobs.IsEmpty && _pages.IsEmpty && _index.Dropped.Count == 0)
            {
                if (_stopping) break;
                if (!Idle()) continue;
            }

            if (!Turn()) break;
        }

        Close();
    }

    // One batch with what belongs to it. False: stopping, and it cannot be written.
    private bool Turn()
    {
        var jobs = _jobs.Count;
        var pages = _pages.Count;
        if (!TryTake(isUrgent: jobs > 0 || pages > 0 || _stopping, out var ticket)) return true;
        _batch.Recent = _linger.Recent;
        _batch.Read(_log);
        _linger.Observe(_batch.NewDeliveries, _batch.AbsorbedDeliveries, _batch.Missed);
        while (!TryWrite())
        {
            FailWaiting(_lastFailure!);
            if (_stopping) return false;
            _retry.Wait(_options.RetryInterval);
        }

        _read = ticket;
        _progress.Count(_batch);
        _batch.Clear(_log);
        _progress.Publish(ticket);
        for (; pages > 0 && _pages.TryDequeue(out var page); pages--) _pageReader.Read(page, _file, _index);
        for (; jobs > 0 && _jobs.TryDequeue(out var job); jobs--) job.Run(_file);
        if (_file.LogPages >= _options.CheckpointPages) Attempt(static file => file.Checkpoint(truncate: false));
        return true;
    }

    // Records that were open for long enough; all of them when they are over, or when somebody waits for all.
    private bool TryTake(bool isUrgent, out long ticket)
    {
        var age = isUrgent ? 0 : _linger.Milliseconds;
        if (age > 0)
        {
            _log.Linger(_linger.Step);
            if (_log.IsVoid || _log.IsOverrun || !_jobs.IsEmpty || !_pages.IsEmpty || _stopping) age = 0;
        }

        _open.Add(_log);
        return _open.TryTake(_log, TimeSpan.FromMilliseconds(age), _batch.Lists, out ticket);
    }

    private bool TryWrite()
    {
        try
        {
            if (_fileIsSuspect) Reopen();
            if (!_batch.IsEmpty) WriteBatch();
            else if (_progress.IsFailed) _file.Sync();
            _lastFailure = null;
            _fileIsSuspect = false;
            return true;
        }
        catch (IOException error)
        {
            Fail(error);
            return false;
        }
    }

    private void WriteBatch()
    {
        var sync = _schedule.IsDue;
        _file.Begin(sync);
        long bytes = 0;
        var rows = BatchRows.Write(_batch, _file.Rows, ref bytes);
        var start = Stopwatch.GetTimestamp();
        _file.Commit();
        _schedule.Committed(_batch.Records, sync);
        _progress.Committed(rows, bytes, Stopwatch.GetElapsedTime(start));
    }

    private void Reopen()
    {
        _file.Dispose();
        _file = new StoreFile(_options.Path, _file.Identity, _options.Fault);
        // What the old log holds is in the caches and perhaps not on disk: copied, it is written once more.
        _file.Checkpoint(truncate: true);
    }

    private void Fail(Exception error)
    {
        _lastFailure = error;
        _fileIsSuspect = true;
        _progress.Fail(error.Message);
    }

    // Something that no batch waits for. What fails is tried again, with a file opened anew, before the next batch.
    private void Attempt(Action<StoreFile> action)
    {
        try
        {
            action(_file);
        }
        catch (IOException error)
        {
            Fail(error);
        }
    }

    // Nothing to write. True when there is something to do after all.
    private bool Idle()
    {
        if (_fileIsSuspect) return true;
        var wait = _schedule.Remaining;
        if (wait == 0)
        {
            Attempt(static file => file.Sync());
            _schedule.Committed(0, synced: true);
            return _fileIsSuspect;
        }

        var hasLog = _file.LogPages > 0;
        if (hasLog && (wait < 0 || wait > IdleCheckpointMilliseconds)) wait = IdleCheckpointMilliseconds;
        if (_log.Wait(_read, wait) || !_jobs.IsEmpty || !_pages.IsEmpty || _stopping) return false;
        if (hasLog && _schedule.Remaining != 0) Attempt(static file => file.Checkpoint(truncate: false));
        return _fileIsSuspect;
    }

    private void Close()
    {
        if (!_abandoned && _lastFailure is null)
        {
            Attempt(static file => file.Sync());
            if (_lastFailure is null) Attempt(static file => file.Checkpoint(truncate: true));
        }

        if (_abandoned) _file.Connection.KeepLog();
        _file.Dispose();
        _batch.Clear(_log);
        _open.Clear(_log);
    }

    private void FailWaiting(Exception error)
    {
        // Of a store that is closed nothing will come, so nobody is told to ask again.
        while (_pages.TryDequeue(out var page)) page.Sink.OnPageEnd(page.After, isFailed: !_stopping);
        while (_jobs.TryDequeue(out var job)) job.Fail(error);
    }
}
