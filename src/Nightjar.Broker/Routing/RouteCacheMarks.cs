using System.Runtime.InteropServices;

namespace Nightjar.Broker.Routing;

/// <summary>What misses and additions write in a <see cref="RouteCache{TRoute}"/>, a cache line away from what every look-up reads: otherwise one publisher
/// of topics that are used once would make the look-ups of all others several times as slow.</summary>
[StructLayout(LayoutKind.Explicit, Size = 3 * Line)]
internal struct RouteCacheMarks
{
    private const int Line = 64;

    /// <summary>Topics missed, which lets in each sixteenth.</summary>
    [FieldOffset(Line)]
    internal uint Misses;

    /// <summary>The hand that goes round when the routes hold too much.</summary>
    [FieldOffset(Line + 4)]
    internal int Hand;

    /// <summary>Sum of <see cref="CachedRoute.Bytes"/> of the routes held.</summary>
    [FieldOffset(Line + 8)]
    internal long Bytes;
}
