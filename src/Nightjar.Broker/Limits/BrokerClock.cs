namespace Nightjar.Broker.Limits;

/// <summary>Monotonic milliseconds since the broker was made. Every deadline of the engine is a value of this clock, so a jump of the wall clock moves none.</summary>
internal sealed class BrokerClock
{
    private readonly TimeProvider _provider;
    private readonly long _start;
    private readonly bool _system;

    internal BrokerClock(TimeProvider provider)
    {
        _provider = provider;
        _system = ReferenceEquals(provider, TimeProvider.System);
        _start = _system ? Environment.TickCount64 : provider.GetTimestamp();
    }

    /// <summary>The provider behind the clock; wall-clock time is only for people and stores.</summary>
    internal TimeProvider Provider => _provider;

    /// <summary>Milliseconds since the broker was made.</summary>
    /// <remarks>The system clock is read in its coarse form: about 5 ns, steps of up to 4 ms.</remarks>
    internal long Now => _system
        ? Environment.TickCount64 - _start
        : (long)((_provider.GetTimestamp() - _start) * (1000.0 / _provider.TimestampFrequency));

    /// <summary>A value of this clock as Unix milliseconds of the wall clock, which is what stores keep; <see cref="long.MaxValue"/>, never, stays that.</summary>
    internal long ToWallClock(long milliseconds) =>
        milliseconds == long.MaxValue ? long.MaxValue : milliseconds - Now + _provider.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The inverse of <see cref="ToWallClock"/>; negative for a time before the broker was made.</summary>
    internal long FromWallClock(long unixMilliseconds) =>
        unixMilliseconds == long.MaxValue ? long.MaxValue : unixMilliseconds - _provider.GetUtcNow().ToUnixTimeMilliseconds() + Now;
}
