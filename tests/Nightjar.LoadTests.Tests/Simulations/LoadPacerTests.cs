using Nightjar.LoadTests.Simulations;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.LoadTests.Tests.Simulations;

public sealed class LoadPacerTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    [Fact]
    public void ConstantRate_AskedEveryMillisecond_GivesEachUnitWhenDue()
    {
        Assert.Equal([0, 1, 1, 0, 1, 1, 0, 1, 1, 1], Take(new ConstantRate(700, TimeSpan.FromMilliseconds(10)), 10));
    }

    [Fact]
    public void Ramp_InEqualParts_GrowsEvenly()
    {
        Assert.Equal([25, 75, 125, 175], Take(new Ramp(0, 1600, s_second / 2), 4));
        Assert.Equal([175, 125, 75, 25], Take(new Ramp(1600, 0, s_second / 2), 4));
    }

    [Fact]
    public void Burst_OverItsTime_ComesAtTheStartAndAtEachDistanceButNotAtTheEnd()
    {
        var clock = new FakeTimeProvider();
        var pacer = new LoadPacer(new Burst(10, s_second / 4, s_second), clock);
        List<int> taken = [TakeAll(pacer)];
        for (int i = 0; i < 8; i++)
        {
            clock.Advance(s_second / 8);
            taken.Add(TakeAll(pacer));
        }

        Assert.Equal([10, 0, 10, 0, 10, 0, 10, 0, 0], taken);
    }

    [Fact]
    public void Take_LessThanDue_LeavesTheRestDue()
    {
        var clock = new FakeTimeProvider();
        var pacer = new LoadPacer(new ConstantRate(1000, s_second), clock);
        clock.Advance(s_second / 10);
        for (int i = 1; i <= 30; i++)
        {
            Assert.Equal(1, pacer.Take(1, out TimeSpan due));
            Assert.Equal(TimeSpan.FromMilliseconds(i), due);
        }

        Assert.Equal(0, pacer.Take(0, out _));
        Assert.Equal(70, pacer.Backlog);
        Assert.Equal(70, TakeAll(pacer));
        Assert.Equal(0, pacer.Backlog);
    }

    [Fact]
    public void Take_TooLate_GivesEachUnitWithItsOwnMoment()
    {
        var clock = new FakeTimeProvider();
        var pacer = new LoadPacer(new ConstantRate(2000, s_second), clock);
        clock.Advance(TimeSpan.FromMilliseconds(3.5));
        List<(int Units, double Milliseconds)> taken = [];
        while (pacer.Take(int.MaxValue, out TimeSpan due) is > 0 and var units) taken.Add((units, due.TotalMilliseconds));
        Assert.Equal([(2, 1), (2, 2), (2, 3)], taken);
        Assert.Equal(0.5, pacer.UntilNextTick.TotalMilliseconds);
    }

    [Fact]
    public void Take_InParts_GivesTheRestOfAMomentBeforeTheNext()
    {
        var clock = new FakeTimeProvider();
        var pacer = new LoadPacer(new Burst(5, s_second / 2, s_second), clock);
        clock.Advance(s_second / 2);
        List<(int Units, double Milliseconds)> taken = [];
        while (pacer.Take(3, out TimeSpan due) is > 0 and var units) taken.Add((units, due.TotalMilliseconds));
        Assert.Equal([(3, 0), (2, 0), (3, 500), (2, 500)], taken);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Pacer_AskedAtRandomMoments_GivesExactlyWhatTheWholeSimulationHas(int seed)
    {
        var random = new Random(seed);
        LoadSimulation[] simulations = [new ConstantRate(1234.5, s_second), new Ramp(10, 5000, s_second), new Burst(77, s_second / 9, s_second)];
        foreach (LoadSimulation simulation in simulations)
        {
            var clock = new FakeTimeProvider();
            var pacer = new LoadPacer(simulation, clock);
            long taken = 0;
            while (!pacer.IsOver)
            {
                clock.Advance(TimeSpan.FromTicks(random.Next(1, 2_000_000)));
                int part = TakeAll(pacer);
                Assert.True(part >= 0);
                taken += part;
            }

            Assert.Equal(simulation.DueBy(s_second), taken);
        }
    }

    [Fact]
    public void Plan_OfSeveral_LastsAsLongAsAllAndTellsThem()
    {
        var plan = new LoadPlan([new ConstantRate(5, s_second), new ClosedLoop(8, s_second * 2)], TimeSpan.Zero);
        Assert.Equal(s_second * 3, plan.Duration);
        Assert.Equal("constant rate 5/s for 1 s, then closed loop of 8 for 2 s", plan.Describe());
    }

    private static int TakeAll(LoadPacer pacer)
    {
        int sum = 0;
        while (pacer.Take(int.MaxValue, out _) is > 0 and var units) sum += units;
        return sum;
    }

    private static List<int> Take(LoadSimulation simulation, int parts)
    {
        var clock = new FakeTimeProvider();
        var pacer = new LoadPacer(simulation, clock);
        List<int> taken = [];
        for (int i = 0; i < parts; i++)
        {
            clock.Advance(simulation.During / parts);
            taken.Add(TakeAll(pacer));
        }

        return taken;
    }
}
