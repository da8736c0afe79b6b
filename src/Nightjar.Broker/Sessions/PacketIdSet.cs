using System.Buffers;

namespace Nightjar.Broker.Sessions;

/// <summary>
/// A set of packet ids: those of QoS 2 messages received and not yet released. Open addressing with linear probing over an array of 16-bit
/// ids, 0 for an empty place, at most half full; grows with what is in it, up to 256 KiB for all 65 535 ids. Arrays that are outgrown, and a
/// large one that is empty again, go to the shared pool, so that a client whose messages come in bursts makes no garbage.
/// </summary>
/// <remarks>Not thread-safe: the session's gate guards it.</remarks>
internal sealed class PacketIdSet
{
    private const int LeastSlots = 8;
    private const int KeptSlots = 64;

    // The array may be longer than the slots in use.
    private ushort[] _slots = new ushort[LeastSlots];
    private int _mask = LeastSlots - 1;

    internal int Count { get; private set; }

    /// <summary>Adds an id that is not 0; false when it is there already.</summary>
    internal bool Add(ushort packetId)
    {
        if ((Count + 1) * 2 > _mask + 1) Resize((_mask + 1) * 2);
        var index = Find(packetId);
        if (_slots[index] == packetId) return false;
        _slots[index] = packetId;
        Count++;
        return true;
    }

    internal bool Contains(ushort packetId) => Count > 0 && _slots[Find(packetId)] == packetId;

    /// <summary>Removes an id; false when it is not there.</summary>
    internal bool Remove(ushort packetId)
    {
        if (Count == 0) return false;
        var mask = _mask;
        var hole = Find(packetId);
        if (_slots[hole] != packetId) return false;
        // Backward-shift deletion: whatever a probe would no longer reach across the hole moves into it.
        var index = hole;
        while (true)
        {
            index = (index + 1) & mask;
            var candidate = _slots[index];
            if (candidate == 0) break;
            var home = HomeOf(candidate);
            if (((index - home) & mask) < ((index - hole) & mask)) continue;
            _slots[hole] = candidate;
            hole = index;
        }

        _slots[hole] = 0;
        if (--Count == 0 && _mask >= KeptSlots) Resize(KeptSlots);
        return true;
    }

    /// <summary>Copies the ids, in no order.</summary>
    internal int CopyTo(Span<ushort> destination)
    {
        var count = 0;
        foreach (var id in _slots.AsSpan(0, _mask + 1))
        {
            if (id != 0) destination[count++] = id;
        }

        return count;
    }

    private int Find(ushort packetId)
    {
        var mask = _mask;
        var index = HomeOf(packetId);
        while (_slots[index] != 0 && _slots[index] != packetId) index = (index + 1) & mask;
        return index;
    }

    // Ids are handed out in sequence, so the low bits alone spread them evenly.
    private int HomeOf(ushort packetId) => packetId & _mask;

    private void Resize(int size)
    {
        var old = _slots;
        var oldSize = _mask + 1;
        _slots = ArrayPool<ushort>.Shared.Rent(size);
        _mask = size - 1;
        _slots.AsSpan(0, size).Clear();
        foreach (var id in old.AsSpan(0, oldSize))
        {
            if (id != 0) _slots[Find(id)] = id;
        }

        if (oldSize > LeastSlots) ArrayPool<ushort>.Shared.Return(old);
    }
}
