using System.Runtime.CompilerServices;

namespace Nightjar.Broker.Collections;

/// <summary>One open-addressed piece of a <see cref="HashTable{T}"/>: slots of a hash and an item, probed linearly.</summary>
/// <remarks>Writers are serialised by the owner; readers take no lock. An item never moves inside its segment, so that a probe which runs
/// beside a change cannot step over it; a segment that must be re-laid out is replaced by a new one and left as it was for those who still
/// read it.</remarks>
internal sealed class HashSegment<T>
    where T : class
{
    /// <summary>Slot that was never used: ends a probe.</summary>
    private const uint Empty = 0;

    /// <summary>Slot whose item was removed: a probe goes on behind it.</summary>
    private const uint Removed = 1;

    private const uint FirstHash = 2;

    // Written by the owner's writer only. A slot's item is published before its hash and taken away after it.
    private readonly uint[] _hashes;
    private readonly T?[] _items;
    private int _used;

    /// <summary>Makes an empty segment.</summary>
    /// <param name="capacity">Number of slots, a power of two.</param>
    /// <param name="depth">How many leading hash bits all items of this segment share.</param>
    public HashSegment(int capacity, int depth)
    {
        _hashes = new uint[capacity];
        _items = new T?[capacity];
        Depth = depth;
    }

    /// <summary>How many leading hash bits all items of this segment share.</summary>
    public int Depth { get; }

    /// <summary>Items held. For the writer.</summary>
    public int Live { get; private set; }

    /// <summary>Number of slots.</summary>
    public int Capacity => _items.Length;

    /// <summary>Whether one more item needs another layout first, so that probes stay short: 13 of 16 slots are used.</summary>
    public bool IsFull => _used >= _items.Length - (_items.Length >> 3) - (_items.Length >> 4);

    /// <summary>Two hash values mean "empty" and "removed" here; items that have them get others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Normalize(uint hash) => hash < FirstHash ? hash + FirstHash : hash;

    /// <summary>First slot of a probe.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Home(uint hash) => (int)hash & (_hashes.Length - 1);

    /// <summary>Finds the next item with a hash, beginning at a slot.</summary>
    /// <param name="hash">The hash as <see cref="Normalize"/> gives it.</param>
    /// <param name="slot">Where to begin; afterwards the slot behind the item.</param>
    /// <param name="steps">How many slots were looked at in this probe; a probe ends when all were.</param>
    /// <returns>The item, or null when there is no further one.</returns>
    public T? Next(uint hash, ref int slot, ref int steps)
    {
        var hashes = _hashes;
        var items = _items;
        while ((uint)slot < (uint)hashes.Length && slot < items.Length && steps < hashes.Length)
        {
            var found = hashes[slot];
            var at = slot;
            slot = (slot + 1) & (hashes.Length - 1);
            steps++;
            if (found == hash)
            {
                if (Volatile.Read(ref items[at]) is { } item) return item;
            }
            else if (found == Empty)
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>The item in a slot, or null, with its hash; for enumeration.</summary>
    public T? ItemAt(int slot, out uint hash)
    {
        hash = _hashes[slot];
        return hash < FirstHash ? null : Volatile.Read(ref _items[slot]);
    }

    /// <summary>Puts an item into the first free slot of its probe. The segment must not be full.</summary>
    public void Insert(T item, uint hash)
    {
        var slot = Home(hash);
        while (_hashes[slot] >= FirstHash) slot = (slot + 1) & (_hashes.Length - 1);
        if (_hashes[slot] == Empty) _used++;
        Live++;
        Volatile.Write(ref _items[slot], item);
        Volatile.Write(ref _hashes[slot], hash);
    }

    /// <summary>Replaces an item by another with the same key, in its place.</summary>
    /// <returns>False when the item is not here.</returns>
    public bool Replace(T item, T replacement, uint hash)
    {
        var slot = SlotOf(item, hash);
        if (slot < 0) return false;
        Volatile.Write(ref _items[slot], replacement);
        return true;
    }

    /// <summary>Takes an item away.</summary>
    /// <returns>False when the item is not here.</returns>
    public bool Remove(T item, uint hash)
    {
        var slot = SlotOf(item, hash);
        if (slot < 0) return false;
        Live--;
        var mask = _hashes.Length - 1;
        if (_hashes[(slot + 1) & mask] == Empty)
        {
            // No probe passes here on its way to another item, so the slot and the removed ones before it may become empty again.
            Volatile.Write(ref _hashes[slot], Empty);
            _used--;
            for (var before = (slot - 1) & mask; _hashes[before] == Removed; before = (before - 1) & mask)
            {
                Volatile.Write(ref _hashes[before], Empty);
                _used--;
            }
        }
        else
        {
            Volatile.Write(ref _hashes[slot], Removed);
        }

        Volatile.Write(ref _items[slot], null);
        return true;
    }

    private int SlotOf(T item, uint hash)
    {
        var slot = Home(hash);
        for (var steps = 0; steps < _hashes.Length && _hashes[slot] != Empty; steps++)
        {
            if (ReferenceEquals(_items[slot], item)) return slot;
            slot = (slot + 1) & (_hashes.Length - 1);
        }

        return -1;
    }
}
