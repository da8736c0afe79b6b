using Nightjar.LoadTests.Measuring;
using Nightjar.LoadTests.Tests.Reporting;
using Xunit;

namespace Nightjar.LoadTests.Tests.Measuring;

public sealed class BottleneckTests
{
    [Fact]
    public void Warnings_WithAQuarterOfTheMachine_AreNone() => Assert.Empty(Bottleneck.WarningsOf(ReportSamples.Make()));

    [Fact]
    public void Warnings_WithNearlyTheWholeMachine_NameTheGenerator()
    {
        // 3.5 of the 4 seconds that two processors have in two.
        ScenarioResult result = ReportSamples.Make() with { GeneratorProcessor = TimeSpan.FromSeconds(3.5) };
        Assert.Contains("88 %", Assert.Single(Bottleneck.WarningsOf(result)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2.0, 1.8, 1)]
    [InlineData(1.8, 2.0, 0)]
    [InlineData(1.6, 1.5, 0)]
    public void Warnings_OnASharedMachine_NameTheGeneratorWhereItHasMost(double generator, double broker, int expected)
    {
        ScenarioResult result = ReportSamples.Make() with { GeneratorProcessor = TimeSpan.FromSeconds(generator), BrokerProcessor = TimeSpan.FromSeconds(broker) };
        Assert.Equal(expected, Bottleneck.WarningsOf(result).Count);
    }

    [Fact]
    public void Warnings_WhenLatenessIsMostOfTheLatency_SaySo()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(3_000_000, 1000);
        LatencySnapshot late = LatencySnapshot.Of([histogram]);
        Assert.Contains("late", Assert.Single(Bottleneck.WarningsOf(ReportSamples.Make() with { Lateness = late })), StringComparison.Ordinal);
        histogram.Record(30_000_000, 1000);
        LatencySnapshot slow = LatencySnapshot.Of([histogram]);
        Assert.Empty(Bottleneck.WarningsOf(ReportSamples.Make() with { Lateness = late, Latency = slow }));
    }
}
