using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Simulations;

/// <summary>Runs simulations against a target, in real time.</summary>
/// <remarks>
/// An open loop has a thread of its own that looks at the clock at every tick of the schedule, a millisecond, and begins what has become due.
/// A closed loop needs no thread: deliveries begin what follows them.
/// </remarks>
internal sealed class LoadDriver(ILoadTarget target, TimeProvider timeProvider)
{
    private static readonly TimeSpan s_closedLoopLook = TimeSpan.FromMilliseconds(10);

    /// <summary>Units that were due when their simulation ended, and were not begun because too much was under way or the machine was late.</summary>
    internal long NotBegun { get; private set; }

    /// <summary>How long after its moment each unit of an open loop was begun: what this tool itself adds to the latencies.</summary>
    internal LatencyHistogram Lateness { get; } = new();

    /// <summary>Runs the simulations in order; ends early when the target is exhausted or the token is cancelled.</summary>
    internal async Task RunAsync(IEnumerable<LoadSimulation> simulations, CancellationToken cancellationToken)
    {
        foreach (LoadSimulation simulation in simulations)
        {
            if (simulation is ClosedLoop loop) await RunClosedAsync(loop, cancellationToken).ConfigureAwait(false);
            else await OnOwnThread(() => RunOpen(simulation, cancellationToken)).ConfigureAwait(false);
        }
    }

    private static Task OnOwnThread(Action action) =>
        Task.Factory.StartNew(action, default, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void RunOpen(LoadSimulation simulation, CancellationToken cancellationToken)
    {
        long start = MonotonicClock.Now;
        var pacer = new LoadPacer(simulation, timeProvider);
        while (!target.IsExhausted && !cancellationToken.IsCancellationRequested)
        {
            bool over = pacer.IsOver;
            while (pacer.Take(target.Room, out TimeSpan due) is > 0 and var count)
            {
                long moment = start + (due.Ticks * TimeSpan.NanosecondsPerTick);
                Lateness.Record(MonotonicClock.Now - moment, count);
                target.Inject(count, moment);
            }

            if (over) break;
            ShortSleep.For(pacer.UntilNextTick);
        }

        NotBegun += target.IsExhausted ? 0 : pacer.Backlog;
    }

    private async Task RunClosedAsync(ClosedLoop loop, CancellationToken cancellationToken)
    {
        long start = timeProvider.GetTimestamp();
        target.StartClosedLoop(loop.Window);
        try
        {
            TimeSpan left;
            while (!target.IsExhausted && (left = loop.During - timeProvider.GetElapsedTime(start)) > TimeSpan.Zero)
                await Task.Delay(left < s_closedLoopLook ? left : s_closedLoopLook, timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The run is being given up; what is under way is not waited for.
        }
        finally
        {
            target.StopClosedLoop();
        }
    }
}
