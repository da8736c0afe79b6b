using Nightjar.LoadTests.CommandLine;
using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Reporting;

/// <summary>What a whole invocation has shown: each scenario with its verdicts. The formats are made from it. Immutable.</summary>
internal sealed class Report
{
    /// <summary>The percentiles of the tables.</summary>
    internal static readonly IReadOnlyList<double> Percentiles = [50, 75, 90, 95, 99, 99.9, 99.99, 100];

    internal Report(LoadOptions options, DateTimeOffset started, IReadOnlyList<ScenarioResult> results)
    {
        Broker = options.Broker.ToString();
        Started = started;
        Sections = [.. results.Select(result => new ReportSection(result, Verdict.Of(result, options.Thresholds)))];
    }

    /// <summary>Address of the broker.</summary>
    internal string Broker { get; }

    /// <summary>When the first scenario began.</summary>
    internal DateTimeOffset Started { get; }

    /// <summary>One for each scenario, in order.</summary>
    internal IReadOnlyList<ReportSection> Sections { get; }

    /// <summary>Every rule was kept.</summary>
    internal bool AreThresholdsKept => Sections.All(static section => section.Verdicts.All(static verdict => verdict.IsKept));
}
