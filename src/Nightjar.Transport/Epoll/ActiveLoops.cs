namespace Nightjar.Transport.Epoll;

// Why not all loops always. A thread that is woken for each message pays more for the wake-up than for the message, and two threads that
// share what one could do are woken twice as often, for half as much. Between them they also hand the receivers' gates and cache lines to
// and fro. So one loop serves everybody until it is nearly full, then two, and so on.

/// <summary>How many of the loops serve connections, decided by how busy they are.</summary>
/// <remarks>Grows when a loop is full and processors are idle, at once, or full for long; not soon after fewer have done as much (<see cref="LoopTrial"/>). Shrinks when
/// half as many would have had enough time for long enough. A shrinking that proves wrong makes the next one wait longer.</remarks>
internal sealed class ActiveLoops
{
    /// <summary>Length of the windows in which loops measure themselves, in milliseconds.</summary>
    internal const int Window = 50;

    /// <summary>A loop that is so busy may be full soon.</summary>
    internal const double Half = 0.5;

    // Shares of the time in which a loop did not wait.
    private const double Full = 0.9;
    private const double Calm = 0.75;

    private const long ShortPatience = 500;
    private const long LongPatience = 60_000;
    private const long Never = -1;

    // How long growing waits after fewer loops have done as much, until it is tried again; without a full loop for so long, that is forgotten.
    private const long ShortRestraint = 1000;
    private const long LongRestraint = 30_000;
    private const long Forgotten = 5000;

    // Processors that must have been idle for one more loop to be likely to get one; otherwise it is tried after the long while only.
    private const double LeastIdle = 0.15;

    private readonly Lock _gate = new();
    private readonly LoopTrial _trial;
    private readonly double[] _shares;
    private readonly long[] _reported;
    private long _patience = ShortPatience;
    private long _calmSince = Never;
    private long _shrunk = Never;
    private int _count = 1;
    private int _countBefore;
    private long _restraint = ShortRestraint;
    private long _nextGrowth;
    private long _nextUnlikely = Never;
    private long _lastFull;

    /// <summary>Begins with one loop.</summary>
    /// <param name="maximum">Loops that there are.</param>
    internal ActiveLoops(int maximum)
    {
        _shares = new double[maximum];
        _reported = new long[maximum];
        _trial = new LoopTrial(maximum);
    }

    /// <summary>Loops that serve connections, the first ones.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>A loop tells of its last window.</summary>
    /// <param name="loop">Which.</param>
    /// <param name="now">Milliseconds.</param>
    /// <param name="window">What it tells.</param>
    internal void Report(int loop, long now, in LoopWindow window)
    {
        lock (_gate)
        {
            _shares[loop] = window.Busy;
            _reported[loop] = now;
            Follow(_trial.Report(loop, now, window, _count), now);
            if (loop >= _count || _trial.IsUnderWay)
                return;
            if (window.Busy >= Full && _count < _shares.Length)
                ConsiderMore(now, window.Idle);
            else if (_count > 1)
                ConsiderLess(now);
        }
    }

    private void Follow(LoopTrialOutcome outcome, long now)
    {
        if (outcome == LoopTrialOutcome.Begin)
        {
            _countBefore = _count;
            _calmSince = Never;
            Volatile.Write(ref _count, (_count + 1) / 2);
        }
        else if (outcome == LoopTrialOutcome.Passed)
        {
            _lastFull = now;
            _nextGrowth = now + _restraint;
            _restraint = Math.Min(_restraint * 4, LongRestraint);
        }
        else if (outcome == LoopTrialOutcome.Failed)
        {
            _restraint = ShortRestraint;
            Volatile.Write(ref _count, _countBefore);
        }
    }

    private void ConsiderMore(long now, double idle)
    {
        if (now - _lastFull > Forgotten)
        {
            _restraint = ShortRestraint;
            _nextGrowth = 0;
            _nextUnlikely = Never;
        }
        _lastFull = now;
        if (_nextUnlikely == Never)
            _nextUnlikely = now + LongRestraint;
        if (now >= _nextGrowth && (idle >= LeastIdle || now >= _nextUnlikely))
            Grow(now);
    }

    private void Grow(long now)
    {
        if (_shrunk != Never)
            _patience = now - _shrunk < _patience * 2 ? Math.Min(_patience * 2, LongPatience) : ShortPatience;
        _calmSince = Never;
        _nextUnlikely = Never;
        _trial.Restart(now);
        Volatile.Write(ref _count, Math.Min(_count * 2, _shares.Length));
    }

    private void ConsiderLess(long now)
    {
        int fewer = (_count + 1) / 2;
        if (BusySum(now) > Calm * fewer)
        {
            _calmSince = Never;
            return;
        }
        if (_calmSince == Never)
            _calmSince = now;
        if (now - _calmSince < _patience)
            return;
        _calmSince = Never;
        _shrunk = now;
        _trial.Restart(now);
        Volatile.Write(ref _count, fewer);
    }

    // A loop that has not reported for some windows waits.
    private double BusySum(long now)
    {
        double sum = 0;
        for (int i = 0; i < _shares.Length; i++)
        {
            if (now - _reported[i] < 4 * Window)
                sum += _shares[i];
        }
        return sum;
    }
}
