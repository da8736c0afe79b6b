using BenchmarkDotNet.Attributes;
using Nightjar.Broker.Limits;

namespace Nightjar.Microbenchmarks.Limits;

/// <summary>A wheel with a timer for each connection.</summary>
[MemoryDiagnoser]
public class TimingWheelBenchmarks
{
    private TimingWheel _wheel = new();
    private KeepAlive[] _timers = [];
    private long _now;
    private uint _next;

    /// <summary>Timers scheduled.</summary>
    [Params(10_000, 100_000, 1_000_000)]
    public int Timers { get; set; }

    /// <summary>Fills the wheel.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _wheel = new TimingWheel();
        _timers = [.. Enumerable.Range(0, Timers).Select(_ => new KeepAlive(_wheel))];
        Random random = new(1);
        foreach (var timer in _timers) _wheel.Schedule(timer, random.Next(90_000));
        random.Shuffle(_timers);
    }

    /// <summary>A timer is put off by a minute.</summary>
    [Benchmark]
    public void Reschedule() => _wheel.Schedule(_timers[_next++ % (uint)_timers.Length], _now + 60_000);

    /// <summary>The clock goes on by 100 ms; timers that are due schedule themselves again in 90 s.</summary>
    [Benchmark]
    public void Advance() => _wheel.Advance(_now += 100);

    private sealed class KeepAlive(TimingWheel wheel) : WheelTimer
    {
        protected internal override void OnDue(long nowMilliseconds) => wheel.Schedule(this, nowMilliseconds + 90_000);
    }
}
