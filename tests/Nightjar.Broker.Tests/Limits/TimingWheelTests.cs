using System.Diagnostics;
using Nightjar.Broker.Limits;
using Nightjar.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Limits;

public sealed class TimingWheelTests(ITestOutputHelper output)
{
    private const long Granularity = 64;

    [Fact]
    public void Wheel_AfterRandomChanges_RunsWhatIsDueNeverEarlyAndInTime()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        var now = 1_700_000_000_123L;
        TimingWheel wheel = new(now);
        HashSet<TestTimer> pending = [];
        var timers = Enumerable.Range(0, 2_000).Select(_ => new TestTimer(wheel, pending)).ToArray();
        for (var step = 0; step < 60_000; step++)
        {
            var timer = timers[random.Next(timers.Length)];
            switch (random.Next(10))
            {
                case < 5:
                    wheel.Schedule(timer, now + Delay(random));
                    pending.Add(timer);
                    break;
                case < 8:
                    Assert.Equal(pending.Remove(timer), wheel.Cancel(timer));
                    break;
                default:
                    var next = wheel.NextDue;
                    Assert.Equal(pending.Count > 0, next is not null);
                    if (next is not null) Assert.InRange(next.Value, 0, Math.Max(pending.Min(t => t.DueMilliseconds), now) + Granularity);
                    now += random.Next(20) == 0 ? Math.Max(0, Delay(random)) : random.Next(500);
                    wheel.Advance(now);
                    Assert.All(pending, t => Assert.InRange(t.DueMilliseconds, now - Granularity + 1, long.MaxValue));
                    break;
            }

            Assert.Equal(pending.Count, wheel.Count);
        }

        wheel.Advance(long.MaxValue);
        Assert.Empty(pending);
        Assert.Null(wheel.NextDue);
    }

    [Fact]
    public void Wheel_DrivenByNextDue_RunsTheTimerWithinItsGranularity()
    {
        foreach (var delay in new[] { 0L, 1, 63, 64, 65, 100, 4_095, 4_096, 60_000, 3_600_000, 86_400_000, 4_000_000_000_000 })
        {
            TimingWheel wheel = new(1_000);
            TestTimer timer = new(wheel, []);
            wheel.Schedule(timer, 1_000 + delay);
            var wakes = 0;
            var now = 1_000L;
            while (wheel.NextDue is { } next)
            {
                now = Math.Max(now, next);
                wheel.Advance(now);
                wakes++;
            }

            Assert.Equal(1, timer.Runs);
            Assert.InRange(now, 1_000 + delay, 1_000 + delay + Granularity);
            Assert.InRange(wakes, 1, 10);
        }
    }

    [Fact]
    public void OnDue_ThatSchedulesItselfAgain_RunsOnceAnAdvance()
    {
        TimingWheel wheel = new(0);
        TestTimer timer = new(wheel, []) { Again = 0 };
        wheel.Schedule(timer, 10);
        wheel.Advance(1_000);
        Assert.Equal(1, timer.Runs);
        wheel.Advance(1_000);
        Assert.Equal(2, timer.Runs);
        Assert.True(wheel.Cancel(timer));
        wheel.Advance(10_000);
        Assert.Equal(2, timer.Runs);
        Assert.Equal(0, wheel.Count);
    }

    [Fact]
    public void OnDue_ThatCancelsAnotherThatIsDue_KeepsItFromRunning()
    {
        TimingWheel wheel = new(0);
        TestTimer second = new(wheel, []);
        TestTimer first = new(wheel, []) { Cancels = second };
        wheel.Schedule(first, 10);
        wheel.Schedule(second, 11);
        wheel.Advance(1_000);
        Assert.Equal((1, 0), (first.Runs, second.Runs));
    }

    [Fact]
    public void Advance_ByAYearOverManyTimers_DoesNotSpinOverEmptyTicks()
    {
        TimingWheel wheel = new(0);
        var timers = Enumerable.Range(0, 10_000).Select(_ => new TestTimer(wheel, [])).ToArray();
        for (var i = 0; i < timers.Length; i++) wheel.Schedule(timers[i], i * 3_000_000L);
        var start = Stopwatch.GetTimestamp();
        for (var year = 1L; year <= 100; year++) wheel.Advance(year * 365 * 86_400_000);
        Assert.All(timers, timer => Assert.Equal(1, timer.Runs));
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 0, 1_000);
    }

    [Fact]
    public void Advance_WhenATimerThrows_RunsTheRestAtTheNextCall()
    {
        TimingWheel wheel = new(0);
        TestTimer first = new(wheel, []) { Throws = true };
        TestTimer second = new(wheel, []);
        wheel.Schedule(first, 10);
        wheel.Schedule(second, 10);
        Assert.Throws<InvalidOperationException>(() => wheel.Advance(1_000));
        Assert.Equal(0, second.Runs);
        wheel.Advance(1_000);
        Assert.Equal((1, 1), (first.Runs, second.Runs));
    }

    [Fact]
    public async Task Wheel_UsedByManyThreads_RunsOrCancelsEachScheduleOnce()
    {
        TimingWheel wheel = new(0);
        var now = 0L;
        var running = 3;
        var workers = Enumerable.Range(0, 3).Select(seed => Task.Run(() =>
        {
            Random random = new(seed);
            var timers = Enumerable.Range(0, 500).Select(_ => new TestTimer(wheel, null)).ToArray();
            var scheduled = 0;
            var cancelled = 0;
            for (var i = 0; i < 100_000; i++)
            {
                var timer = timers[random.Next(timers.Length)];
                if (wheel.Cancel(timer)) cancelled++;
                wheel.Schedule(timer, Volatile.Read(ref now) + random.Next(5_000));
                scheduled++;
            }

            Interlocked.Decrement(ref running);
            return (timers, expected: scheduled - cancelled);
        })).ToArray();
        var advancer = Task.Run(() =>
        {
            while (Volatile.Read(ref running) > 0) wheel.Advance(Interlocked.Add(ref now, 50));
        });

        var results = await Task.WhenAll(workers);
        await advancer;
        wheel.Advance(Interlocked.Add(ref now, 10_000));
        Assert.Equal(0, wheel.Count);
        foreach (var (timers, expected) in results)
        {
            Assert.Equal(expected, timers.Sum(timer => timer.Runs));
            Assert.All(timers, timer => Assert.False(timer.WasEarly));
        }
    }

    [Fact]
    public void ScheduleCancelAndAdvance_AllocateNothing()
    {
        TimingWheel wheel = new(0);
        TestTimer timer = new(wheel, []);
        wheel.Schedule(timer, 1);
        wheel.Advance(100);
        Allocation.AssertNone(() =>
        {
            for (var i = 1; i < 1000; i++)
            {
                wheel.Schedule(timer, i * 1_000);
                wheel.Cancel(timer);
                wheel.Schedule(timer, i * 1_000);
                wheel.Advance(i * 2_000);
            }
        });
    }

    private static long Delay(Random random) => random.Next(8) switch
    {
        0 => -random.Next(10_000),
        1 => random.Next(64),
        2 => random.Next(5_000),
        3 => random.Next(300_000),
        4 => random.Next(20_000_000),
        5 => random.NextInt64(1_200_000_000),
        6 => random.NextInt64(80_000_000_000),
        _ => random.NextInt64(1_000),
    };

    private sealed class TestTimer(TimingWheel wheel, HashSet<TestTimer>? pending) : WheelTimer
    {
        private int _runs;

        public int Runs => _runs;

        public bool WasEarly { get; private set; }

        public long? Again { get; init; }

        public TestTimer? Cancels { get; init; }

        public bool Throws { get; init; }

        protected internal override void OnDue(long nowMilliseconds)
        {
            Interlocked.Increment(ref _runs);
            pending?.Remove(this);
            if (pending is not null && DueMilliseconds > nowMilliseconds) WasEarly = true;
            Assert.False(WasEarly);
            if (Again is { } due) wheel.Schedule(this, due);
            if (Cancels is not null) Assert.True(wheel.Cancel(Cancels));
            if (Throws) throw new InvalidOperationException();
        }
    }
}
