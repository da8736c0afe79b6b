using System.Numerics;

namespace Nightjar.LoadTests.Measuring;

/// <summary>How durations in nanoseconds are put into buckets: 64 of equal width up to 64 ns, then 64 for each power of two.</summary>
/// <remarks>
/// A bucket is at most 1/64 of its lower end wide, so that what is read from it is never more than 1.6 % above the truth. 2 048 buckets
/// reach 137 seconds; longer durations are in the last one.
/// </remarks>
internal static class LatencyBuckets
{
    /// <summary>Number of buckets.</summary>
    internal const int Count = 2048;

    private const int SubBucketBits = 6;
    private const int SubBuckets = 1 << SubBucketBits;

    /// <summary>The bucket of a duration; negative ones are in the first.</summary>
    internal static int IndexOf(long nanoseconds)
    {
        if (nanoseconds < SubBuckets) return nanoseconds < 0 ? 0 : (int)nanoseconds;
        int shift = BitOperations.Log2((ulong)nanoseconds) - SubBucketBits;
        int index = ((shift + 1) << SubBucketBits) + (int)(nanoseconds >> shift) - SubBuckets;
        return Math.Min(index, Count - 1);
    }

    /// <summary>The largest duration that a bucket holds, in nanoseconds.</summary>
    internal static long UpperEndOf(int index)
    {
        if (index < SubBuckets) return index;
        int shift = (index >> SubBucketBits) - 1;
        return ((long)((index & (SubBuckets - 1)) + SubBuckets + 1) << shift) - 1;
    }
}
