using System.Globalization;
using System.Text;

namespace Nightjar.LoadTests.Reporting;

/// <summary>A report in Markdown: tables, with the percentiles over time as numbers.</summary>
internal static class MarkdownReport
{
    internal static string Write(Report report)
    {
        var text = new StringBuilder();
        text.AppendLine("# Load test").AppendLine();
        string thresholds = report.AreThresholdsKept ? "all kept" : "**missed**";
        text.AppendLine(CultureInfo.InvariantCulture, $"Broker {report.Broker}, {report.Started:yyyy-MM-dd HH:mm:ss} UTC. Thresholds: {thresholds}.");
        foreach (ReportSection section in report.Sections) WriteSection(text, section);
        return text.ToString();
    }

    private static void WriteSection(StringBuilder text, ReportSection section)
    {
        text.AppendLine().AppendLine($"## {section.Result.Name}").AppendLine().AppendLine(Escape(section.Result.Summary) + ".").AppendLine();
        WriteTable(text, "", section.Result.Parameters.Concat(section.CounterRows));
        if (section.Result.Latency.Count > 0)
        {
            text.AppendLine();
            WriteTable(text, $"Latency, {section.Result.LatencyName}", section.LatencyRows);
        }

        text.AppendLine();
        text.AppendLine("| Threshold |  |").AppendLine("|---|---|");
        foreach (Verdict verdict in section.Verdicts)
            text.AppendLine($"| `{verdict.Threshold.Text}` | {(verdict.IsKept ? "kept" : "**missed**")}: {verdict.Actual} |");
        if (section.Result.Points.Count > 1) WritePoints(text, section);
    }

    private static void WritePoints(StringBuilder text, ReportSection section)
    {
        text.AppendLine().AppendLine("| at | sent | done | p50 | p99 | max |").AppendLine("|---|---|---|---|---|---|");
        foreach (var point in section.Result.Points)
        {
            text.AppendLine(
                $"| {Text.OfNanoseconds(point.Elapsed.TotalNanoseconds)} | {Text.OfRate(point.SentPerSecond)} | {Text.OfRate(point.ReceivedPerSecond)} | "
                + $"{Text.OfNanoseconds(point.Latency.Percentile(50))} | {Text.OfNanoseconds(point.Latency.Percentile(99))} | "
                + $"{Text.OfNanoseconds(point.Latency.Maximum)} |");
        }
    }

    private static void WriteTable(StringBuilder text, string heading, IEnumerable<KeyValuePair<string, string>> rows)
    {
        text.AppendLine($"| {heading} |  |").AppendLine("|---|---|");
        foreach ((string name, string value) in rows) text.AppendLine($"| {Escape(name)} | {Escape(value)} |");
    }

    private static string Escape(string value) => value.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
