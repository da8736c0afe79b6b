using System.Runtime.InteropServices;

namespace Nightjar.Microbenchmarks.Sharing;

/// <summary>Processor time of the calling thread.</summary>
/// <remarks>With more threads than cores the time on the clock says how they took turns; processor time says what each of them did, and a cache line
/// that has to be fetched from another core is in it.</remarks>
internal static partial class ThreadTime
{
    // CLOCK_THREAD_CPUTIME_ID of Linux.
    private const int ThreadClock = 3;

    /// <summary>Nanoseconds since the thread began.</summary>
    /// <exception cref="PlatformNotSupportedException">Not on Linux.</exception>
    internal static long Nanoseconds
    {
        get
        {
            if (!OperatingSystem.IsLinux() || GetTime(ThreadClock, out Time time) != 0) throw new PlatformNotSupportedException("Processor time of a thread is known on Linux only.");
            return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetTime(int clock, out Time time);

    private struct Time
    {
        internal nint Seconds;
        internal nint Nanoseconds;
    }
}
