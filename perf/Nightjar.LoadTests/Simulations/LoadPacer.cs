namespace Nightjar.LoadTests.Simulations;

/// <summary>Tells, by the clock, how many units of one open-loop simulation have become due since it was last asked, and when they were due.</summary>
/// <remarks>
/// The schedule is in ticks of a millisecond: what becomes due within one is due at its end, together. Whoever is late takes tick after tick,
/// each with its own moment, so that the lateness is in the latency of what waited and nothing is left out of the percentiles.
/// </remarks>
internal sealed class LoadPacer
{
    /// <summary>The step of the schedule.</summary>
    internal static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly LoadSimulation _simulation;
    private readonly TimeProvider _timeProvider;
    private readonly long _start;
    private long _tick;
    private long _taken;

    /// <summary>Begins the simulation now.</summary>
    internal LoadPacer(LoadSimulation simulation, TimeProvider timeProvider)
    {
        _simulation = simulation;
        _timeProvider = timeProvider;
        _start = timeProvider.GetTimestamp();
    }

    /// <summary>The simulation's time is over.</summary>
    internal bool IsOver => _timeProvider.GetElapsedTime(_start) >= _simulation.During;

    /// <summary>Time until the next tick; never negative.</summary>
    internal TimeSpan UntilNextTick => TimeSpan.FromTicks(Tick.Ticks - (_timeProvider.GetElapsedTime(_start).Ticks % Tick.Ticks));

    /// <summary>Takes what is due at the earliest tick that has anything left.</summary>
    /// <param name="most">Most units to take now; the rest stays due.</param>
    /// <param name="due">When they were due, from the start.</param>
    /// <returns>0 when nothing is due. Over the whole simulation exactly what <see cref="LoadSimulation.DueBy"/> says for its end, if all is taken.</returns>
    internal int Take(int most, out TimeSpan due)
    {
        TimeSpan elapsed = Elapsed;
        while (true)
        {
            due = TimeSpan.FromTicks(Math.Min(_tick * Tick.Ticks, _simulation.During.Ticks));
            if (due > elapsed) return 0;
            int units = (int)Math.Min(_simulation.DueBy(due) - _taken, most);
            if (units > 0)
            {
                _taken += units;
                return units;
            }

            if (most <= 0 || due >= _simulation.During) return 0;
            _tick++;
        }
    }

    /// <summary>Units that are due and were not taken.</summary>
    internal long Backlog => _simulation.DueBy(Elapsed) - _taken;

    private TimeSpan Elapsed
    {
        get
        {
            TimeSpan elapsed = _timeProvider.GetElapsedTime(_start);
            return elapsed < _simulation.During ? elapsed : _simulation.During;
        }
    }
}
