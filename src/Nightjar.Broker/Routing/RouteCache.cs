using System.Numerics;
using Nightjar.Broker.Collections;

namespace Nightjar.Broker.Routing;

// What. A bounded cache of routes by topic name: sets of four ways, the set chosen by the hash. A look-up reads the four hashes of the set
// (16 bytes), then the one route whose hash is equal, and compares the bytes of the topic. A full set replaces the first way from a
// rotating hand whose route was not used since the hand last passed (second chance). Before a route is made at all, the topic has to be
// missed twice: a table of the last hashes that were missed (the doorkeeper) turns away topics that are used once, so that they cost
// neither an allocation nor somebody else's route.
//
// The routes are also bounded by the memory they hold, because a route to many receivers is large: whoever adds beyond that goes round the
// ways with a hand of its own and removes routes by second chance, as many steps as the size of the addition pays for.
//
// Concurrency. No locks; a look-up is plain loads and stores, an addition exchanges the route, so that every byte is counted once. Every
// race is benign: a hash and a route that do not belong together, or a route overwritten by another thread, are a miss or found out by the
// comparison of bytes; two routes for one topic may stand in a set for a while, and either is judged by its generation. Routes are
// immutable to the cache but for the mark of use, which is written only when it changes, so that a hot route's cache line stays shared
// between cores.
//
// Cost. 12 bytes a way, 4 a way for the doorkeeper, and the routes. A hit is two to four cache lines and about 10 ns when they are hot.
//
// Why not the obvious way. A dictionary with a list of recent use writes to shared memory on each hit and needs a lock; a concurrent
// dictionary is not bounded, and its entries are garbage for the collector; an array with one way loses hot topics to each other.

/// <summary>Bounded cache of routes by topic name, for any number of threads without locks.</summary>
/// <remarks>A miss costs time and never correctness: whoever asks makes the route again.</remarks>
internal sealed class RouteCache<TRoute>
    where TRoute : CachedRoute
{
    private const int Ways = 4;
    private const int FewestDoors = 1024;

    private readonly TRoute?[] _routes;
    private readonly uint[] _hashes;
    private readonly byte[] _hands;
    private readonly uint[] _doors;
    private readonly uint _setMask;
    private readonly long _maximumBytes;
    private RouteCacheMarks _marks;

    /// <summary>Makes a cache.</summary>
    /// <param name="capacity">Most routes held; rounded up to four times a power of two.</param>
    /// <param name="maximumBytes">Most bytes of <see cref="CachedRoute.Bytes"/> held, give or take a route for each thread that adds.</param>
    public RouteCache(int capacity, long maximumBytes = long.MaxValue)
    {
        _maximumBytes = maximumBytes;
        var sets = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, (capacity + Ways - 1) / Ways));
        _routes = new TRoute?[sets * Ways];
        _hashes = new uint[sets * Ways];
        _hands = new byte[sets];
        _doors = new uint[Math.Max(FewestDoors, sets * Ways)];
        _setMask = (uint)sets - 1;
    }

    /// <summary>Most routes held.</summary>
    public int Capacity => _routes.Length;

    /// <summary>Sum of <see cref="CachedRoute.Bytes"/> of the routes held.</summary>
    public long Bytes => Volatile.Read(ref _marks.Bytes);

    /// <summary>Hash of a topic name.</summary>
    public static uint HashOf(ReadOnlySpan<byte> topicName) => SeededHash.Hash32(topicName);

    /// <summary>Finds the route of a topic name.</summary>
    /// <param name="hash">The topic's <see cref="HashOf"/>.</param>
    /// <returns>The route, whose generation the caller checks, or null.</returns>
    /// <remarks>Does not allocate.</remarks>
    public TRoute? Get(ReadOnlySpan<byte> topicName, uint hash)
    {
        var first = (int)(hash & _setMask) * Ways;
        var hashes = _hashes.AsSpan(first, Ways);
        for (var way = 0; way < hashes.Length; way++)
        {
            if (hashes[way] != hash || Volatile.Read(ref _routes[first + way]) is not { } route) continue;
            if (!topicName.SequenceEqual(route.TopicName)) continue;
            if (!route.WasUsed) route.WasUsed = true;
            return route;
        }

        return null;
    }

    /// <summary>Whether a topic that was missed deserves a route: true from the second miss on, as long as no other topic has taken its
    /// place among the recent ones.</summary>
    /// <remarks>Does not allocate. Two topics with the same hash let each other in. Every sixteenth miss is let in whatever it is: two topics
    /// that share a place and come in turn would otherwise keep each other out for ever.</remarks>
    public bool ShouldAdmit(uint hash)
    {
        // A lost increment between threads only moves the sixteenth.
        if ((++_marks.Misses & 15) == 0) return true;
        // Other bits than those that choose the set would be the same ones here: any will do, the whole hash is compared.
        ref var door = ref _doors[hash & (uint)(_doors.Length - 1)];
        if (door == hash) return true;
        door = hash;
        return false;
    }

    /// <summary>Puts a route into the cache, in the place of one of the same topic name, of an empty way, or of a victim.</summary>
    /// <remarks>Does not allocate. The displaced route stays valid for those who hold it. A route of more than an eighth of the bytes allowed is not taken in.</remarks>
    public void Add(TRoute route)
    {
        if (route.Bytes > _maximumBytes / 8) return;
        var set = (int)(route.Hash & _setMask);
        var index = (set * Ways) + WayFor(route, set);
        Place(index, route);
        Volatile.Write(ref _hashes[index], route.Hash);
        if (Bytes > _maximumBytes) Shed(64 + (route.Bytes / 8));
    }

    /// <summary>Forgets all routes, for instance to let go of what they refer to.</summary>
    public void Clear()
    {
        for (var i = 0; i < _routes.Length; i++) Place(i, null);
    }

    private void Place(int index, TRoute? route)
    {
        var old = Interlocked.Exchange(ref _routes[index], route);
        Interlocked.Add(ref _marks.Bytes, (route?.Bytes ?? 0) - (old?.Bytes ?? 0));
    }

    private void Shed(int steps)
    {
        for (; steps > 0 && Bytes > _maximumBytes; steps--)
        {
            // A hand that two threads move may pass over a way, or give one twice.
            var index = _marks.Hand++ & (_routes.Length - 1);
            if (Volatile.Read(ref _routes[index]) is not { } route) continue;
            if (route.WasUsed) route.WasUsed = false;
            else Place(index, null);
        }
    }

    private int WayFor(TRoute route, int set)
    {
        var ways = _routes.AsSpan(set * Ways, Ways);
        var empty = -1;
        for (var way = 0; way < ways.Length; way++)
        {
            var other = Volatile.Read(ref ways[way]);
            if (other is null)
                empty = empty < 0 ? way : empty;
            else if (other.Hash == route.Hash && other.TopicName.AsSpan().SequenceEqual(route.TopicName))
                return way;
        }

        return empty >= 0 ? empty : Victim(ways, ref _hands[set]);
    }

    private static int Victim(Span<TRoute?> ways, ref byte hand)
    {
        var way = hand & (Ways - 1);
        for (var tries = 0; tries < Ways; tries++)
        {
            if (Volatile.Read(ref ways[way]) is not { WasUsed: true } used) break;
            used.WasUsed = false;
            way = (way + 1) & (Ways - 1);
        }

        hand = (byte)(way + 1);
        return way;
    }
}
