using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Reporting;

/// <summary>Whether one result kept one rule.</summary>
/// <param name="Threshold">The rule.</param>
/// <param name="Actual">The figure, as people read it.</param>
/// <param name="IsKept">The rule was kept.</param>
internal sealed record Verdict(Threshold Threshold, string Actual, bool IsKept)
{
    /// <summary>Judges a result by the given rules and the default ones for other metrics.</summary>
    internal static IReadOnlyList<Verdict> Of(ScenarioResult result, IReadOnlyList<Threshold> thresholds)
    {
        IEnumerable<Threshold> defaults = Threshold.Defaults.Where(rule => thresholds.All(given => given.Metric.Name != rule.Metric.Name));
        return [.. thresholds.Concat(defaults).Select(rule => Of(result, rule))];
    }

    private static Verdict Of(ScenarioResult result, Threshold rule)
    {
        double value = rule.Metric.ValueOf(result);
        return new Verdict(rule, rule.Metric.IsDuration ? Text.OfNanoseconds(value) : Text.OfNumber(value), rule.Holds(result));
    }
}
