using System.Globalization;
using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Reporting;

/// <summary>A figure of a result that has a name: <c>p99.9</c>, <c>received-rate</c>, <c>lost</c>. Immutable.</summary>
/// <param name="Name">As the command line writes it.</param>
/// <param name="IsDuration">In nanoseconds; else a plain number.</param>
/// <param name="ValueOf">Takes it from a result.</param>
internal sealed record Metric(string Name, bool IsDuration, Func<ScenarioResult, double> ValueOf)
{
    private static readonly Metric[] s_all =
    [
        new("mean", true, static result => result.Latency.Mean),
        new("max", true, static result => result.Latency.Maximum),
        new("sent", false, static result => result.Sent),
        new("received", false, static result => result.Received),
        new("sent-rate", false, static result => result.SentPerSecond),
        new("received-rate", false, static result => result.ReceivedPerSecond),
        new("throughput", false, static result => result.ReceivedPerSecond),
        new("lost", false, static result => result.Lost),
        new("duplicates", false, static result => result.Duplicates),
        new("errors", false, static result => result.ErrorCount),
        new("not-begun", false, static result => result.NotBegun),
        new("lateness", true, static result => result.Lateness.Percentile(99)),
        new("generator-percent", false, static result => result.GeneratorPercent / result.Processors),
        new("broker-us", false, static result => result.BrokerMicrosecondsPerUnit ?? double.NaN),
    ];

    /// <summary>All names, for people.</summary>
    internal static string Names => "pN (a percentile, such as p50 or p99.9), " + string.Join(", ", s_all.Select(static metric => metric.Name));

    /// <summary>The metric of a name, or null.</summary>
    internal static Metric? Find(string name)
    {
        if (Array.Find(s_all, metric => metric.Name == name) is { } metric) return metric;
        bool isPercentile = name.Length > 1 && name[0] == 'p'
            && double.TryParse(name.AsSpan(1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent) && percent <= 100;
        return isPercentile ? OfPercentile(name) : null;
    }

    private static Metric OfPercentile(string name)
    {
        double percent = double.Parse(name.AsSpan(1), CultureInfo.InvariantCulture);
        return new Metric(name, true, result => result.Latency.Percentile(percent));
    }
}
