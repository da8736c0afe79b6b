using System.Globalization;

namespace Nightjar.LoadTests.Measuring;

/// <summary>Whether this tool, and not the broker, was what a result shows.</summary>
internal static class Bottleneck
{
    private const double BusyShare = 0.85;
    private static readonly TimeSpan s_noticeable = TimeSpan.FromMilliseconds(2);

    /// <summary>What makes the figures doubtful, in sentences; empty when nothing does.</summary>
    internal static IReadOnlyList<string> WarningsOf(ScenarioResult result)
    {
        List<string> warnings = [];
        double all = result.Processors * 100.0;
        if (result.GeneratorPercent >= all * BusyShare)
        {
            warnings.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"The generator used {result.GeneratorPercent / all * 100:0} % of this machine's processors and was most likely the bottleneck. Give it more, or ask for less load."));
        }
        else if (result.BrokerPercent is { } broker && broker + result.GeneratorPercent >= all * BusyShare && result.GeneratorPercent > broker)
        {
            warnings.Add(
                "Generator and broker used up this machine together, the generator more than half of that: throughput is the generator's as much as the broker's. "
                + "The broker's processor time for each unit still holds.");
        }

        double late = result.Lateness.Percentile(99);
        if (late >= s_noticeable.TotalNanoseconds && late > result.Latency.Percentile(99) / 2.0)
        {
            warnings.Add(string.Create(
                CultureInfo.InvariantCulture, $"The generator was late: {late / 1e6:0.#} ms at p99, which is most of the latency. The machine has too much to do."));
        }

        return warnings;
    }
}
