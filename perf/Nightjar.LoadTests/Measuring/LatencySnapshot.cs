namespace Nightjar.LoadTests.Measuring;

/// <summary>What histograms had counted at a moment, or between two moments. Immutable.</summary>
internal sealed class LatencySnapshot
{
    /// <summary>Nothing counted.</summary>
    internal static readonly LatencySnapshot Empty = new(new long[LatencyBuckets.Count]);

    private readonly long[] _counts;

    private LatencySnapshot(long[] counts)
    {
        _counts = counts;
        foreach (long count in counts) Count += count;
    }

    /// <summary>Number of durations.</summary>
    internal long Count { get; }

    /// <summary>The longest duration, in nanoseconds, up to the bucket's width; 0 without any.</summary>
    internal long Maximum => Percentile(100);

    /// <summary>The arithmetic mean in nanoseconds, up to the bucket's width; 0 without any.</summary>
    internal double Mean
    {
        get
        {
            if (Count == 0) return 0;
            double sum = 0;
            for (int i = 0; i < _counts.Length; i++) sum += (double)_counts[i] * LatencyBuckets.UpperEndOf(i);
            return sum / Count;
        }
    }

    /// <summary>Merges histograms.</summary>
    internal static LatencySnapshot Of(IEnumerable<LatencyHistogram> histograms)
    {
        var counts = new long[LatencyBuckets.Count];
        foreach (LatencyHistogram histogram in histograms) histogram.AddTo(counts);
        return new LatencySnapshot(counts);
    }

    /// <summary>What was counted since an earlier snapshot of the same histograms.</summary>
    internal LatencySnapshot Since(LatencySnapshot earlier)
    {
        var counts = new long[LatencyBuckets.Count];
        for (int i = 0; i < counts.Length; i++) counts[i] = _counts[i] - earlier._counts[i];
        return new LatencySnapshot(counts);
    }

    /// <summary>The duration in nanoseconds that this part of all durations does not exceed (nearest rank); 0 without any.</summary>
    /// <param name="percent">0 to 100.</param>
    internal long Percentile(double percent)
    {
        if (Count == 0) return 0;
        long rank = Math.Clamp((long)Math.Ceiling(percent / 100 * Count), 1, Count);
        int index = 0;
        long seen = _counts[0];
        while (seen < rank) seen += _counts[++index];
        return LatencyBuckets.UpperEndOf(index);
    }
}
