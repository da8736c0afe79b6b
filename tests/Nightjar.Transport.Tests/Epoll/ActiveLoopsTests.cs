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
        loops.Report(0, _now, new LoopWindow(0.89));
        Assert.Equal(1, loops.Count);
        loops.Report(0, _now, new LoopWindow(0.9));
        Assert.Equal(2, loops.Count);
    }

    [Fact]
    public void GrowsByTwiceAsManyAndNoFurtherThanThereAre()
    {
        var loops = new ActiveLoops(3);
        loops.Report(0, _now, new LoopWindow(1));
        loops.Report(1, _now, new LoopWindow(1));
        Assert.Equal(3, loops.Count);
        loops.Report(2, _now, new LoopWindow(1));
        Assert.Equal(3, loops.Count);
    }

    [Fact]
    public void ALoopThatIsBeingLeftHasNoSay()
    {
        var loops = new ActiveLoops(4);
        loops.Report(3, _now, new LoopWindow(1));
        Assert.Equal(1, loops.Count);
    }

    [Fact]
    public void ShrinksWhenHalfAsManyWouldHaveTimeForLongEnough()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, new LoopWindow(1));
        Assert.Equal(500, UntilOne(loops, 0.35));
    }

    [Fact]
    public void StaysWhileHalfAsManyWouldBeNearlyFull()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, new LoopWindow(1));
        Assert.Equal(-1, UntilOne(loops, 0.4));
    }

    [Fact]
    public void OneBusyMomentBeginsTheWaitAnew()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, new LoopWindow(1));
        for (int i = 0; i < 5; i++)
            Windows(loops, 0.3);
        Windows(loops, 0.8);
        Assert.Equal(500, UntilOne(loops, 0.3));
    }

    [Fact]
    public void ALoopThatDoesNotReportWaits()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, new LoopWindow(1));
        loops.Report(1, _now, new LoopWindow(0.8));
        for (int i = 0; i < 20 && loops.Count > 1; i++)
            loops.Report(0, _now += ActiveLoops.Window, new LoopWindow(0.1));
        Assert.Equal(1, loops.Count);
    }

    [Fact]
    public void AShrinkingThatProvesWrongMakesTheNextOneWaitLonger()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, new LoopWindow(1));
        Assert.Equal(500, UntilOne(loops, 0.3));
        loops.Report(0, _now += ActiveLoops.Window, new LoopWindow(1));
        Assert.Equal(1000, UntilOne(loops, 0.3));
        loops.Report(0, _now += ActiveLoops.Window, new LoopWindow(1));
        Assert.Equal(2000, UntilOne(loops, 0.3));
        // It was right for long.
        loops.Report(0, _now += 60_000, new LoopWindow(1));
        Assert.Equal(500, UntilOne(loops, 0.3));
    }

    [Fact]
    public void LoopsThatWaitForProcessorsBecomeFewerWhenTheseReceiveAsMuch()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, new LoopWindow(1));
        Crowd(loops, rateOfTwo: 100, rateOfOne: 95, windows: 12);
        Assert.Equal(1, loops.Count);
    }

    [Fact]
    public void LoopsThatWaitForProcessorsStayWhenFewerReceiveLess()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, new LoopWindow(1));
        Crowd(loops, rateOfTwo: 100, rateOfOne: 94, windows: 7);
        Assert.Equal(1, loops.Count);
        Crowd(loops, rateOfTwo: 100, rateOfOne: 94, windows: 7);
        Assert.Equal(2, loops.Count);
        // Not tried again for a second, then for four.
        Assert.InRange(UntilTrial(loops, 100, 94), 1000, 1300);
        Crowd(loops, rateOfTwo: 100, rateOfOne: 94, windows: 7);
        Assert.Equal(2, loops.Count);
        Assert.InRange(UntilTrial(loops, 100, 94), 4000, 4300);
    }

    [Fact]
    public void LoopsThatGetTheirProcessorsAreNotTried()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, new LoopWindow(1));
        for (int i = 0; i < 400; i++)
        {
            _now += ActiveLoops.Window;
            loops.Report(0, _now, new LoopWindow(0.9, 0.07, 50));
            loops.Report(1, _now, new LoopWindow(0.9, 0.07, 50));
            Assert.Equal(2, loops.Count);
        }
    }

    [Fact]
    public void AfterFewerDidAsMuchGrowingWaitsEachTimeLonger()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, new LoopWindow(1));
        foreach (long wait in (long[])[1000, 4000, 16_000, 30_000, 30_000])
        {
            UntilTrial(loops, 100, 100);
            Crowd(loops, 100, 100, windows: 6);
            long passed = _now;
            while (loops.Count == 1)
                Crowd(loops, 100, 100, windows: 1);
            Assert.InRange(_now - passed, wait - 100, wait + 100);
        }
    }

    [Fact]
    public void ALongTimeWithoutAFullLoopEndsTheRestraint()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, new LoopWindow(1));
        Crowd(loops, 100, 100, windows: 14);
        Assert.Equal(1, loops.Count);
        loops.Report(0, _now += ActiveLoops.Window, new LoopWindow(1));
        Assert.Equal(1, loops.Count);
        loops.Report(0, _now += 5001, new LoopWindow(1));
        Assert.Equal(2, loops.Count);
    }

    [Fact]
    public void WithoutIdleProcessorsGrowingWaitsLong()
    {
        var loops = new ActiveLoops(2);
        long start = _now;
        while (loops.Count == 1)
            loops.Report(0, _now += ActiveLoops.Window, new LoopWindow(1, Idle: 0.1));
        Assert.Equal(30_000 + ActiveLoops.Window, _now - start);
    }

    [Fact]
    public void AnIdleProcessorEndsTheLongWait()
    {
        var loops = new ActiveLoops(2);
        loops.Report(0, _now, new LoopWindow(1, Idle: 0));
        loops.Report(0, _now += ActiveLoops.Window, new LoopWindow(1, Idle: 0.2));
        Assert.Equal(2, loops.Count);
    }

    // Milliseconds until fewer loops are tried.
    private long UntilTrial(ActiveLoops loops, double rateOfTwo, double rateOfOne)
    {
        long start = _now;
        while (loops.Count == 2)
            Crowd(loops, rateOfTwo, rateOfOne, windows: 1);
        return _now - start;
    }

    // Full loops that wait for processors when there are two of them.
    private void Crowd(ActiveLoops loops, double rateOfTwo, double rateOfOne, int windows)
    {
        for (int i = 0; i < windows; i++)
        {
            _now += ActiveLoops.Window;
            bool isAlone = loops.Count == 1;
            if (!isAlone)
                loops.Report(1, _now, new LoopWindow(0.5, 0.4, rateOfTwo / 2));
            loops.Report(0, _now, isAlone ? new LoopWindow(1, 0, rateOfOne) : new LoopWindow(0.5, 0.4, rateOfTwo / 2));
        }
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
        loops.Report(1, _now, new LoopWindow(share));
        loops.Report(0, _now, new LoopWindow(share));
    }
}
