using Nightjar.LoadTests.Measuring;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.LoadTests.Tests.Measuring;

public sealed class SamplerTests
{
    [Fact]
    public void Sample_EachInterval_HasItsOwnRatesAndLatencies()
    {
        var clock = new FakeTimeProvider();
        var counted = new Counted { Totals = new Totals(100, 50) };
        counted.Histogram.Record(1_000_000);
        List<string> shown = [];
        var sampler = new Sampler(counted, clock, (phase, point, totals) => shown.Add($"{phase} {point.SentPerSecond} {totals.Received}"));
        sampler.Begin();
        Advance(clock, counted, new Totals(300, 150), 5);
        sampler.Sample("measure");
        Advance(clock, counted, new Totals(300, 250), 7);
        sampler.Sample("measure");
        Assert.Equal([(0.5, 400.0, 200.0, 1L, 5L), (1.0, 0.0, 200.0, 1L, 7L)], sampler.Points.Select(point =>
            (point.Elapsed.TotalSeconds, point.SentPerSecond, point.ReceivedPerSecond, point.Latency.Count, point.Latency.Maximum)));
        Assert.Equal(["measure 400 150", "measure 0 250"], shown);
    }

    private static void Advance(FakeTimeProvider clock, Counted counted, Totals totals, long nanoseconds)
    {
        clock.Advance(TimeSpan.FromMilliseconds(500));
        counted.Totals = totals;
        counted.Histogram.Record(nanoseconds);
    }

    private sealed class Counted : IMeasured
    {
        public Totals Totals { get; set; }

        public LatencySnapshot Latency => LatencySnapshot.Of([Histogram]);

        public LatencyHistogram Histogram { get; } = new();
    }
}
