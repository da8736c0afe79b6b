using System.Runtime.InteropServices;

namespace Nightjar.LoadTests.Simulations;

/// <summary>Sleeping for less than a millisecond, which the runtime's own sleep rounds away.</summary>
internal static partial class ShortSleep
{
    /// <summary>Sleeps about so long: on Linux to a tenth of a millisecond, elsewhere to the next whole one.</summary>
    internal static void For(TimeSpan time)
    {
        if (!OperatingSystem.IsLinux())
        {
            Thread.Sleep(Math.Max((int)Math.Ceiling(time.TotalMilliseconds), 1));
            return;
        }

        var wanted = new TimeSpec { Seconds = (nint)time.TotalSeconds, Nanoseconds = (nint)(time.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick) };
        // A signal that ends the sleep early makes the caller look at the clock early, which does no harm.
        _ = NanoSleep(wanted, 0);
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int NanoSleep(in TimeSpec wanted, nint left);

    private struct TimeSpec
    {
        internal nint Seconds;
        internal nint Nanoseconds;
    }
}
