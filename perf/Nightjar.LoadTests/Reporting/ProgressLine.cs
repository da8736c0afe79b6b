using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Reporting;

/// <summary>One line on the terminal that is written over again and again.</summary>
/// <param name="output">Standard error, so that a redirected standard output holds the report only.</param>
internal sealed class ProgressLine(TextWriter output)
{
    private int _width;

    /// <summary>Shows the interval that has just ended.</summary>
    internal void Show(string scenario, string phase, TimePoint point, Totals totals)
    {
        string line = $"{scenario} {phase} {point.Elapsed.TotalSeconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture)} s: "
            + $"sent {Text.OfNumber(totals.Sent)} ({Text.OfRate(point.SentPerSecond)}), "
            + $"done {Text.OfNumber(totals.Received)} ({Text.OfRate(point.ReceivedPerSecond)}), "
            + $"p50 {Text.OfNanoseconds(point.Latency.Percentile(50))}, p99 {Text.OfNanoseconds(point.Latency.Percentile(99))}";
        output.Write('\r' + line.PadRight(_width));
        _width = line.Length;
    }

    /// <summary>Takes the line away.</summary>
    internal void Clear()
    {
        if (_width > 0) output.Write('\r' + new string(' ', _width) + '\r');
        _width = 0;
    }
}
