using Nightjar.Transport.Epoll;
using Xunit;

namespace Nightjar.Transport.Tests.Epoll;

public sealed class LoopPaceTests
{
    private readonly LoopPace _pace = new();
    private long _now;

    [Fact]
    public void ManyLonelyEventsBringAPauseThatStays()
    {
        Windows(3, turns: 500, events: 600);
        Assert.True(_pace.Pauses);
        Windows(3, turns: 150, events: 600);
        Assert.True(_pace.Pauses);
        Windows(99, turns: 150, events: 600);
        Assert.True(_pace.Pauses);
        // On trial again, which begins without it.
        Windows(1, turns: 150, events: 600);
        Assert.False(_pace.Pauses);
        Windows(3, turns: 500, events: 600);
        Assert.True(_pace.Pauses);
    }

    [Fact]
    public void ThoseWhoAnswerEachOtherAreNotSlowedDown()
    {
        Windows(3, turns: 500, events: 1000, bytes: 1000);
        Windows(3, turns: 180, events: 900, bytes: 900);
        Assert.False(_pace.Pauses);
    }

    [Fact]
    public void WhatIsAnsweredTogetherIsNoLoss()
    {
        Windows(3, turns: 800, events: 1200, bytes: 100_000);
        Windows(3, turns: 130, events: 720, bytes: 100_000);
        Assert.True(_pace.Pauses);
    }

    [Theory]
    [InlineData(8900, true)]
    [InlineData(9100, false)]
    [InlineData(11_000, false)]
    public void APauseThatFindsMoreAtOnceStaysOnlyIfItSavesATenth(int used, bool stays)
    {
        Windows(3, turns: 500, events: 600, used: 10_000);
        Windows(3, turns: 100, events: 600, used: used);
        Assert.Equal(stays, _pace.Pauses);
    }

    [Fact]
    public void APauseThatFindsNoMoreAtOnceIsGivenUp()
    {
        Windows(3, turns: 500, events: 600);
        Windows(3, turns: 500, events: 600);
        Assert.False(_pace.Pauses);
    }

    [Fact]
    public void ATrialThatFailsMakesTheNextOneWait()
    {
        Windows(6, turns: 500, events: 600);
        Assert.Equal(51, WindowsUntilTrial());
        Windows(3, turns: 500, events: 600);
        Assert.Equal(102, WindowsUntilTrial());
    }

    [Theory]
    [InlineData(50, 50, 1000)] // few
    [InlineData(50, 1000, 1000)] // many in a turn already
    [InlineData(500, 600, 600 * 512)] // much in an event already
    public void WhereNothingIsToBeWonNothingIsTried(int turns, int events, long bytes)
    {
        for (int i = 0; i < 10; i++)
        {
            Windows(1, turns, events, bytes);
            Assert.False(_pace.Pauses);
        }
    }

    [Fact]
    public void APauseEndsWithTheLoad()
    {
        Windows(3, turns: 500, events: 600);
        Windows(3, turns: 150, events: 600);
        Windows(1, turns: 20, events: 20);
        Assert.False(_pace.Pauses);
    }

    private int WindowsUntilTrial()
    {
        int count = 0;
        while (!_pace.Pauses)
        {
            Assert.True(++count < 10_000);
            Windows(1, turns: 500, events: 600);
        }
        return count;
    }

    // A turn takes 20 us of the processor and an event 5 us, unless it is said how many microseconds there were in all.
    private void Windows(int count, int turns, int events, long bytes = 1000, int? used = null)
    {
        for (int i = 0; i < count; i++)
        {
            _now += LoopPace.Window;
            _pace.EndWindow(_now, LoopPace.Window, turns, events, bytes, (used ?? ((20 * turns) + (5 * events))) * 1000L);
        }
    }
}
