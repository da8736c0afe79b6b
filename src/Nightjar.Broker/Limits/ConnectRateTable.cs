using System.Runtime.InteropServices;
using Nightjar.Broker.Collections;

namespace Nightjar.Broker.Limits;

/// <summary>
/// How fast each address connects: a bucket an address in a table of fixed size. An address that is not in it has a full bucket, so what is
/// pushed out is the fullest bucket of its set: after a second at most it is full, and nothing is forgotten.
/// </summary>
/// <remarks>Any thread. 16 384 addresses in 512 KiB, made at the first use. Keys are hashed with a secret, so that nobody can aim at the set
/// of somebody else.</remarks>
internal sealed class ConnectRateTable
{
    private const int SetCount = 4096;
    private const int Ways = 4;
    private readonly Lock _gate = new();
    private Entry[]? _entries;

    /// <summary>Counts a connection of an address; false when it is one too many.</summary>
    /// <param name="address">See <see cref="AddressKey.Of"/>.</param>
    /// <param name="nowMilliseconds">The broker's clock.</param>
    /// <param name="perSecond">Connections allowed a second; a second's worth may come at once.</param>
    internal bool TryTake(ulong address, long nowMilliseconds, int perSecond)
    {
        lock (_gate)
        {
            ref var entry = ref Find(address, nowMilliseconds, perSecond);
            entry.Bucket.Refill(nowMilliseconds, perSecond);
            if (entry.Bucket.IsEmpty) return false;
            entry.Bucket.Take(1);
            return true;
        }
    }

    private ref Entry Find(ulong address, long now, int perSecond)
    {
        _entries ??= new Entry[SetCount * Ways];
        var hash = SeededHash.Hash32(MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in address)));
        var set = _entries.AsSpan((int)(hash % SetCount) * Ways, Ways);
        var fullest = 0;
        var level = -1L;
        for (var i = 0; i < Ways; i++)
        {
            if (set[i].IsUsed && set[i].Address == address) return ref set[i];
            var left = set[i].IsUsed ? set[i].Bucket.LevelAt(now, perSecond) : long.MaxValue;
            if (left <= level) continue;
            fullest = i;
            level = left;
        }

        ref var entry = ref set[fullest];
        entry = new Entry { Address = address, IsUsed = true };
        entry.Bucket.Fill(now, perSecond);
        return ref entry;
    }

    private struct Entry
    {
        internal ulong Address;
        internal TokenBucket Bucket;
        internal bool IsUsed;
    }
}
