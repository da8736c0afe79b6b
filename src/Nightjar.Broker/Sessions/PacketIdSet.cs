namespace Nightjar.Broker.Sessions;

/// <summary>
/// A set of packet ids: those of QoS 2 messages received and not yet released. Open addressing with linear probing over an array of 16-bit
/// ids, 0 for an empty place, at most half full; grows with what is in it, up to 256 KiB for all 65 535 ids.
/// </summary>
/// <remarks>Not thread-safe: the session's gate guards it.</remarks>
internal sealed class PacketIdSet
{
    private ushort[] _slots = new ushort[8];

    internal int Count { get; private set; }

    /// <summary>Adds an id that is not 0; false when it is there already.</summary>
    internal bool Add(ushort packetId)
    {
        if ((Count + 1) * 2 > _slots.Length) Resize(_slots.Length * 2);
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
        var mask = _slots.Length - 1;
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
        if (--Count == 0 && _slots.Length > 64) _slots = new ushort[8];
        return true;
    }

    /// <summary>Copies the ids, in no order.</summary>
    internal int CopyTo(Span<ushort> destination)
    {
        var count = 0;
        foreach (var id in _slots)
        {
            if (id != 0) destination[count++] = id;
        }

        return count;
    }

    private int Find(ushort packetId)
    {
        var mask = _slots.Length - 1;
        var index = HomeOf(packetId);
        while (_slots[index] != 0 && _slots[index] != packetId) index = (index + 1) & mask;
        return index;
    }

    // Ids are handed out in sequence, so the low bits alone spread them evenly.
    private int HomeOf(ushort packetId) => packetId & (_slots.Length - 1);

    private void Resize(int size)
    {
        var old = _slots;
        _slots = new ushort[size];
        foreach (var id in old)
        {
            if (id != 0) _slots[Find(id)] = id;
        }
    }
}
