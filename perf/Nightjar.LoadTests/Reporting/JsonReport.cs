using System.Text;
using System.Text.Json;
using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Reporting;

/// <summary>A report for programs. Times are microseconds or seconds, as the names say; memory is bytes or kilobytes (1000).</summary>
internal static class JsonReport
{
    internal static string Write(Report report)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("broker", report.Broker);
            json.WriteString("started", report.Started);
            json.WriteBoolean("thresholdsKept", report.AreThresholdsKept);
            json.WriteStartArray("scenarios");
            foreach (ReportSection section in report.Sections) WriteSection(json, section);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + Environment.NewLine;
    }

    private static void WriteSection(Utf8JsonWriter json, ReportSection section)
    {
        ScenarioResult result = section.Result;
        json.WriteStartObject();
        json.WriteString("name", result.Name);
        json.WriteString("load", result.Load);
        WriteTexts(json, "parameters", result.Parameters);
        json.WriteString("unit", result.Unit);
        WriteNumber(json, "seconds", result.Elapsed.TotalSeconds);
        json.WriteNumber("sent", result.Sent);
        WriteNumber(json, "sentPerSecond", result.SentPerSecond);
        json.WriteNumber("received", result.Received);
        WriteNumber(json, "receivedPerSecond", result.ReceivedPerSecond);
        json.WriteNumber("lost", result.Lost);
        json.WriteNumber("duplicates", result.Duplicates);
        json.WriteNumber("notBegun", result.NotBegun);
        json.WriteNumber("errors", result.ErrorCount);
        WriteList(json, "errorTexts", result.Errors);
        WriteLatency(json, "latencyMicroseconds", result.Latency);
        if (result.Lateness.Count > 0) WriteLatency(json, "generatorLatenessMicroseconds", result.Lateness);
        WriteUsage(json, result);
        WriteTexts(json, "facts", result.Facts);
        WriteList(json, "warnings", Bottleneck.WarningsOf(result));
        WriteVerdicts(json, section.Verdicts);
        WritePoints(json, result.Points);
        json.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter json, ScenarioResult result)
    {
        json.WriteNumber("processors", result.Processors);
        WriteNumber(json, "generatorPercentOfCore", result.GeneratorPercent);
        WriteNumber(json, "generatorMicrosecondsPerUnit", result.GeneratorMicrosecondsPerUnit);
        if (result.BrokerPercent is { } percent) WriteNumber(json, "brokerPercentOfCore", percent);
        if (result.BrokerMicrosecondsPerUnit is { } each) WriteNumber(json, "brokerMicrosecondsPerUnit", each);
        if (result.BrokerResidentBytes is { } bytes) json.WriteNumber("brokerResidentBytes", bytes);
        if (result.BrokerBytesPerConnection is { } memory) WriteNumber(json, "brokerKilobytesPerConnection", memory / 1000);
    }

    private static void WriteLatency(Utf8JsonWriter json, string name, LatencySnapshot latency)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", latency.Count);
        WriteNumber(json, "mean", latency.Mean / 1e3);
        foreach (double percent in Report.Percentiles)
            WriteNumber(json, percent == 100 ? "max" : "p" + Text.OfPercent(percent), latency.Percentile(percent) / 1e3);
        json.WriteEndObject();
    }

    private static void WriteVerdicts(Utf8JsonWriter json, IReadOnlyList<Verdict> verdicts)
    {
        json.WriteStartArray("thresholds");
        foreach (Verdict verdict in verdicts)
        {
            json.WriteStartObject();
            json.WriteString("rule", verdict.Threshold.Text);
            json.WriteString("actual", verdict.Actual);
            json.WriteBoolean("kept", verdict.IsKept);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WritePoints(Utf8JsonWriter json, IReadOnlyList<TimePoint> points)
    {
        json.WriteStartArray("timeSeries");
        foreach (TimePoint point in points)
        {
            json.WriteStartObject();
            WriteNumber(json, "atSeconds", point.Elapsed.TotalSeconds);
            WriteNumber(json, "sentRate", point.SentPerSecond);
            WriteNumber(json, "receivedRate", point.ReceivedPerSecond);
            WriteNumber(json, "p50Microseconds", point.Latency.Percentile(50) / 1e3);
            WriteNumber(json, "p99Microseconds", point.Latency.Percentile(99) / 1e3);
            WriteNumber(json, "maxMicroseconds", point.Latency.Maximum / 1e3);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<KeyValuePair<string, string>> pairs)
    {
        json.WriteStartObject(name);
        foreach ((string key, string value) in pairs) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double value) => json.WriteNumber(name, Math.Round(value, 3));
}
