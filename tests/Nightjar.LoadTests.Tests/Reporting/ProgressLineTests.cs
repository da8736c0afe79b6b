using Nightjar.LoadTests.Measuring;
using Nightjar.LoadTests.Reporting;
using Xunit;

namespace Nightjar.LoadTests.Tests.Reporting;

public sealed class ProgressLineTests
{
    [Fact]
    public void Progress_OnATerminal_WritesOverOneLineAndTakesItAway()
    {
        using var output = new StringWriter();
        var line = new ProgressLine(output, isTerminal: true);
        for (int i = 1; i <= 3; i++) Show(line, "measure", i);
        line.Clear();
        string text = output.ToString();
        Assert.DoesNotContain('\n', text);
        Assert.Equal(5, text.Count(static character => character == '\r'));
        Assert.EndsWith(" \r", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_Elsewhere_WritesALineForEachPhaseAndThenEveryFiveSeconds()
    {
        using var output = new StringWriter();
        var line = new ProgressLine(output, isTerminal: false);
        for (int i = 1; i <= 2; i++) Show(line, "warm-up", i);
        for (int i = 1; i <= 12; i++) Show(line, "measure", i);
        line.Clear();
        string[] lines = output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["pair warm-up 1.0", "pair measure 1.0", "pair measure 6.0", "pair measure 11.0"], lines.Select(text => text[..text.IndexOf(" s:", StringComparison.Ordinal)]));
        Assert.DoesNotContain('\r', string.Concat(lines));
    }

    private static void Show(ProgressLine line, string phase, int second) =>
        line.Show("pair", phase, new TimePoint(TimeSpan.FromSeconds(second), 500, 499, LatencySnapshot.Empty), new Totals(1000, 998));
}
