using System.Diagnostics;
using System.Globalization;

namespace Nightjar.Microbenchmarks.Security;

/// <summary>
/// The difference between a message under an active access file and one without, on a machine that does other work too: both take turns of a
/// fraction of a millisecond in one process, so that whatever slows one down slows the other down, and the figure is the median over the turns.
/// </summary>
internal static class RulesCost
{
    private const int Turns = 6000;
    private const int WarmUpTurns = 3000;
    private const int BatchesPerTurn = 30;

    /// <summary>Measures and prints a line for each number of topics.</summary>
    internal static void Print(TextWriter output)
    {
        foreach (int topics in (int[])[1, 16])
        {
            using var open = new RulesPath();
            using var ruled = new RulesPath();
            open.Open(topics, withRules: false);
            ruled.Open(topics, withRules: true);
            for (int i = 0; i < WarmUpTurns; i++)
            {
                Turn(open);
                Turn(ruled);
                // The runtime compiles anew what is used often, on a thread of its own.
                if (i % 500 == 0) Thread.Sleep(100);
            }

            double[] without = new double[Turns];
            double[] with = new double[Turns];
            double[] differences = new double[Turns];
            for (int i = 0; i < Turns; i++)
            {
                // Each goes first in every other turn.
                if (i % 2 == 0) without[i] = Turn(open);
                with[i] = Turn(ruled);
                if (i % 2 != 0) without[i] = Turn(open);
                differences[i] = with[i] - without[i];
            }

            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"topics {topics,2}: without rules {Median(without):0.0} ns, with {Median(with):0.0} ns, difference {Median(differences):0.0} ns a message"));
        }
    }

    private static double Turn(RulesPath path)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < BatchesPerTurn; i++) path.Run();
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / (BatchesPerTurn * RulesPath.Batch);
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        return sorted[sorted.Length / 2];
    }
}
