using System.Numerics;

namespace Nightjar.Broker.Limits;

// What. A hierarchical timing wheel. Time is cut into ticks of 64 ms; a timer's tick is its due time rounded up, so that it is never early
// and at most 64 ms and the time between two advances late. A tick is a number of ten digits to the base 64; a level of the wheel for each
// digit has 64 buckets. A timer stands on the level of the highest digit in which its tick differs from the current one, in the bucket of
// that digit's value. When the current tick reaches the begin of a bucket, timers of level 0 are due, and those of a higher one are
// distributed to the levels below: at most nine times in a life, twice for a keep-alive of a minute, three times for a session that expires
// in a day.
//
// Skipping. All digits above a timer's level are those of the current tick, so every timer of a lower level comes before every one of a
// higher, and on one level the lowest bucket comes first. A word of 64 bits for each level says which buckets are occupied: the next bucket
// is the lowest bit of the first word that is not zero. So a jump of the clock by hours costs the timers it makes due and not the ticks it
// passes, and NextDue is O(levels).
//
// Cost. Schedule and cancel O(1), advance O(1) for each timer and level it passes. 5 KB a wheel; three references, an index and the due
// time in each timer.
//
// Why not the obvious way. A priority queue costs O(log n) for each of the reschedules that a keep-alive causes, and a cancel has to
// search; a Timer for each connection is 200 bytes and passes through the runtime's own lock; a scan of all sessions a second is what it
// is.

/// <summary>Timers by due time, for any number of them.</summary>
/// <remarks>Any thread; one lock, which is not held while timers run.</remarks>
internal sealed class TimingWheel
{
    private const int TickShift = 6;
    private const int DigitBits = 6;
    private const int Digits = 10;
    private const int Size = 1 << DigitBits;

    // Two more buckets: due already when scheduled; and taken out by an advance, in order of their ticks, to run.
    private const int LateBucket = Digits * Size;
    private const int RunningBucket = LateBucket + 1;

    private readonly Lock _lock = new();
    private readonly WheelTimer?[] _buckets = new WheelTimer?[RunningBucket + 1];
    private readonly ulong[] _occupied = new ulong[Digits];
    private long _tick;
    private int _count;

    /// <summary>Makes an empty wheel.</summary>
    /// <param name="nowMilliseconds">The time of the clock, 0 or more.</param>
    public TimingWheel(long nowMilliseconds = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nowMilliseconds);
        _tick = nowMilliseconds >> TickShift;
    }

    /// <summary>Timers scheduled.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>When to advance next, in milliseconds: not after the first timer can run; an advance then may find that it has to be
    /// advanced once more later. Null when there is no timer.</summary>
    public long? NextDue
    {
        get
        {
            lock (_lock)
            {
                if (_buckets[LateBucket] is not null || _buckets[RunningBucket] is not null) return _tick << TickShift;
                return TryFindNextLocked(out _, out var tick) ? tick << TickShift : null;
            }
        }
    }

    /// <summary>Schedules a timer, or schedules it anew when it is scheduled.</summary>
    /// <param name="dueMilliseconds">When it is due. What is due already runs at the next advance, not now.</param>
    /// <remarks>O(1). Does not allocate.</remarks>
    public void Schedule(WheelTimer timer, long dueMilliseconds)
    {
        lock (_lock)
        {
            if (timer.Bucket >= 0)
                UnlinkLocked(timer);
            else
                Volatile.Write(ref _count, _count + 1);

            timer.DueMilliseconds = dueMilliseconds;
            PlaceLocked(timer);
        }
    }

    /// <summary>Takes a timer out.</summary>
    /// <returns>True when it was scheduled and will not run; false when it was not scheduled, runs now, or ran.</returns>
    /// <remarks>O(1). Does not allocate.</remarks>
    public bool Cancel(WheelTimer timer)
    {
        lock (_lock)
        {
            if (timer.Bucket < 0) return false;
            UnlinkLocked(timer);
            Volatile.Write(ref _count, _count - 1);
            return true;
        }
    }

    /// <summary>Runs all timers that are due, one after the other, in order of their ticks.</summary>
    /// <param name="nowMilliseconds">The time of the clock. A time before that of an earlier call does nothing but run what was
    /// late.</param>
    /// <remarks>A timer that is scheduled by one that runs, and is due already, runs at the next call. When a timer throws, the rest runs
    /// at the next call. Several threads may advance at once and share the work. Does not allocate.</remarks>
    public void Advance(long nowMilliseconds)
    {
        lock (_lock) CollectLocked(nowMilliseconds >> TickShift);

        while (true)
        {
            WheelTimer timer;
            lock (_lock)
            {
                if (_buckets[RunningBucket] is not { } first) return;
                timer = first;
                UnlinkLocked(timer);
                Volatile.Write(ref _count, _count - 1);
            }

            timer.OnDue(nowMilliseconds);
        }
    }

    private static long TickOf(long dueMilliseconds) =>
        (dueMilliseconds >> TickShift) + ((dueMilliseconds & ((1L << TickShift) - 1)) == 0 ? 0 : 1);

    private void CollectLocked(long tick)
    {
        MoveLocked(LateBucket);
        while (TryFindNextLocked(out var bucket, out var next) && next <= tick)
        {
            _tick = next;
            MoveLocked(bucket);
        }

        if (tick > _tick) _tick = tick;
    }

    // Timers that are due go to those that run, others to their place as seen from the current tick.
    private void MoveLocked(int bucket)
    {
        while (_buckets[bucket] is { } timer)
        {
            UnlinkLocked(timer);
            if (TickOf(timer.DueMilliseconds) <= _tick)
                LinkLocked(timer, RunningBucket);
            else
                PlaceLocked(timer);
        }
    }

    // The occupied bucket that begins first, and when.
    private bool TryFindNextLocked(out int bucket, out long tick)
    {
        for (var digit = 0; digit < Digits; digit++)
        {
            if (_occupied[digit] == 0) continue;

            var value = BitOperations.TrailingZeroCount(_occupied[digit]);
            var shift = digit * DigitBits;
            var above = _tick >> (shift + DigitBits) << (shift + DigitBits);
            bucket = (digit * Size) + value;
            tick = above | ((long)value << shift);
            return true;
        }

        bucket = -1;
        tick = 0;
        return false;
    }

    private void PlaceLocked(WheelTimer timer)
    {
        var tick = TickOf(timer.DueMilliseconds);
        if (tick <= _tick)
        {
            LinkLocked(timer, LateBucket);
            return;
        }

        var digit = BitOperations.Log2((ulong)(tick ^ _tick)) / DigitBits;
        LinkLocked(timer, (digit * Size) + (int)((tick >> (digit * DigitBits)) & (Size - 1)));
    }

    // Appends to the bucket's ring: first come, first served.
    private void LinkLocked(WheelTimer timer, int bucket)
    {
        timer.Bucket = bucket;
        if (_buckets[bucket] is { } first)
        {
            timer.Next = first;
            timer.Previous = first.Previous;
            first.Previous!.Next = timer;
            first.Previous = timer;
            return;
        }

        timer.Next = timer;
        timer.Previous = timer;
        _buckets[bucket] = timer;
        if (bucket < LateBucket) _occupied[bucket / Size] |= 1UL << (bucket % Size);
    }

    private void UnlinkLocked(WheelTimer timer)
    {
        var bucket = timer.Bucket;
        if (ReferenceEquals(timer.Next, timer))
        {
            _buckets[bucket] = null;
            if (bucket < LateBucket) _occupied[bucket / Size] &= ~(1UL << (bucket % Size));
        }
        else
        {
            timer.Previous!.Next = timer.Next;
            timer.Next!.Previous = timer.Previous;
            if (ReferenceEquals(_buckets[bucket], timer)) _buckets[bucket] = timer.Next;
        }

        timer.Bucket = -1;
        timer.Next = null;
        timer.Previous = null;
    }
}
