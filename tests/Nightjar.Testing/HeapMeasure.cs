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
        for (var i = 0; i < Attempts; i++)
        {
            var before = Settle();
            var kept = build();
            most = Math.Max(most, Settle() - before);
            GC.KeepAlive(kept);
        }

        return most;
    }

    private static long Settle()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
