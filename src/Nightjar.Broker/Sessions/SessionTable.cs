using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using Nightjar.Broker.Collections;

namespace Nightjar.Broker.Sessions;

// What. Client id to session: 64 shards by the leading bits of the hash, each a HashTable (see there) and a lock for its writers. A look-up
// is one hash of the bytes, a shard, a segment, a comparison of bytes: no lock, no string, no retry.
//
// Cost. A look-up has 4 or 5 cache misses when cold. 15 to 27 bytes a session beside the session itself and 16 KB for an empty table;
// connects and disconnects on several cores meet only when their client ids fall into the same shard, for the length of one insertion.
//
// Why not the obvious way. A ConcurrentDictionary wants a string for each look-up or a comparer with an alternate key, takes about 80 bytes
// an entry, and stops everybody to grow, which at a million sessions is a pause of tens of milliseconds.

/// <summary>Sessions by Client Identifier.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class SessionTable<T> : IEnumerable<T>
    where T : class, IHasClientId
{
    private const int ShardBits = 6;

    private readonly Shard[] _shards = CreateShards();

    /// <summary>Sessions held; beside changes a value near to it.</summary>
    /// <remarks>Adds up the shards.</remarks>
    public int Count
    {
        get
        {
            var count = 0;
            foreach (var shard in _shards) count += shard.Sessions.Count;
            return count;
        }
    }

    /// <summary>Finds the session of a client.</summary>
    /// <param name="clientId">Client Identifier in UTF-8.</param>
    /// <remarks>No lock. Does not allocate.</remarks>
    public bool TryGet(ReadOnlySpan<byte> clientId, [NotNullWhen(true)] out T? session)
    {
        var hash = SeededHash.Hash32(clientId);
        session = Find(ShardOf(hash), clientId, hash);
        return session is not null;
    }

    /// <summary>Adds a session unless the client has one.</summary>
    /// <returns>The session that the client has: the candidate, or the one that was there.</returns>
    public T GetOrAdd(T candidate)
    {
        var hash = candidate.ClientIdHash;
        var shard = ShardOf(hash);
        lock (shard.Lock)
        {
            if (Find(shard, candidate.ClientIdUtf8, hash) is { } session) return session;
            shard.Sessions.Add(candidate, InShard(hash));
            return candidate;
        }
    }

    /// <summary>Adds a session.</summary>
    /// <returns>False when the client has one.</returns>
    public bool TryAdd(T session)
    {
        var hash = session.ClientIdHash;
        var shard = ShardOf(hash);
        lock (shard.Lock)
        {
            if (Find(shard, session.ClientIdUtf8, hash) is not null) return false;
            shard.Sessions.Add(session, InShard(hash));
            return true;
        }
    }

    /// <summary>Removes that very session; another one of the same client stays.</summary>
    /// <returns>False when it is not in the table.</returns>
    public bool TryRemove(T session)
    {
        var hash = session.ClientIdHash;
        var shard = ShardOf(hash);
        lock (shard.Lock) return shard.Sessions.Remove(session, InShard(hash));
    }

    /// <summary>Enumerates without a lock: sessions that stay are seen once, others may be seen or not.</summary>
    /// <remarks>Does not allocate when the compiler sees the type.</remarks>
    public Enumerator GetEnumerator() => new(this);

    IEnumerator<T> IEnumerable<T>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static Shard[] CreateShards()
    {
        var shards = new Shard[1 << ShardBits];
        for (var i = 0; i < shards.Length; i++) shards[i] = new Shard();
        return shards;
    }

    // A table spends the leading bits on its directory; those which chose the shard are equal for all of it and go to the end.
    private static uint InShard(uint hash) => BitOperations.RotateLeft(hash, ShardBits);

    private static T? Find(Shard shard, ReadOnlySpan<byte> clientId, uint hash)
    {
        var probe = shard.Sessions.Find(InShard(hash));
        while (probe.Next() is { } session)
        {
            if (clientId.SequenceEqual(session.ClientIdUtf8)) return session;
        }

        return null;
    }

    private Shard ShardOf(uint hash) => _shards[hash >> (32 - ShardBits)];

    /// <summary>Goes from shard to shard.</summary>
    internal struct Enumerator : IEnumerator<T>
    {
        private readonly SessionTable<T> _table;
        private HashTableCursor<T> _cursor;
        private int _shard;

        internal Enumerator(SessionTable<T> table)
        {
            _table = table;
            Current = null!;
            Reset();
        }

        /// <inheritdoc/>
        public T Current { get; private set; }

        readonly object IEnumerator.Current => Current;

        /// <inheritdoc/>
        public bool MoveNext()
        {
            while (true)
            {
                if (_cursor.Next() is { } session)
                {
                    Current = session;
                    return true;
                }

                if (++_shard == _table._shards.Length)
                {
                    _shard--;
                    return false;
                }

                _cursor = _table._shards[_shard].Sessions.GetCursor();
            }
        }

        /// <inheritdoc/>
        public void Reset()
        {
            _shard = 0;
            _cursor = _table._shards[0].Sessions.GetCursor();
        }

        /// <inheritdoc/>
        public readonly void Dispose()
        {
        }
    }

    private sealed class Shard
    {
        public readonly Lock Lock = new();
        public readonly HashTable<T> Sessions = new();
    }
}
