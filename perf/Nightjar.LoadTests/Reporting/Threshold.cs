using Nightjar.LoadTests.CommandLine;
using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Reporting;

/// <summary>A rule that a result must keep. Immutable.</summary>
/// <param name="Text">As it was written.</param>
/// <param name="Metric">What is judged.</param>
/// <param name="Comparison">How it must stand to the limit: &lt;, &lt;=, =, &gt;= or &gt;.</param>
/// <param name="Limit">The limit; nanoseconds for durations.</param>
internal sealed record Threshold(string Text, Metric Metric, string Comparison, double Limit)
{
    private static readonly string[] s_comparisons = ["<=", ">=", "<", ">", "="];

    /// <summary>What holds for every scenario unless a rule for the same metric is given.</summary>
    internal static IReadOnlyList<Threshold> Defaults { get; } = [Parse("lost=0"), Parse("duplicates=0"), Parse("errors=0")];

    /// <summary>Names of the metrics, for people.</summary>
    internal static string MetricNames => Metric.Names;

    /// <summary>Reads such as <c>p99&lt;5ms</c>, <c>received-rate&gt;=100k/s</c> or <c>lost=0</c>. A duration without a unit is in milliseconds.</summary>
    internal static bool TryParse(string text, out Threshold? threshold)
    {
        threshold = null;
        int at = text.AsSpan().IndexOfAny("<>=");
        if (at <= 0) return false;
        string comparison = s_comparisons.First(candidate => text.AsSpan(at).StartsWith(candidate));
        string value = text[(at + comparison.Length)..].Trim();
        if (Metric.Find(text[..at].Trim()) is not { } metric) return false;
        bool valid = metric.IsDuration ? Quantity.TryParseNanoseconds(value, 1e6, out double limit) : Quantity.TryParseNumber(value, out limit);
        if (valid) threshold = new Threshold(text, metric, comparison, limit);
        return valid;
    }

    /// <summary>Whether a result keeps the rule. A duration of nothing received keeps none.</summary>
    internal bool Holds(ScenarioResult result)
    {
        if (Metric.IsDuration && result.Latency.Count == 0) return false;
        double value = Metric.ValueOf(result);
        return Comparison switch
        {
            "<" => value < Limit,
            "<=" => value <= Limit,
            ">" => value > Limit,
            ">=" => value >= Limit,
            _ => value == Limit,
        };
    }

    private static Threshold Parse(string text) => TryParse(text, out Threshold? threshold) ? threshold! : throw new ArgumentException(text);
}
