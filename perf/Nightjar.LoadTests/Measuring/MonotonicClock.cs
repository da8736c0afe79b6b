using System.Diagnostics;

namespace Nightjar.LoadTests.Measuring;

/// <summary>The one clock that stamps messages and reads the stamps.</summary>
internal static class MonotonicClock
{
    private static readonly double s_nanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    /// <summary>Nanoseconds since an arbitrary moment.</summary>
    internal static long Now =>
        Stopwatch.Frequency == 1_000_000_000 ? Stopwatch.GetTimestamp() : (long)(Stopwatch.GetTimestamp() * s_nanosecondsPerTick);
}
