using Nightjar.Transport.Epoll;
using Xunit;

namespace Nightjar.Transport.Tests.Epoll;

public sealed class ActiveLoopsTests
{
    private long _now = 1000;

    [Fact]
    public void OneLoopServesUntilItIsFull()
    {
        var loops = new ActiveLoops(4);
        Assert.Equal(1, loops.Count);
        loops.Report(0, _now, 0.89);
        Assert.Equal(1, loops.Count);
        loops.Report(0, _now, 0.9);
        Assert.Equal(2, loops.Count);
    }

    [Fact]
    public void GrowsByTwiceAsManyAndNoFurtherThanThereAre()
    {
        var loops = new ActiveLoops(3);
        loops.Report(0, _now, 1);
        loops.Report(1, _now, 1);
        Assert.Equal(3, loops.Count);
        loops.Report(2, _now, 1);
        Assert.Equal(3, loops.Count);
    }

    [Fact]
    public void ALoopThatIsBeingLeftHasNoSay()
    {
        var loops = new ActiveLoops(4);
        loops.Report(3, _now, 1);
        Assert.Equal(1, loops.Count);
    }

    [Fact]
    public void ShrinksWhenHalfAsManyWouldHaveTimeForLongEnough()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, 1);
        Assert.Equal(500, UntilOne(loops, 0.35));
    }

    [Fact]
    public void StaysWhileHalfAsManyWouldBeNearlyFull()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, 1);
        Assert.Equal(-1, UntilOne(loops, 0.4));
    }

    [Fact]
    public void OneBusyMomentBeginsTheWaitAnew()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, 1);
        for (int i = 0; i < 5; i++)
            Windows(loops, 0.3);
        Windows(loops, 0.8);
        Assert.Equal(500, UntilOne(loops, 0.3));
    }

    [Fact]
    public void ALoopThatDoesNotReportWaits()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, 1);
        loops.Report(1, _now, 0.8);
        for (int i = 0; i < 20 && loops.Count > 1; i++)
            loops.Report(0, _now += ActiveLoops.Window, 0.1);
        Assert.Equal(1, loops.Count);
    }

    [Fact]
    public void AShrinkingThatProvesWrongMakesTheNextOneWaitLonger()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, 1);
        Assert.Equal(500, UntilOne(loops, 0.3));
        loops.Report(0, _now += ActiveLoops.Window, 1);
        Assert.Equal(1000, UntilOne(loops, 0.3));
        loops.Report(0, _now += ActiveLoops.Window, 1);
        Assert.Equal(2000, UntilOne(loops, 0.3));
        // It was right for long.
        loops.Report(0, _now += 60_000, 1);
        Assert.Equal(500, UntilOne(loops, 0.3));
    }

    // Milliseconds until one loop is left; -1 when both stay.
    private long UntilOne(ActiveLoops loops, double share)
    {
        Windows(loops, share);
        long start = _now;
        while (loops.Count > 1)
        {
            if (_now - start > 100_000)
                return -1;
            Windows(loops, share);
        }
        return _now - start;
    }

    private void Windows(ActiveLoops loops, double share)
    {
        _now += ActiveLoops.Window;
        loops.Report(1, _now, share);
        loops.Report(0, _now, share);
    }
}
