namespace Nightjar.LoadTests.Measuring;

/// <summary>Counts durations by <see cref="LatencyBuckets"/>. One writer at a time; any thread may read, and sees counts a moment old.</summary>
/// <remarks>16 KiB. Recording allocates nothing and takes no lock.</remarks>
internal sealed class LatencyHistogram
{
    private readonly long[] _counts = new long[LatencyBuckets.Count];

    /// <summary>Counts one duration in nanoseconds.</summary>
    internal void Record(long nanoseconds) => _counts[LatencyBuckets.IndexOf(nanoseconds)]++;

    /// <summary>Counts the same duration several times.</summary>
    internal void Record(long nanoseconds, int times) => _counts[LatencyBuckets.IndexOf(nanoseconds)] += times;

    /// <summary>Adds what was counted so far to the counts of a snapshot.</summary>
    internal void AddTo(long[] counts)
    {
        for (int i = 0; i < counts.Length; i++) counts[i] += Volatile.Read(ref _counts[i]);
    }
}
