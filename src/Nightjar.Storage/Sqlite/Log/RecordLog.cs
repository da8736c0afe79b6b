using System.Runtime.CompilerServices;

namespace Nightjar.Storage.Sqlite.Log;

/// <summary>
/// What the threads of the broker have said and the writer has not yet read.
///
/// A call of the store becomes a record in native memory: a header and the bytes of what it names, in the form in which they go into the file.
/// The log is striped: a thread appends to the list of its stripe under the stripe's lock, which another thread rarely wants, so many
/// threads do not queue for one lock and one cache line of payload. What they share is one counter, drawn under the stripe's lock: the ticket,
/// which is the record's place in the order of all. Records of one session are appended under its gate, so their tickets ascend in the order
/// of the calls, whatever threads they came from; and a delivery that names a message follows it in the same list.
///
/// The writer takes everything at once: it holds all stripes' locks for the moment in which it unhooks their lists. Whoever drew a ticket has
/// written its record by then, so what it takes is every record up to the newest ticket, and reading the lists by ascending ticket (a merge of
/// a few cursors) is reading the order of the calls. Chunks go back to the pool when the batch they are part of is durable.
///
/// What becomes of a delivery soon after it was appended is noted in its record: the packet id it was sent with, that it is over. Whoever holds
/// the lock of any stripe knows that the writer does not begin to read meanwhile, and <see cref="IsOpen"/> says whether it has. The calls for one
/// delivery come under the gate of its session, one after the other. So a message that a client acknowledges at once is one record, and
/// the writer has nothing to do for it.
///
/// The writer takes records from where they are appended (<see cref="Seal"/>) before it reads them (<see cref="Close"/>), so that records
/// can be left open for a while without those that came later.
///
/// Why not one list: measured on two cores it is as fast, but each append holds the lock for the copy of its message. Why not a lock-free
/// list: records of any length would need a second pass to see which are complete. Cost: about 0.2 µs of a processor for a message of 100
/// bytes with its delivery, no garbage.
/// </summary>
internal sealed class RecordLog : IDisposable
{
    private const int MostStripes = 16;

    // Each end of a delivery looks at every stripe while the writer watches: records times stripes beyond which it does not.
    private const int MostWatched = 65_536;
    [ThreadStatic]
    private static int t_stripe;
    private static int s_threads;

    private readonly LogStripe[] _stripes;
    private readonly ChunkPool _pool;
    private readonly ManualResetEventSlim _records = new(initialState: false, spinCount: 0);
    private readonly long _softLimit;
    private PaddedLong _ticket;
    private Action? _overrun;
    private int _sleeping;
    private int _pausing;
    private int _interrupted;
    private int _watched;
    private long _closed;
    private long _voidedClosed;
    private bool _isOverrun;
    private bool _wasOverrun;

    /// <summary>Makes an empty log.</summary>
    /// <param name="softLimit">Bytes beyond which <see cref="IsOverrun"/>; beyond twice as many nothing is taken that makes the store grow.</param>
    /// <param name="stripes">Number of lists, a power of two; 0: as many as processors, at most sixteen.</param>
    internal RecordLog(long softLimit, int stripes = 0)
    {
        _softLimit = softLimit;
        _pool = new ChunkPool(softLimit * 2);
        if (stripes == 0) stripes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, MostStripes));
        _stripes = new LogStripe[stripes];
        for (var index = 0; index < stripes; index++) _stripes[index] = new LogStripe(this);
    }

    /// <summary>The newest ticket given out.</summary>
    internal long LastTicket => Volatile.Read(ref _ticket.Value);

    /// <summary>Bytes that wait or are being written.</summary>
    internal long Held => _pool.Held;

    /// <summary>More waits than should; it ends at half of that.</summary>
    internal bool IsOverrun => Volatile.Read(ref _isOverrun);

    /// <summary>Half of what is left beyond the soft limit is taken.</summary>
    internal bool IsFull => _pool.Held > _softLimit + (_softLimit / 2);

    /// <summary>Whether there has been an overrun since the last call, over by now or not: records may have been refused in it.</summary>
    internal bool TakeOverrun() => Interlocked.Exchange(ref _wasOverrun, false);

    /// <summary>Ticket up to which the writer reads or has read.</summary>
    internal long Closed => Volatile.Read(ref _closed);

    /// <summary>Whether every record that the writer has not begun to read is void: they are durable without being written. Exact when nothing goes on.</summary>
    internal bool IsVoid => LastTicket - Closed == Voided - Volatile.Read(ref _voidedClosed);

    private long Voided
    {
        get
        {
            long count = 0;
            foreach (var stripe in _stripes) count += Volatile.Read(ref stripe.Voided);
            return count;
        }
    }

    /// <summary>The stripe of the calling thread.</summary>
    internal LogStripe Stripe
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            var thread = t_stripe;
            if (thread == 0) thread = t_stripe = Interlocked.Increment(ref s_threads);
            return _stripes[thread & (_stripes.Length - 1)];
        }
    }

    /// <summary>Sets who is told, under a stripe's lock, that <see cref="IsOverrun"/> has become true.</summary>
    internal void OnOverrun(Action callback) => _overrun = callback;

    internal long NextTicket() => Interlocked.Increment(ref _ticket.Value);

    internal Chunk? TryRent(int size, bool beyondLimit)
    {
        var chunk = _pool.TryRent(size, beyondLimit);
        if (_pool.Held <= _softLimit || _isOverrun) return chunk;
        Volatile.Write(ref _wasOverrun, true);
        Volatile.Write(ref _isOverrun, true);
        _overrun?.Invoke();
        return chunk;
    }

    /// <summary>Gives back a list of chunks that was taken.</summary>
    internal void Return(Chunk? chunk)
    {
        while (chunk is not null)
        {
            var next = chunk.Next;
            _pool.Return(chunk);
            chunk = next;
        }

        if (_isOverrun && _pool.Held < _softLimit / 2) Volatile.Write(ref _isOverrun, false);
    }

    /// <summary>Called after a record was added and the stripe left: wakes the writer if it sleeps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Wake()
    {
        // The ticket was drawn with a full fence: either this sees that the writer sleeps, or the writer sees the ticket before it does.
        if (Volatile.Read(ref _sleeping) != 0) WakeSlow();
    }

    /// <summary>Sleeps until something is there, or a time is over. The writer's thread only.</summary>
    /// <param name="read">Ticket up to which the writer has read.</param>
    /// <param name="milliseconds">Longest sleep; -1 for no end.</param>
    /// <returns>False when the time is over and there is still nothing.</returns>
    internal bool Wait(long read, int milliseconds)
    {
        _records.Reset();
        Interlocked.Exchange(ref _sleeping, 1);
        var woken = Interlocked.Exchange(ref _interrupted, 0) != 0 || LastTicket != read || _records.Wait(milliseconds);
        Interlocked.Exchange(ref _sleeping, 0);
        return woken;
    }

    /// <summary>Whether a record that was noted may be changed. Under the lock of any stripe.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsOpen(long ticket) => ticket > _closed;

    /// <summary>Called after a record was counted as <see cref="LogStripe.Voided"/> and the stripe left: wakes the writer if it lingers over records that are all void now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void WakeIfVoid()
    {
        // To leave the stripe was a full fence: either this sees that the writer watches, or the writer sees the count before it sleeps.
        if (Volatile.Read(ref _watched) != 0 && IsVoid) WakeWatcher();
    }

    /// <summary>Lets more records come for a while; <see cref="Interrupt"/> ends it, and so do records, unless they are very many, that have all become void. The writer's thread only.</summary>
    internal void Linger(int milliseconds)
    {
        // Nobody sees that the writer sleeps, so records do not wake it.
        _records.Reset();
        var isWatched = (LastTicket - _closed) * _stripes.Length <= MostWatched;
        if (isWatched) Interlocked.Exchange(ref _watched, 1);
        if (Interlocked.Exchange(ref _interrupted, 0) == 0 && !(isWatched && LastTicket != _closed && IsVoid)) _records.Wait(milliseconds);
        if (isWatched) Volatile.Write(ref _watched, 0);
    }

    /// <summary>Wakes the writer for something that is no record.</summary>
    internal void Interrupt()
    {
        Interlocked.Exchange(ref _interrupted, 1);
        _records.Set();
    }

    /// <summary>The records of this thread are taken together, until the group ends.</summary>
    internal void BeginGroup()
    {
        // The writer looks for a moment without groups. Where it finds none, new ones make way, for a bounded time: who began one may be waited for
        // by somebody who is in one.
        if (Volatile.Read(ref _pausing) != 0)
        {
            var spin = default(SpinWait);
            for (var turn = 0; turn < 50 && Volatile.Read(ref _pausing) != 0; turn++) spin.SpinOnce(sleep1Threshold: -1);
        }

        Interlocked.Increment(ref Stripe.Groups);
    }

    /// <summary>Ends the group that this thread has begun last.</summary>
    internal void EndGroup() => Interlocked.Decrement(ref Stripe.Groups);

    /// <summary>Takes every record up to the newest ticket away, to be read at once.</summary>
    /// <param name="lists">Takes the lists, one a stripe.</param>
    /// <returns>The newest ticket.</returns>
    internal long Take(Span<Chunk?> lists)
    {
        var ticket = Seal(lists);
        Close(ticket);
        return ticket;
    }

    /// <summary>Ends changes of records up to a ticket, so that they can be read.</summary>
    internal void Close(long ticket)
    {
        EnterAll();
        Volatile.Write(ref _closed, ticket);
        ExitAll();
    }

    /// <summary>So many of the records that were closed last were void.</summary>
    internal void CountClosed(long voided) => Volatile.Write(ref _voidedClosed, _voidedClosed + voided);

    /// <summary>Takes every record up to the newest ticket from where they are appended, at a moment in which no group is under way.</summary>
    /// <param name="lists">Takes the lists, one a stripe.</param>
    /// <returns>The newest ticket.</returns>
    internal long Seal(Span<Chunk?> lists)
    {
        var spin = default(SpinWait);
        for (var attempt = 0; ; attempt++)
        {
            if (TrySeal(lists, out var ticket))
            {
                Volatile.Write(ref _pausing, 0);
                return ticket;
            }

            if (attempt == 10) Volatile.Write(ref _pausing, 1);
            spin.SpinOnce();
        }
    }

    private bool TrySeal(Span<Chunk?> lists, out long ticket)
    {
        EnterAll();
        var isGrouped = false;
        // A group that begins after this look appends after the locks are left.
        foreach (var stripe in _stripes) isGrouped |= Volatile.Read(ref stripe.Groups) != 0;
        for (var index = 0; index < _stripes.Length && !isGrouped; index++) lists[index] = _stripes[index].Take();
        ticket = LastTicket;
        ExitAll();
        return !isGrouped;
    }

    private void EnterAll()
    {
        foreach (var stripe in _stripes) stripe.Gate.Enter();
    }

    private void ExitAll()
    {
        foreach (var stripe in _stripes) stripe.Gate.Exit();
    }

    private void WakeWatcher()
    {
        if (Interlocked.Exchange(ref _watched, 0) != 0) _records.Set();
    }

    /// <summary>Returns when every append that was under way has ended.</summary>
    internal void Barrier()
    {
        foreach (var stripe in _stripes)
        {
            stripe.Gate.Enter();
            stripe.Gate.Exit();
        }
    }

    /// <summary>Number of lists.</summary>
    internal int StripeCount => _stripes.Length;

    public void Dispose()
    {
        _pool.Dispose();
        _records.Dispose();
    }

    private void WakeSlow()
    {
        if (Interlocked.Exchange(ref _sleeping, 0) != 0) _records.Set();
    }
}
