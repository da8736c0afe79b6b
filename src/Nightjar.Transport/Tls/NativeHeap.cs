using System.Runtime.InteropServices;

namespace Nightjar.Transport.Tls;

/// <summary>Gives back to the system what handshakes leave free in the C library's heap: OpenSSL's buffers lie between what connections keep, and the
/// library by itself gives back only what lies at the end.</summary>
/// <remarks>Done once, two seconds after the last handshake, because it looks at the whole heap, and native code that wants memory meanwhile waits.</remarks>
internal static partial class NativeHeap
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(2);
    private static readonly Lock s_gate = new();

    // Handshakes so far; the timer stands still while none came since it was looked at.
    private static int s_handshakes;
    private static int s_seen;
    private static Timer? s_timer;
    private static bool s_isWatched = !OperatingSystem.IsLinux();

    /// <summary>A handshake is over.</summary>
    internal static void HandshakeEnded()
    {
        Interlocked.Increment(ref s_handshakes);
        if (!Volatile.Read(ref s_isWatched))
            Watch();
    }

    private static void Watch()
    {
        lock (s_gate)
        {
            if (s_isWatched)
                return;
            s_isWatched = true;
            s_timer ??= new Timer(static _ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            s_timer.Change(s_period, Timeout.InfiniteTimeSpan);
        }
    }

    private static void Look()
    {
        int handshakes;
        lock (s_gate)
        {
            handshakes = Volatile.Read(ref s_handshakes);
            if (handshakes != s_seen)
            {
                s_seen = handshakes;
                s_timer!.Change(s_period, Timeout.InfiniteTimeSpan);
                return;
            }

            // Who ends a handshake from here on begins to watch again; one that ended just now may not have seen that.
            Volatile.Write(ref s_isWatched, false);
        }
        if (Interlocked.CompareExchange(ref s_handshakes, 0, 0) != handshakes)
            Watch();
        try
        {
            _ = Trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // musl gives back by itself. Never asked again.
            Volatile.Write(ref s_isWatched, true);
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Trim(nuint pad);
}
