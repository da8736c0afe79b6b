using System.Numerics;
using System.Runtime.CompilerServices;

namespace Nightjar.Broker.Collections;

// What. A hash table of items that carry their keys: children of a trie node, subscribers of a filter, sessions by client id. Extendible
// hashing: a directory, indexed by the leading bits of the hash, points at segments of at most 512 slots, each an open-addressed table
// indexed by the trailing bits. A segment that is full is doubled up to that size and then split in two by its next leading bit; the
// directory doubles when a segment as deep as the directory is split. Segments that empty shrink, and join their neighbour again.
//
// Why not the obvious way. A Dictionary cannot be read beside a writer. A ConcurrentDictionary has an object of 48 bytes for an entry,
// cannot be asked by a span of bytes, and stops all writers to move a million entries when it grows; so does a single open-addressed array,
// which besides lies on the large object heap from 10 000 items. Here no change moves more than 512 items and copies more than the
// directory (8 KB for 100 000 items), and no array of a table up to several million items is a large object.
//
// Readers take no lock and retry nothing. A segment's slots are written in place (item, then hash; hash away, then item), an item never
// moves within its segment, and a segment that is laid out anew is replaced by another and left behind unchanged; so a reader that holds
// the old one finds every item that was there all along. The caller compares keys, hence a slot read in the middle of a change gives a miss
// or an item that does not match, never a wrong one.
//
// Cost. A look-up reads the directory, the hashes (one cache line, mostly) and the item: 3 misses when cold. Add and remove are O(1)
// amortised and at worst 512 moves; 12 bytes a slot and 13/16 of the slots used at most, which is 15 to 27 bytes an item above 400 of them.

/// <summary>A set of items found by hash, for one writer at a time and any number of readers without locks.</summary>
/// <remarks>The caller supplies hashes of which all 32 bits are good (<see cref="SeededHash"/>), compares keys itself and serialises
/// writers.</remarks>
internal sealed class HashTable<T>
    where T : class
{
    /// <summary>Slots of the smallest segment.</summary>
    internal const int MinimumCapacity = 16;

    /// <summary>Slots a segment may have before it is split.</summary>
    internal const int MaximumCapacity = 512;

    // Beyond this depth equal leading bits mean equal hashes rather than many items; such a segment grows instead of being split.
    private const int MaximumDepth = 22;

    // Replaced as a whole when its length changes; its elements are replaced in place. Length is a power of two.
    private volatile HashSegment<T>[] _directory = [new(MinimumCapacity, 0)];

    private int _count;

    /// <summary>Items held. Exact for the writer, a recent value for others.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Begins a look-up: items with this hash come one after the other and the caller takes the one with its key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Probe Find(uint hash)
    {
        hash = HashSegment<T>.Normalize(hash);
        return new Probe(SegmentOf(hash), hash);
    }

    /// <summary>Adds an item whose key is not in the table. Writer only.</summary>
    public void Add(T item, uint hash)
    {
        hash = HashSegment<T>.Normalize(hash);
        var segment = SegmentOf(hash);
        while (segment.IsFull)
        {
            MakeRoom(segment, hash);
            segment = SegmentOf(hash);
        }

        segment.Insert(item, hash);
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>Puts an item in the place of one with the same key. Writer only.</summary>
    /// <returns>False when the item to replace is not in the table.</returns>
    public bool Replace(T item, T replacement, uint hash)
    {
        hash = HashSegment<T>.Normalize(hash);
        return SegmentOf(hash).Replace(item, replacement, hash);
    }

    /// <summary>Removes an item. Writer only.</summary>
    /// <returns>False when that very item is not in the table.</returns>
    public bool Remove(T item, uint hash)
    {
        hash = HashSegment<T>.Normalize(hash);
        var segment = SegmentOf(hash);
        if (!segment.Remove(item, hash)) return false;

        Volatile.Write(ref _count, _count - 1);
        if (_count == 0)
            _directory = [new(MinimumCapacity, 0)];
        else if (segment.Live < segment.Capacity >> 3)
            Shrink(segment, hash);
        return true;
    }

    /// <summary>Enumerates items in order of their hashes' leading bits.</summary>
    /// <remarks>Items that stay during the enumeration are seen once. Those added or removed meanwhile may be seen or not.</remarks>
    public HashTableCursor<T> GetCursor() => new(this);

    /// <summary>The segment that holds the items with a hash.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal HashSegment<T> SegmentOf(uint hash)
    {
        var directory = _directory;
        return Volatile.Read(ref directory[IndexOf(hash, BitOperations.Log2((uint)directory.Length))]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int IndexOf(uint hash, int depth) => (int)((ulong)hash >> (32 - depth));

    // Full: many items removed, so lay it out anew; or small, so double it; or split it.
    private void MakeRoom(HashSegment<T> segment, uint hash)
    {
        if (segment.Live <= segment.Capacity >> 1)
            Publish(Copy(segment, segment.Capacity, segment.Depth), hash);
        else if (segment.Capacity < MaximumCapacity || segment.Depth == MaximumDepth)
            Publish(Copy(segment, segment.Capacity * 2, segment.Depth), hash);
        else
            Split(segment, hash);
    }

    private void Split(HashSegment<T> segment, uint hash)
    {
        var depth = segment.Depth + 1;
        if (_directory.Length < 1 << depth)
        {
            var directory = new HashSegment<T>[_directory.Length * 2];
            for (var i = 0; i < directory.Length; i++) directory[i] = _directory[i >> 1];
            _directory = directory;
        }

        HashSegment<T> low = new(segment.Capacity, depth);
        HashSegment<T> high = new(segment.Capacity, depth);
        var bit = 1u << (32 - depth);
        for (var slot = 0; slot < segment.Capacity; slot++)
        {
            if (segment.ItemAt(slot, out var itemHash) is { } item)
                ((itemHash & bit) == 0 ? low : high).Insert(item, itemHash);
        }

        Publish(low, hash & ~bit);
        Publish(high, hash | bit);
    }

    // Smaller first, then together with the neighbour that differs in the last shared bit, so that a table that was large once is not for
    // ever.
    private void Shrink(HashSegment<T> segment, uint hash)
    {
        if (segment.Capacity > MinimumCapacity)
        {
            segment = Copy(segment, Math.Max(MinimumCapacity, (int)BitOperations.RoundUpToPowerOf2((uint)segment.Live * 2)), segment.Depth);
            Publish(segment, hash);
        }

        while (segment.Depth > 0)
        {
            var bit = 1u << (32 - segment.Depth);
            var neighbour = SegmentOf(hash ^ bit);
            if (neighbour.Depth != segment.Depth || neighbour.Live + segment.Live > MaximumCapacity >> 2) break;

            var capacity = Math.Max(MinimumCapacity, (int)BitOperations.RoundUpToPowerOf2((uint)(neighbour.Live + segment.Live) * 2));
            var joined = Copy(segment, capacity, segment.Depth - 1);
            CopyInto(neighbour, joined);
            Publish(joined, hash);
            segment = joined;
        }

        ShrinkDirectory();
    }

    private void ShrinkDirectory()
    {
        // Looked at only while the directory is much too large for what it holds, hence rarely in vain.
        while (_directory.Length > 1 && (long)_directory.Length * (MaximumCapacity >> 5) > _count)
        {
            var depth = BitOperations.Log2((uint)_directory.Length);
            foreach (var segment in _directory)
            {
                if (segment.Depth == depth) return;
            }

            var directory = new HashSegment<T>[_directory.Length / 2];
            for (var i = 0; i < directory.Length; i++) directory[i] = _directory[i * 2];
            _directory = directory;
        }
    }

    private static HashSegment<T> Copy(HashSegment<T> segment, int capacity, int depth)
    {
        HashSegment<T> copy = new(capacity, depth);
        CopyInto(segment, copy);
        return copy;
    }

    private static void CopyInto(HashSegment<T> source, HashSegment<T> destination)
    {
        for (var slot = 0; slot < source.Capacity; slot++)
        {
            if (source.ItemAt(slot, out var hash) is { } item) destination.Insert(item, hash);
        }
    }

    // Lets every directory element of the segment's range point at it.
    private void Publish(HashSegment<T> segment, uint hash)
    {
        var directory = _directory;
        var span = directory.Length >> segment.Depth;
        var first = IndexOf(hash, segment.Depth) * span;
        for (var i = first; i < first + span; i++) Volatile.Write(ref directory[i], segment);
    }

    /// <summary>A look-up under way.</summary>
    internal ref struct Probe
    {
        private readonly HashSegment<T> _segment;
        private readonly uint _hash;
        private int _slot;
        private int _steps;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Probe(HashSegment<T> segment, uint hash)
        {
            _segment = segment;
            _hash = hash;
            _slot = segment.Home(hash);
        }

        /// <summary>The next item with the hash, or null when there is none left.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T? Next() => _segment.Next(_hash, ref _slot, ref _steps);
    }
}
