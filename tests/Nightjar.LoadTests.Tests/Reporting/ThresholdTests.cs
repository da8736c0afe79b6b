using Nightjar.LoadTests.Reporting;
using Xunit;

namespace Nightjar.LoadTests.Tests.Reporting;

public sealed class ThresholdTests
{
    [Theory]
    [InlineData("p50<=0.51ms", true)]
    [InlineData("p50<=0.49ms", false)]
    [InlineData("p50<0.51", true)]
    [InlineData("p99.9 < 1020us", true)]
    [InlineData("p99.9<990µs", false)]
    [InlineData("max<1s", true)]
    [InlineData("mean>1ms", false)]
    [InlineData("received-rate>=499/s", true)]
    [InlineData("received-rate>499", false)]
    [InlineData("sent>=1k", true)]
    [InlineData("lost=0", false)]
    [InlineData("lost=2", true)]
    [InlineData("errors<=2", false)]
    [InlineData("throughput>=499", true)]
    [InlineData("throughput > 500/s", false)]
    [InlineData("generator-percent<13", true)]
    [InlineData("generator-percent<12", false)]
    [InlineData("broker-us<=1000", true)]
    [InlineData("broker-us<1000", false)]
    public void Threshold_AgainstAResult_HoldsOrNot(string text, bool expected)
    {
        Assert.True(Threshold.TryParse(text, out Threshold? threshold));
        Assert.Equal(expected, threshold!.Holds(ReportSamples.Make()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("p99")]
    [InlineData("<5")]
    [InlineData("p<5")]
    [InlineData("p100.1<5ms")]
    [InlineData("p99<")]
    [InlineData("p99<5h")]
    [InlineData("lost==0")]
    [InlineData("speed>5")]
    [InlineData("sent>5ms")]
    public void Threshold_Malformed_IsRefused(string text) => Assert.False(Threshold.TryParse(text, out _));

    [Fact]
    public void Verdicts_GivenAndDefaultRules_JudgeEachMetricOnce()
    {
        Assert.True(Threshold.TryParse("lost<=2", out Threshold? given));
        IReadOnlyList<Verdict> verdicts = Verdict.Of(ReportSamples.Make(), [given!]);
        Assert.Equal([("lost<=2", true), ("duplicates=0", true), ("errors=0", false)], verdicts.Select(verdict => (verdict.Threshold.Text, verdict.IsKept)));
    }

    [Fact]
    public void Duration_OfNothingReceived_KeepsNoRule()
    {
        Assert.True(Threshold.TryParse("p99<5ms", out Threshold? threshold));
        Assert.False(threshold!.Holds(ReportSamples.Make() with { Latency = LoadTests.Measuring.LatencySnapshot.Empty }));
    }
}
