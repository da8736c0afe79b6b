using System.Runtime.CompilerServices;

namespace Nightjar.Testing;

/// <summary>Measuring what something keeps on the heap.</summary>
public static class HeapMeasure
{
    private const int Attempts = 3;

    /// <summary>Bytes that what <paramref name="build"/> returns keeps alive: the largest of a few measurements.</summary>
    /// <remarks>What earlier tests left behind may go away during a measurement and make it too small, never too large.</remarks>
    public static long Retained(Func<object> build)
    {
        var most = long.MinValue;
        for (var i = 0; i < Attempts; i++) most = Math.Max(most, Once(build));
        return most;
    }

    // A method of its own, so that nothing of one attempt is held by a local during the next.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Once(Func<object> build)
    {
        var before = Settle();
        var kept = build();
        var bytes = Settle() - before;
        GC.KeepAlive(kept);
        return bytes;
    }

    private static long Settle()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
