using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Tests.Reporting;

/// <summary>A result with figures that are easy to find again.</summary>
internal static class ReportSamples
{
    internal static ScenarioResult Make()
    {
        var histogram = new LatencyHistogram();
        for (int i = 1; i <= 1000; i++) histogram.Record(i * 1000L);
        LatencySnapshot latency = LatencySnapshot.Of([histogram]);
        return new ScenarioResult
        {
            Name = "pair",
            Summary = "one <to> one",
            Load = "constant rate 500/s for 2 s",
            LatencyName = "publish to receive",
            Parameters = [new("version", "MQTT 5.0")],
            Elapsed = TimeSpan.FromSeconds(2),
            Sent = 1000,
            Received = 998,
            Lost = 2,
            ErrorCount = 3,
            Errors = ["3 × a|b"],
            Latency = latency,
            Points = [new TimePoint(TimeSpan.FromSeconds(1), 500, 499, latency), new TimePoint(TimeSpan.FromSeconds(2), 500, 499, latency)],
            Processors = 2,
            GeneratorProcessor = TimeSpan.FromMilliseconds(499),
            BrokerProcessor = TimeSpan.FromMilliseconds(998),
            BrokerResidentBytes = 8 * 1048576,
            Facts = [new("still there", "7")],
        };
    }
}
