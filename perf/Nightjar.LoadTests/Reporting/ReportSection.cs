using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Reporting;

/// <summary>One scenario of a report, with the rows that all formats show.</summary>
/// <param name="Result">What was measured.</param>
/// <param name="Verdicts">How it was judged.</param>
internal sealed record ReportSection(ScenarioResult Result, IReadOnlyList<Verdict> Verdicts)
{
    /// <summary>What was counted, as name and text.</summary>
    internal IEnumerable<KeyValuePair<string, string>> CounterRows
    {
        get
        {
            yield return new("load", Result.Load);
            yield return new("measured", Text.OfNanoseconds(Result.Elapsed.TotalNanoseconds));
            yield return new($"{Result.Unit} sent", $"{Text.OfNumber(Result.Sent)} ({Text.OfRate(Result.SentPerSecond)})");
            yield return new($"{Result.Unit} done", $"{Text.OfNumber(Result.Received)} ({Text.OfRate(Result.ReceivedPerSecond)})");
            yield return new("lost", Text.OfNumber(Result.Lost));
            if (Result.Duplicates > 0) yield return new("duplicates", Text.OfNumber(Result.Duplicates));
            if (Result.NotBegun > 0) yield return new("due and not begun", Text.OfNumber(Result.NotBegun));
            foreach (KeyValuePair<string, string> fact in Result.Facts) yield return fact;
            if (Result.Lateness.Count > 0) yield return new("generator's lateness, p50 / p99 / max", LatenessText);
            foreach (KeyValuePair<string, string> row in ProcessorRows) yield return row;
            foreach (string error in Result.Errors) yield return new("error", error);
            foreach (string warning in Bottleneck.WarningsOf(Result)) yield return new("warning", warning);
        }
    }

    /// <summary>Percentiles and mean of the latency, as name and text.</summary>
    internal IEnumerable<KeyValuePair<string, string>> LatencyRows
    {
        get
        {
            if (Result.Latency.Count == 0) yield break;
            yield return new("mean", Text.OfNanoseconds(Result.Latency.Mean));
            foreach (double percent in Report.Percentiles)
                yield return new(percent == 100 ? "max" : $"p{Text.OfPercent(percent)}", Text.OfNanoseconds(Result.Latency.Percentile(percent)));
        }
    }

    private IEnumerable<KeyValuePair<string, string>> ProcessorRows
    {
        get
        {
            yield return new("generator's processor", Processor(Result.GeneratorProcessor, Result.GeneratorMicrosecondsPerUnit));
            if (Result is { BrokerProcessor: { } used, BrokerMicrosecondsPerUnit: { } each }) yield return new("broker's processor", Processor(used, each));
            if (Result.BrokerResidentBytes is { } bytes) yield return new("broker's memory", Text.OfNumber(bytes / 1048576.0) + " MiB");
        }
    }

    private string Processor(TimeSpan used, double each)
    {
        double percent = Result.Elapsed > TimeSpan.Zero ? used / Result.Elapsed * 100 : 0;
        string share = Text.OfNumber(Math.Round(percent / Result.Processors));
        return $"{Text.OfNumber(percent)} % of one core ({share} % of this machine), {Text.OfNanoseconds(each * 1e3)} for each of the {Result.Unit}";
    }

    private string LatenessText => string.Join(
        " / ", new[] { 50.0, 99, 100 }.Select(percent => Text.OfNanoseconds(Result.Lateness.Percentile(percent))));
}
