namespace Nightjar.Broker.Security;

/// <summary>
/// How often authentication failed lately, by address: from the fourth failure on, each refusal waits twice as long as the one before, so that
/// guessing from one address is slow while everybody else is answered at once.
/// </summary>
/// <remarks>
/// <para>Only refusals wait, so a success changes nothing: who has an account of his own could wipe out his guesses at others with it.</para>
/// <para>A table of fixed size, four entries to a bucket. Whoever fails from many addresses makes it forget the oldest entries, never grow; a
/// forgotten address merely gets a few quick refusals again. Nothing waits in here: the caller does, with a timer.</para>
/// </remarks>
internal sealed class FailedLogins
{
    /// <summary>Failures within <see cref="Memory"/> that are answered at once.</summary>
    internal const int FreeFailures = 3;

    private const int Ways = 4;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250);
    private readonly Lock _gate = new();
    private readonly Entry[] _entries;
    private readonly TimeProvider _time;
    private long _failures;
    private long _delayed;

    /// <summary>Makes an empty table.</summary>
    /// <param name="time">Its clock.</param>
    /// <param name="capacity">Addresses it knows at most; a multiple of 4.</param>
    internal FailedLogins(TimeProvider time, int capacity = 4096)
    {
        _time = time;
        _entries = new Entry[capacity];
    }

    /// <summary>An address that has not failed for this long is forgotten.</summary>
    internal static TimeSpan Memory { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Failures so far.</summary>
    internal long Failures => Volatile.Read(ref _failures);

    /// <summary>Failures so far whose answer was delayed.</summary>
    internal long Delayed => Volatile.Read(ref _delayed);

    /// <summary>Notes a failure.</summary>
    /// <param name="from">Where it came from; none is counted and never delayed.</param>
    /// <param name="longest">Longest delay; zero for none at all.</param>
    /// <returns>How long the refusal is to wait.</returns>
    internal TimeSpan Note(AddressPrefix from, TimeSpan longest)
    {
        Interlocked.Increment(ref _failures);
        if (!from.HasValue || longest <= TimeSpan.Zero) return TimeSpan.Zero;
        int count;
        lock (_gate) count = Count(from);
        if (count <= FreeFailures) return TimeSpan.Zero;
        Interlocked.Increment(ref _delayed);
        var doubled = FirstDelay * Math.Pow(2, Math.Min(20, count - FreeFailures - 1));
        return doubled < longest ? doubled : longest;
    }

    private int Count(AddressPrefix from)
    {
        var now = _time.GetTimestamp();
        var bucket = BucketOf(from);
        var oldest = 0;
        for (var i = 0; i < bucket.Length; i++)
        {
            ref var entry = ref bucket[i];
            if (entry.From == from)
            {
                if (_time.GetElapsedTime(entry.LastAt, now) > Memory) entry.Count = 0;
                entry.LastAt = now;
                return ++entry.Count;
            }

            if (!entry.From.HasValue || (bucket[oldest].From.HasValue && entry.LastAt < bucket[oldest].LastAt)) oldest = i;
        }

        bucket[oldest] = new Entry { From = from, LastAt = now, Count = 1 };
        return 1;
    }

    private Span<Entry> BucketOf(AddressPrefix from)
    {
        // Neighbouring addresses are the likely ones, so the bits are spread first.
        var spread = (from.Value * 0x9E37_79B9_7F4A_7C15) >> 32;
        return _entries.AsSpan((int)(spread % (ulong)(_entries.Length / Ways)) * Ways, Ways);
    }

    private struct Entry
    {
        internal AddressPrefix From;
        internal long LastAt;
        internal int Count;
    }
}
