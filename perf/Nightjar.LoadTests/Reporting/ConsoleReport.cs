using System.Text;

namespace Nightjar.LoadTests.Reporting;

/// <summary>A report as text for the terminal.</summary>
internal static class ConsoleReport
{
    internal static string Write(Report report)
    {
        var text = new StringBuilder();
        foreach (ReportSection section in report.Sections)
        {
            text.AppendLine($"── {section.Result.Name}: {section.Result.Summary}");
            text.AppendLine("   " + string.Join(", ", section.Result.Parameters.Select(static pair => $"{pair.Key} {pair.Value}")));
            WriteRows(text, section.CounterRows);
            text.AppendLine($"   latency, {section.Result.LatencyName}");
            WriteRows(text, section.LatencyRows);
            foreach (Verdict verdict in section.Verdicts)
            {
                string word = verdict.IsKept ? "kept  " : "MISSED";
                text.AppendLine($"   {word}  {verdict.Threshold.Text}  ({verdict.Threshold.Metric.Name} is {verdict.Actual})");
            }

            text.AppendLine();
        }

        return text.ToString();
    }

    private static void WriteRows(StringBuilder text, IEnumerable<KeyValuePair<string, string>> rows)
    {
        foreach ((string name, string value) in rows) text.AppendLine($"     {name,-38} {value}");
    }
}
