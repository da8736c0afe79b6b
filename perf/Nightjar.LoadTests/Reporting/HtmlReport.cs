using System.Globalization;
using System.Net;
using System.Text;
using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Reporting;

/// <summary>A report as one HTML file with its plots in it; it loads nothing.</summary>
internal static class HtmlReport
{
    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}
        table{border-collapse:collapse;margin:1rem 0}td,th{border-bottom:1px solid #d8dee6;padding:.2rem 1rem .2rem 0;text-align:left;vertical-align:top}
        th{font-weight:600;color:#56606e}.n{text-align:right;font-variant-numeric:tabular-nums}h2{margin-top:2.5rem;border-top:2px solid #d8dee6;padding-top:1rem}
        .columns{display:flex;flex-wrap:wrap;gap:0 3rem}.warning{background:#fff6e0;border-left:4px solid #d99a00;padding:.4rem .8rem}
        .kept{color:#177245}.missed{color:#b3261e;font-weight:600}svg{width:100%;height:auto;margin:.5rem 0}
        svg text{font-size:12px}svg .x,svg .y{fill:#56606e}svg .t{font-weight:600;fill:#1c2430}svg .y{text-anchor:end;dominant-baseline:middle}
        svg .x{text-anchor:middle}svg .g{stroke:#e3e8ee}svg .l{fill:none;stroke-width:1.8}svg text.k{text-anchor:end}
        """;

    private static readonly double[] s_curve =
        [0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 97, 98, 99, 99.5, 99.75, 99.9, 99.95, 99.975, 99.99, 99.995, 99.999];

    internal static string Write(Report report)
    {
        var html = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Load test</title>\n<style>\n");
        html.Append(Style).AppendLine("\n</style></head><body>").AppendLine("<h1>Load test</h1>");
        string thresholds = Mark(report.AreThresholdsKept);
        html.AppendLine(CultureInfo.InvariantCulture, $"<p>Broker {Encode(report.Broker)}, {report.Started:yyyy-MM-dd HH:mm:ss} UTC. Thresholds: {thresholds}.</p>");
        WriteSummary(html, report);
        foreach (ReportSection section in report.Sections) WriteSection(html, section);
        return html.AppendLine("</body></html>").ToString();
    }

    private static void WriteSummary(StringBuilder html, Report report)
    {
        html.AppendLine("<table><tr><th>scenario</th><th class=\"n\">done a second</th><th class=\"n\">p50</th><th class=\"n\">p99</th>"
            + "<th class=\"n\">max</th><th class=\"n\">lost</th><th>thresholds</th></tr>");
        foreach (ReportSection section in report.Sections)
        {
            ScenarioResult result = section.Result;
            string[] figures =
            [
                Text.OfNumber(Math.Round(result.ReceivedPerSecond)), Text.OfNanoseconds(result.Latency.Percentile(50)),
                Text.OfNanoseconds(result.Latency.Percentile(99)), Text.OfNanoseconds(result.Latency.Maximum), Text.OfNumber(result.Lost),
            ];
            string cells = string.Concat(figures.Select(static figure => $"<td class=\"n\">{Encode(figure)}</td>"));
            string mark = Mark(section.Verdicts.All(static verdict => verdict.IsKept));
            html.AppendLine($"<tr><td><a href=\"#{Encode(result.Name)}\">{Encode(result.Name)}</a></td>{cells}<td>{mark}</td></tr>");
        }

        html.AppendLine("</table>");
    }

    private static void WriteSection(StringBuilder html, ReportSection section)
    {
        ScenarioResult result = section.Result;
        html.AppendLine($"<h2 id=\"{Encode(result.Name)}\">{Encode(result.Name)}</h2><p>{Encode(result.Summary)}</p>");
        foreach (string warning in Bottleneck.WarningsOf(result)) html.AppendLine($"<p class=\"warning\">{Encode(warning)}</p>");
        WriteTable(html, result.Parameters.Concat(section.CounterRows.Where(static row => row.Key != "warning")));
        html.AppendLine("<div class=\"columns\"><div><h3>Thresholds</h3><table><tr><th>threshold</th><th>was</th><th></th></tr>");
        foreach (Verdict verdict in section.Verdicts)
            html.AppendLine($"<tr><td><code>{Encode(verdict.Threshold.Text)}</code></td><td>{Encode(verdict.Actual)}</td><td>{Mark(verdict.IsKept)}</td></tr>");
        html.AppendLine("</table></div>");
        if (result.Latency.Count > 0)
        {
            html.AppendLine($"<div><h3>Latency, {Encode(result.LatencyName)}</h3>");
            WriteTable(html, section.LatencyRows);
            html.AppendLine("</div>");
        }

        html.AppendLine("</div>");
        if (result.Latency.Count == 0) return;
        CurveOf(result.Latency).Write(html);
        if (result.Points.Count < 2) return;
        RatesOf(result).Write(html);
        LatencyOf(result).Write(html);
    }

    /// <summary>Latency over the percentile, with the far end drawn out: equal distances from 90 to 99, from 99 to 99.9 and so on.</summary>
    private static SvgPlot CurveOf(LatencySnapshot latency)
    {
        static double Place(double percent) => -Math.Log10(1 - (percent / 100));
        double resolution = Place(100 - (100.0 / Math.Max(latency.Count, 2)));
        IEnumerable<double> known = s_curve.Where(percent => Place(percent) <= resolution);
        (double, double)[] points = [.. known.Select(percent => (Place(percent), (double)latency.Percentile(percent)))];
        return new SvgPlot(
            "latency by percentile",
            [new("latency", "#1f6feb", points)],
            static place => Text.OfPercent(100 - (100 * Math.Pow(10, -place))),
            Text.OfNanoseconds,
            IsLogarithmic: true)
        {
            XMarks = [Place(0), Place(50), Place(90), Place(99), Place(99.9), Place(99.99), Place(99.999)],
        };
    }

    private static SvgPlot RatesOf(ScenarioResult result) => new(
        $"{result.Unit} a second",
        [
            new("sent", "#8a63d2", [.. result.Points.Select(static point => (point.Elapsed.TotalSeconds, point.SentPerSecond))]),
            new("done", "#177245", [.. result.Points.Select(static point => (point.Elapsed.TotalSeconds, point.ReceivedPerSecond))]),
        ],
        Seconds,
        Text.OfNumber);

    private static SvgPlot LatencyOf(ScenarioResult result)
    {
        PlotSeries Line(string name, string colour, double percent) =>
            new(name, colour, [.. result.Points.Select(point => (point.Elapsed.TotalSeconds, (double)point.Latency.Percentile(percent)))]);
        PlotSeries[] lines = [Line("p50", "#1f6feb", 50), Line("p99", "#bf6a02", 99), Line("max", "#b3261e", 100)];
        return new SvgPlot("latency over time", lines, Seconds, Text.OfNanoseconds, IsLogarithmic: true);
    }

    private static string Seconds(double seconds) => Text.OfNumber(seconds) + " s";

    private static void WriteTable(StringBuilder html, IEnumerable<KeyValuePair<string, string>> rows)
    {
        html.AppendLine("<table>");
        foreach ((string name, string value) in rows) html.AppendLine($"<tr><th>{Encode(name)}</th><td>{Encode(value)}</td></tr>");
        html.AppendLine("</table>");
    }

    private static string Mark(bool isKept) => isKept ? "<span class=\"kept\">kept</span>" : "<span class=\"missed\">missed</span>";

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
