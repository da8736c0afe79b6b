using Nightjar.LoadTests.Measuring;
using Xunit;

namespace Nightjar.LoadTests.Tests.Measuring;

public sealed class LatencyHistogramTests
{
    private static readonly double[] s_percentiles = [0, 1, 25, 50, 75, 90, 99, 99.9, 99.99, 100];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Percentiles_OfRandomDurations_AreThoseOfASort(int seed)
    {
        var random = new Random(seed);
        long[] values = [.. Enumerable.Range(0, random.Next(1, 20_000)).Select(_ => (long)Math.Exp(random.NextDouble() * 25))];
        var first = new LatencyHistogram();
        var second = new LatencyHistogram();
        for (int i = 0; i < values.Length; i++) (i % 3 == 0 ? first : second).Record(values[i]);
        LatencySnapshot snapshot = LatencySnapshot.Of([first, second]);
        Array.Sort(values);
        Assert.Equal(values.Length, snapshot.Count);
        foreach (double percent in s_percentiles)
        {
            long truth = values[Math.Max((int)Math.Ceiling(percent / 100 * values.Length), 1) - 1];
            Assert.InRange(snapshot.Percentile(percent), truth, truth + (truth / 64));
        }

        Assert.InRange(snapshot.Mean, values.Average(), values.Average() * (1 + (1 / 64.0)) + 1);
    }

    [Fact]
    public void Buckets_OfEveryDuration_AdjoinWithoutGapOrOverlap()
    {
        for (int index = 0; index < LatencyBuckets.Count - 1; index++)
        {
            Assert.Equal(index, LatencyBuckets.IndexOf(LatencyBuckets.UpperEndOf(index)));
            Assert.Equal(index + 1, LatencyBuckets.IndexOf(LatencyBuckets.UpperEndOf(index) + 1));
        }

        Assert.InRange(LatencyBuckets.UpperEndOf(LatencyBuckets.Count - 1), 130_000_000_000, 140_000_000_000);
        Assert.Equal(LatencyBuckets.Count - 1, LatencyBuckets.IndexOf(long.MaxValue));
        Assert.Equal(0, LatencyBuckets.IndexOf(-5));
    }

    [Fact]
    public void Since_EarlierSnapshot_HasWhatCameBetween()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(1_000_000);
        LatencySnapshot before = LatencySnapshot.Of([histogram]);
        histogram.Record(10);
        LatencySnapshot between = LatencySnapshot.Of([histogram]).Since(before);
        Assert.Equal((1, 10), (between.Count, between.Maximum));
    }

    [Fact]
    public void Percentile_OfNothing_IsZero() => Assert.Equal((0, 0), (LatencySnapshot.Empty.Percentile(99), LatencySnapshot.Empty.Mean));

    [Fact]
    public void Record_AnyDuration_AllocatesNothing()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (long value = 1; value < 1 << 20; value *= 3) histogram.Record(value);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
