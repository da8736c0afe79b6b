namespace Nightjar.LoadTests.Simulations;

/// <summary>Tells, by the clock, how many units of one open-loop simulation have become due since it was last asked.</summary>
internal sealed class LoadPacer
{
    private readonly LoadSimulation _simulation;
    private readonly TimeProvider _timeProvider;
    private readonly long _start;
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

    /// <summary>Takes what is due.</summary>
    /// <param name="most">Most units to take now; the rest stays due.</param>
    /// <returns>Over the whole simulation exactly what <see cref="LoadSimulation.DueBy"/> says for its end, if all is taken.</returns>
    internal int Take(int most)
    {
        long due = Math.Min(Backlog, most);
        _taken += due;
        return (int)due;
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
