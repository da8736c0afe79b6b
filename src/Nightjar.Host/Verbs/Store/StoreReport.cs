using System.Globalization;
using System.Text.Json;
using Nightjar.Storage.Inspection;

namespace Nightjar.Host.Verbs.Store;

/// <summary>What <c>nightjar store</c> prints, but for the dump.</summary>
internal static class StoreReport
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    internal static void WriteCounts(TextWriter output, StoreCounts counts)
    {
        Line(output, "sessions", counts.Sessions, "");
        Line(output, "subscriptions", counts.Subscriptions, counts.SharedSubscriptions == 0 ? "" : Text($", {counts.SharedSubscriptions} of them shared"));
        Line(output, "messages waiting", counts.Messages, Text($", {counts.MessageBytes} bytes"));
        Line(output, "deliveries", counts.Deliveries, Text($": {counts.Queued} queued, {counts.Sent} sent, {counts.Received} received"));
        Line(output, "packet ids waiting for PUBREL", counts.ReceivedIds, "");
        Line(output, "retained messages", counts.Retained, Text($", {counts.RetainedBytes} bytes"));
        Line(output, "wills", counts.Wills, "");
    }

    internal static void WriteStats(TextWriter output, string file, string format, StoreSummary summary)
    {
        output.WriteLine(Text($"{file}: {format}, {new FileInfo(file).Length} bytes"));
        WriteCounts(output, summary.Counts);
        if (summary.Longest.Count == 0) return;
        output.WriteLine("longest queues:");
        foreach (var backlog in summary.Longest) output.WriteLine(Text($"  {backlog.Deliveries} for {backlog.ClientId}"));
    }

    internal static void WriteStatsAsJson(TextWriter output, string file, string format, StoreSummary summary) =>
        output.WriteLine(JsonSerializer.Serialize(new { File = file, Format = format, Size = new FileInfo(file).Length, summary.Counts, summary.Longest }, Json));

    internal static void WriteImport(TextWriter output, string target, ImportResult result)
    {
        output.WriteLine($"Imported from {result.Format} into {target}:");
        WriteCounts(output, result.Imported);
        foreach (var remark in result.Remarks) output.WriteLine($"Odd: {remark}");
        var left = result.LeftOut;
        if (left.IsNothing) return;
        output.WriteLine("Not imported, because it has expired:");
        if (left.Sessions > 0)
        {
            var names = string.Join(", ", left.SessionNames) + (left.Sessions > left.SessionNames.Count ? ", ..." : "");
            output.WriteLine(Text($"  {left.Sessions} sessions ({names}) with {left.DeliveriesOfSessions} deliveries"));
        }

        if (left.Deliveries > 0) output.WriteLine(Text($"  {left.Deliveries} deliveries of messages"));
        if (left.Retained > 0) output.WriteLine(Text($"  {left.Retained} retained messages"));
    }

    private static void Line(TextWriter output, string name, long count, string rest) => output.WriteLine(Text($"  {count} {name}{rest}"));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
