using System.Globalization;

namespace Nightjar.Microbenchmarks.Sharing;

/// <summary>
/// What threads share: every step of a message's way done by 1, 2, 4 and 8 threads at once, each for itself, in nanoseconds of processor time for one
/// of them. What costs the same however many do it is shared by nobody; what grows meets on a cache line or at a lock. Two rows are there to compare
/// with: a counter that each thread has alone, and one that all of them have.
/// </summary>
internal static class SharingCost
{
    private const int Turns = 9;
    private const int WarmUps = 4;
    private const long TurnNanoseconds = 20_000_000;

    private static readonly int[] s_threads = [1, 2, 4, 8];

    /// <summary>Measures and prints a table.</summary>
    /// <param name="output">Takes the table.</param>
    /// <param name="part">Only steps whose name has this in it; empty for all.</param>
    internal static void Print(TextWriter output, string part)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} processors; ns of processor time for each operation, medians of {Turns} turns"));
        output.WriteLine();
        output.WriteLine("| step | 1 thread | 2 | 4 | 8 |");
        output.WriteLine("|---|--:|--:|--:|--:|");
        foreach (SharedStep step in SharedStep.All.Where(step => step.Name.Contains(part, StringComparison.OrdinalIgnoreCase)))
        {
            // For the compiler, which says its last word on a long path in the pauses.
            for (int i = 0; i < WarmUps; i++)
            {
                Measure(step, 1);
                Thread.Sleep(250);
            }

            var figures = new List<string>();
            foreach (int threads in s_threads) figures.Add(Measure(step, threads).ToString("0.0", CultureInfo.InvariantCulture));
            output.WriteLine($"| {step.Name} | {string.Join(" | ", figures)} |");
        }
    }

    private static double Measure(SharedStep step, int threads)
    {
        using SharedStep.Run run = step.Begin(threads);
        var results = new double[threads][];
        // All are under way while any is measured.
        using var ready = new Barrier(threads);
        int left = threads;
        var workers = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            int index = i;
            workers[i] = new Thread(() => results[index] = Work(run.Operations[index], ready, () => Interlocked.Decrement(ref left), () => Volatile.Read(ref left) > 0)) { IsBackground = true };
            workers[i].Start();
        }

        foreach (Thread worker in workers) worker.Join();
        double[] all = [.. results.SelectMany(static turns => turns)];
        Array.Sort(all);
        return all[all.Length / 2];
    }

    private static double[] Work(Action<int> operation, Barrier ready, Action finished, Func<bool> othersWork)
    {
        int count = 64;
        for (long spent = 0; spent < TurnNanoseconds * 5;)
        {
            long start = ThreadTime.Nanoseconds;
            operation(count);
            long took = ThreadTime.Nanoseconds - start;
            spent += took;
            if (took < TurnNanoseconds / 4) count *= 2;
        }

        ready.SignalAndWait();
        var turns = new double[Turns];
        for (int i = 0; i < Turns; i++)
        {
            long start = ThreadTime.Nanoseconds;
            operation(count);
            turns[i] = (double)(ThreadTime.Nanoseconds - start) / count;
        }

        finished();
        while (othersWork()) operation(64);
        return turns;
    }
}
