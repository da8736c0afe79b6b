using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Reporting;

/// <summary>Tells what is going on: one line on a terminal that is written over again and again; elsewhere a line every few seconds.</summary>
/// <param name="output">Standard error, so that a redirected standard output holds the report only.</param>
/// <param name="isTerminal">Whether lines can be written over.</param>
internal sealed class ProgressLine(TextWriter output, bool isTerminal)
{
    private static readonly TimeSpan s_plainInterval = TimeSpan.FromSeconds(5);

    private int _width;
    private string _last = "";
    private TimeSpan _next = s_plainInterval;

    /// <summary>Shows the interval that has just ended.</summary>
    internal void Show(string scenario, string phase, TimePoint point, Totals totals)
    {
        if (!isTerminal && !IsTimeForALine(scenario + phase, point.Elapsed)) return;
        string line = $"{scenario} {phase} {point.Elapsed.TotalSeconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture)} s: "
            + $"sent {Text.OfNumber(totals.Sent)} ({Text.OfRate(point.SentPerSecond)}), "
            + $"done {Text.OfNumber(totals.Received)} ({Text.OfRate(point.ReceivedPerSecond)}), "
            + $"p50 {Text.OfNanoseconds(point.Latency.Percentile(50))}, p99 {Text.OfNanoseconds(point.Latency.Percentile(99))}";
        if (!isTerminal)
        {
            output.WriteLine(line);
            return;
        }

        output.Write('\r' + line.PadRight(_width));
        _width = line.Length;
    }

    /// <summary>Takes the line away.</summary>
    internal void Clear()
    {
        if (_width > 0) output.Write('\r' + new string(' ', _width) + '\r');
        _width = 0;
    }

    // The first line of a phase comes at once, so that a log shows where the run is.
    private bool IsTimeForALine(string phase, TimeSpan elapsed)
    {
        if (phase == _last && elapsed < _next) return false;
        _last = phase;
        _next = elapsed + s_plainInterval;
        return true;
    }
}
