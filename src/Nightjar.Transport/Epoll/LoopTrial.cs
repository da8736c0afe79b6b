namespace Nightjar.Transport.Epoll;

// What. Where the clients run on the same machine, or anything else takes the processors, one more loop gets no processor of its own: it takes turns
// with the other loops and with who feeds them, for milliseconds each, and what they all share goes from cache to cache. Then fewer loops do as
// much or more, and sooner. Whether that is so cannot be told from how busy they are; so it is tried when loops wait for processors.

/// <summary>Whether loops that wait for processors do as much when they are fewer. Under the gate of <see cref="ActiveLoops"/>.</summary>
/// <param name="maximum">Loops that there are.</param>
internal sealed class LoopTrial(int maximum)
{
    // What is seen first belongs to the number before: connections move at their next event. In milliseconds, like all times here.
    private const long Settling = 2 * ActiveLoops.Window;
    private const long Measuring = 4 * ActiveLoops.Window;

    // The share of the time that each loop must have waited for a processor on average.
    private const double Crowded = 0.08;

    // Fewer loops pass with so much of what more have received: they cost less for each message.
    private const double LeastRate = 0.95;

    private const long ShortPatience = 1000;
    private const long LongPatience = 60_000;

    private readonly double[] _delays = new double[maximum];
    private readonly double[] _rates = new double[maximum];
    private readonly int[] _windows = new int[maximum];
    private long _since;
    private double _rateBefore;
    private long _patience = ShortPatience;
    private long _nextTrial;

    /// <summary>Whether fewer loops are at work for the trial now.</summary>
    internal bool IsUnderWay { get; private set; }

    /// <summary>The number of loops has changed: watches anew.</summary>
    /// <param name="now">Milliseconds.</param>
    internal void Restart(long now)
    {
        IsUnderWay = false;
        Measure(now + Settling);
    }

    /// <summary>A loop tells of its last window.</summary>
    /// <param name="loop">Which.</param>
    /// <param name="now">Milliseconds.</param>
    /// <param name="window">Of it what the loop waited for a processor, and what it received.</param>
    /// <param name="count">Loops that serve connections.</param>
    /// <returns>What is to be done.</returns>
    internal LoopTrialOutcome Report(int loop, long now, in LoopWindow window, int count)
    {
        if (now <= _since)
            return LoopTrialOutcome.None;
        _delays[loop] += window.Delayed;
        _rates[loop] += window.Rate;
        _windows[loop]++;
        if (now - _since < Measuring)
            return LoopTrialOutcome.None;
        double all = SumOfMeans(_rates);
        if (IsUnderWay)
            return Judge(now, all);
        bool isCrowded = SumOfMeans(_delays) >= Crowded * count;
        if (!isCrowded || count == 1 || now < _nextTrial)
        {
            Measure(now);
            return LoopTrialOutcome.None;
        }
        _rateBefore = all;
        IsUnderWay = true;
        Measure(now + Settling);
        return LoopTrialOutcome.Begin;
    }

    private LoopTrialOutcome Judge(long now, double rate)
    {
        Restart(now);
        if (rate >= LeastRate * _rateBefore)
        {
            _patience = ShortPatience;
            return LoopTrialOutcome.Passed;
        }
        _nextTrial = now + _patience;
        _patience = Math.Min(_patience * 4, LongPatience);
        return LoopTrialOutcome.Failed;
    }

    private void Measure(long since)
    {
        _since = since;
        Array.Clear(_delays);
        Array.Clear(_rates);
        Array.Clear(_windows);
    }

    // A loop that has not reported has received nothing.
    private double SumOfMeans(double[] sums)
    {
        double all = 0;
        for (int i = 0; i < sums.Length; i++)
        {
            if (_windows[i] > 0)
                all += sums[i] / _windows[i];
        }
        return all;
    }
}
