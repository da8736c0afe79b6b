namespace Nightjar.Transport.Epoll;

// What. Under some ten thousand small messages a second a loop is woken for one or two at a time, and being woken costs more than they do. Network
// drivers then moderate their interrupts, and this is the same: after a turn the loop stands back for a moment, and finds more at once. Who
// answers each other, one message under way, would get nothing from that but slower; so a pause is on trial first: it stays when the thread then takes
// less of its processor for a byte and no fewer bytes come in all, and after two seconds it is on trial again. Finding more at once is not enough: with 500
// pairs at QoS 1 a turn brings three times as much with a pause, and all together costs a twentieth more, because the sleeps cost what is saved. A trial
// that fails makes the next one wait longer.
//
// A loop with few events does not pause, and neither does one whose turns or receives bring much at once anyway.

/// <summary>Whether a loop pauses between two turns. Of the loop's thread.</summary>
internal sealed class LoopPace
{
    /// <summary>Length of the windows in which events are counted, in microseconds.</summary>
    internal const long Window = 20_000;

    // Events in a window below which wake-ups are no matter.
    private const int FewEvents = 60;

    // What a turn, and an event, may bring without a pause: beyond that there is nothing to win.
    private const int ManyEvents = 16;
    private const int ManyBytes = 512;

    // Windows that are compared, without a pause and with one.
    private const int WindowsOnTrial = 3;

    // A trial is passed with that much of the bytes, and that much of the processor for each of them.
    private const double LeastRate = 0.95;
    private const double MostCost = 0.9;

    // Windows with a pause before it is on trial again.
    private const int WindowsInForce = 100;

    private const long ShortPatience = 1_000_000;
    private const long LongPatience = 60_000_000;

    private Step _step;
    private double _rateBefore;
    private double _costBefore;
    private double _rateSum;
    private double _gainSum;
    private long _bytes;
    private long _used;
    private int _windows;
    private long _patience = ShortPatience;
    private long _nextTrial;

    private double Cost => (double)_used / Math.Max(_bytes, 1);

    /// <summary>Whether to pause after a turn.</summary>
    internal bool Pauses => _step != Step.None;

    /// <summary>A window has ended.</summary>
    /// <param name="now">Microseconds.</param>
    /// <param name="length">Its length in microseconds.</param>
    /// <param name="turns">Turns; those that only had posted work to do among them.</param>
    /// <param name="events">Events of all of them.</param>
    /// <param name="bytes">Bytes that were received.</param>
    /// <param name="used">Nanoseconds of a processor that the thread had.</param>
    internal void EndWindow(long now, long length, int turns, int events, long bytes, long used)
    {
        bool isWorthwhile = (events * Window) >= (FewEvents * length) && bytes < (long)ManyBytes * events && length < 2 * Window;
        if (!isWorthwhile)
        {
            Enter(Step.None);
            return;
        }
        _windows++;
        _rateSum += (double)bytes / length;
        _gainSum += (double)events / Math.Max(turns, 1);
        _bytes += bytes;
        _used += used;
        if (_step == Step.InForce)
        {
            if (_windows == WindowsInForce)
                Enter(Step.None);
        }
        else if (_windows == WindowsOnTrial)
        {
            if (_step == Step.Trial)
                Judge(now);
            else
                Enter(now >= _nextTrial && _gainSum < ManyEvents * WindowsOnTrial ? Step.Trial : Step.None);
        }
    }

    private void Judge(long now)
    {
        if (_rateSum >= LeastRate * _rateBefore && Cost <= MostCost * _costBefore)
        {
            _patience = ShortPatience;
            Enter(Step.InForce);
            return;
        }
        _nextTrial = now + _patience;
        _patience = Math.Min(_patience * 2, LongPatience);
        Enter(Step.None);
    }

    private void Enter(Step step)
    {
        _step = step;
        _rateBefore = _rateSum;
        _costBefore = Cost;
        _rateSum = _gainSum = 0;
        _bytes = _used = 0;
        _windows = 0;
    }

    private enum Step : byte
    {
        None,
        Trial,
        InForce,
    }
}
