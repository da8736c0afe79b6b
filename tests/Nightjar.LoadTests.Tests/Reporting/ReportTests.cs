using System.Text.Json;
using System.Xml.Linq;
using Nightjar.LoadTests.Measuring;
using Nightjar.LoadTests.Reporting;
using Xunit;
using LoadOptions = Nightjar.LoadTests.CommandLine.LoadOptions;

namespace Nightjar.LoadTests.Tests.Reporting;

public sealed class ReportTests
{
    private static readonly string[] s_figures =
    [
        "127.0.0.1:1883", "constant rate 500/s for 2 s", "1 000 (500/s)", "998 (499/s)", "500 µs", "1 ms", "8 MiB", "still there", "p99.9",
        "publish to receive", "MQTT 5.0",
    ];

    [Fact]
    public void Console_OfAResult_HasFiguresAndVerdicts()
    {
        string text = ConsoleReport.Write(Make());
        AssertHas(text, s_figures.Skip(1));
        AssertHas(text, ["MISSED  lost=0  (lost is 2)", "kept    duplicates=0", "3 × a|b"]);
    }

    [Fact]
    public void Markdown_OfAResult_HasFiguresInTablesThatHoldTogether()
    {
        string text = MarkdownReport.Write(Make());
        AssertHas(text, s_figures);
        AssertHas(text, ["| `lost=0` | **missed**: 2 |", "one &lt;to> one.", "3 × a\\|b", "| 1 s | 500/s | 499/s |"]);
    }

    [Fact]
    public void Json_OfAResult_HasEveryFigure()
    {
        using JsonDocument document = JsonDocument.Parse(JsonReport.Write(Make()));
        Assert.False(document.RootElement.GetProperty("thresholdsKept").GetBoolean());
        JsonElement pair = document.RootElement.GetProperty("scenarios")[0];
        Assert.Equal((998, 499.0, 2, 3), (pair.GetProperty("received").GetInt32(), pair.GetProperty("receivedPerSecond").GetDouble(),
            pair.GetProperty("lost").GetInt32(), pair.GetProperty("errors").GetInt32()));
        JsonElement latency = pair.GetProperty("latencyMicroseconds");
        foreach ((string name, double least) in (IEnumerable<(string, double)>)[("p50", 500), ("p75", 750), ("p95", 950), ("p99", 990), ("p99.9", 999), ("max", 1000)])
            Assert.InRange(latency.GetProperty(name).GetDouble(), least, least * 1.016);
        Assert.Equal(1000.0, pair.GetProperty("brokerMicrosecondsPerUnit").GetDouble());
        Assert.Equal(500.0, pair.GetProperty("generatorMicrosecondsPerUnit").GetDouble());
        Assert.Equal(2, pair.GetProperty("timeSeries").GetArrayLength());
        Assert.Equal("lost=0", pair.GetProperty("thresholds")[0].GetProperty("rule").GetString());
    }

    [Fact]
    public void Html_OfAResult_IsWellFormedLoadsNothingAndHasThreePlots()
    {
        string text = HtmlReport.Write(Make());
        AssertHas(text, s_figures);
        Assert.DoesNotContain("http", text, StringComparison.OrdinalIgnoreCase);
        foreach (string notXml in (string[])["<!doctype html>", "<meta charset=\"utf-8\">"]) text = text.Replace(notXml, "", StringComparison.Ordinal);
        XDocument document = XDocument.Parse(text);
        IEnumerable<string> titles = document.Descendants("svg").Select(svg => svg.Element("title")!.Value);
        Assert.Equal(["latency by percentile", "messages a second", "latency over time"], titles);
        Assert.Equal(6, document.Descendants("polyline").Count());
        Assert.DoesNotContain("NaN", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Reports_OfAnEmptyResult_AreMadeAllTheSame()
    {
        ScenarioResult empty = new() { Name = "idle", Summary = "", Load = "", LatencyName = "", Parameters = [] };
        var report = new Report(new LoadOptions(), DateTimeOffset.UnixEpoch, [empty]);
        Assert.True(report.AreThresholdsKept);
        foreach (string text in (string[])[ConsoleReport.Write(report), MarkdownReport.Write(report), HtmlReport.Write(report), JsonReport.Write(report)])
            Assert.DoesNotContain("NaN", text, StringComparison.Ordinal);
    }

    private static Report Make() => new(new LoadOptions(), DateTimeOffset.UnixEpoch, [ReportSamples.Make()]);

    private static void AssertHas(string text, IEnumerable<string> parts)
    {
        foreach (string part in parts) Assert.Contains(part, text.Replace("&#181;", "µ", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
