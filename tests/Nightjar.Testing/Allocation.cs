using Xunit;

namespace Nightjar.Testing;

/// <summary>Counting what this thread allocates.</summary>
/// <remarks>
/// A collection that another thread starts ends this thread's allocation context, and the counter may then be off by what was left of it: up to
/// 8 KiB for each collection, whatever the code under test does. So an action may try a few times; one that allocates does so every time.
/// </remarks>
public static class Allocation
{
    private const int Attempts = 8;

    /// <summary>Runs an action until it has allocated nothing; fails when it never has.</summary>
    /// <returns>How often it ran.</returns>
    public static int AssertNone(Action action)
    {
        var least = long.MaxValue;
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated == 0) return attempt;
            least = Math.Min(least, allocated);
        }

        Assert.Fail($"Allocates at least {least} bytes each time.");
        return 0;
    }
}
