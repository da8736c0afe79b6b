namespace Nightjar.Transport.Epoll;

// Why not all loops always. A thread that is woken for each message pays more for the wake-up than for the message, and two threads that
// share what one could do are woken twice as often, for half as much. Between them they also hand the receivers' gates and cache lines to
// and fro. So one loop serves everybody until it is nearly full, then two, and so on.

/// <summary>How many of the loops serve connections, decided by how busy they are.</summary>
/// <remarks>Grows when a loop is full, at once; shrinks when half as many would have had enough time for long enough. A shrinking that proves
/// wrong makes the next one wait longer.</remarks>
internal sealed class ActiveLoops
{
    /// <summary>Length of the windows in which loops measure themselves, in milliseconds.</summary>
    internal const int Window = 50;

    // Shares of the time in which a loop did not wait.
    private const double Full = 0.9;
    private const double Calm = 0.75;

    private const long ShortPatience = 500;
    private const long LongPatience = 60_000;
    private const long Never = -1;

    private readonly Lock _gate = new();
    private readonly double[] _shares;
    private readonly long[] _reported;
    private long _patience = ShortPatience;
    private long _calmSince = Never;
    private long _shrunk = Never;
    private int _count = 1;

    /// <summary>Begins with one loop.</summary>
    /// <param name="maximum">Loops that there are.</param>
    internal ActiveLoops(int maximum)
    {
        _shares = new double[maximum];
        _reported = new long[maximum];
    }

    /// <summary>Loops that serve connections, the first ones.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>A loop tells of its last window.</summary>
    /// <param name="loop">Which.</param>
    /// <param name="now">Milliseconds.</param>
    /// <param name="busy">The share of the window in which it did not wait, 0 to 1.</param>
    internal void Report(int loop, long now, double busy)
    {
        lock (_gate)
        {
            _shares[loop] = busy;
            _reported[loop] = now;
            if (loop >= _count)
                return;
            if (busy >= Full && _count < _shares.Length)
                Grow(now);
            else if (_count > 1)
                ConsiderLess(now);
        }
    }

    private void Grow(long now)
    {
        if (_shrunk != Never)
            _patience = now - _shrunk < _patience * 2 ? Math.Min(_patience * 2, LongPatience) : ShortPatience;
        _calmSince = Never;
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
