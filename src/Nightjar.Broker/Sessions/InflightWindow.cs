using System.Buffers;
using System.Diagnostics;
using Nightjar.Protocol;
using Nightjar.Transport;

namespace Nightjar.Broker.Sessions;

/// <summary>What an in-flight message waits for.</summary>
internal enum InflightState : byte
{
    /// <summary>The place is free.</summary>
    None,

    /// <summary>PUBLISH QoS 1 sent.</summary>
    AwaitingPubAck,

    /// <summary>PUBLISH QoS 2 sent.</summary>
    AwaitingPubRec,

    /// <summary>PUBREL sent; the message itself is no longer held.</summary>
    AwaitingPubComp,
}

/// <summary>One message in flight to a client.</summary>
internal struct InflightEntry
{
    internal Delivery Delivery;
    internal ushort PacketId;
    internal InflightState State;
}

/// <summary>
/// The QoS 1 and 2 messages sent to one client and not yet acknowledged. Packet ids count up from 1; the entry of an id stands at
/// <c>id mod capacity</c>, so that finding one is an index and acknowledgements may come in any order. An id whose place is taken by an older
/// one is passed over; the table doubles only when it is full, so one message that is never acknowledged costs nothing. Tables that are outgrown, and
/// a large one of which little was needed between two times at which it was empty, go to the shared pool, so that clients that are behind now and
/// then make no garbage, and those that are behind all the time do not make their table anew.
/// </summary>
/// <remarks>Not thread-safe: the session's gate guards it. Every operation is O(1) but <see cref="CopyInOrder"/>.</remarks>
internal sealed class InflightWindow
{
    // Few, so that who has one message in flight after the other finds them in the same cache lines. The pool's arrays are no shorter than the second.
    private const int LeastCapacity = 2;
    private const int SecondCapacity = 16;

    // What is left of a table of more than the second when it is empty.
    private const int KeptCapacity = 64;
    private const int MostKeptWhenEmpty = 512;

    // The array may be longer than the places in use.
    private InflightEntry[] _entries = new InflightEntry[LeastCapacity];
    private int _mask = LeastCapacity - 1;
    private ushort _lastId;

    // The last id when nothing was in flight last, looked at for large tables only.
    private ushort _lastWhenEmpty;

    internal int Count { get; private set; }

    /// <summary>Places for messages that there are at present.</summary>
    internal int Capacity => _mask + 1;

    /// <summary>Sum of the sizes of the messages held.</summary>
    internal long Bytes { get; private set; }

    /// <summary>Takes a message in and gives it a non-zero, unused packet id [MQTT-2.2.1-4]. The caller keeps <see cref="Count"/> below 65 535.</summary>
    internal ref InflightEntry Add(in Delivery delivery, InflightState state)
    {
        ref var entry = ref Add(delivery.Message.Size, state);
        entry.Delivery = delivery;
        return ref entry;
    }

    /// <summary>As <see cref="Add(in Delivery, InflightState)"/>, with an empty delivery that the caller fills in: it is large to be copied.</summary>
    /// <param name="size">Size of its message.</param>
    /// <param name="state">What it waits for.</param>
    internal ref InflightEntry Add(int size, InflightState state)
    {
        var id = _lastId = NextId();
        ref var entry = ref _entries[id & _mask];
        entry.PacketId = id;
        entry.State = state;
        Count++;
        Bytes += size;
        return ref entry;
    }

    /// <summary>The packet id that the next <see cref="Add"/> gives.</summary>
    internal ushort NextId()
    {
        var mask = _mask;
        if (Count > mask)
        {
            Resize(Math.Max((mask + 1) * 2, SecondCapacity));
            mask = _mask;
        }

        var id = _lastId;
        do
        {
            if (++id == 0) id = 1;
        }
        while (_entries[id & mask].State != InflightState.None);
        return id;
    }

    /// <summary>Takes in a message that was in flight before the broker was started, with the id it had; ids go on from there.</summary>
    /// <returns>False when the id is 0 or in use.</returns>
    internal bool TryRestore(in Delivery delivery, InflightState state, ushort packetId)
    {
        if (packetId == 0) return false;
        Find(packetId, out var found);
        if (found) return false;
        // Of ids that differ, 65 536 places hold each at its own.
        while (_entries[packetId & _mask].State != InflightState.None) Resize((_mask + 1) * 2);
        _entries[packetId & _mask] = new InflightEntry { Delivery = delivery, PacketId = packetId, State = state };
        Count++;
        if (delivery.Message is not null) Bytes += delivery.Message.Size;
        _lastId = packetId;
        return true;
    }

    /// <summary>Finds the entry of an id; <paramref name="found"/> false (and an entry of no meaning) when it is not in flight.</summary>
    internal ref InflightEntry Find(ushort packetId, out bool found)
    {
        ref var entry = ref _entries[packetId & _mask];
        found = entry.State != InflightState.None && entry.PacketId == packetId;
        return ref entry;
    }

    /// <summary>The entry of an id will be asked for soon, and its message let go.</summary>
    internal void Expect(ushort packetId) => Prefetch.FirstLines(_entries[packetId & _mask].Delivery.Message, lines: 2);

    /// <summary>Lets go of the message of an entry that goes on as <see cref="InflightState.AwaitingPubComp"/> [MQTT-4.3.3-6].</summary>
    internal void ReleaseMessage(ref InflightEntry entry)
    {
        if (entry.Delivery.Message is null) return;
        Bytes -= entry.Delivery.Message.Size;
        entry.Delivery.Message.Release();
        entry.Delivery.Message = null!;
    }

    /// <summary>Removes an entry; its message, if it still has one, is released.</summary>
    internal void Remove(ref InflightEntry entry)
    {
        Debug.Assert(entry.State != InflightState.None, "An empty entry was removed.");
        ReleaseMessage(ref entry);
        entry = default;
        if (--Count == 0 && _mask >= MostKeptWhenEmpty) ShrinkUnlessNeeded();
    }

    /// <summary>The packet ids in flight in the order of their first sending.</summary>
    internal ushort[] CopyInOrder()
    {
        var ids = new ushort[Count];
        var numbers = new long[Count];
        var count = 0;
        foreach (ref var entry in _entries.AsSpan(0, _mask + 1))
        {
            if (entry.State == InflightState.None) continue;
            ids[count] = entry.PacketId;
            numbers[count++] = entry.Delivery.Number;
        }

        Array.Sort(numbers, ids);
        return ids;
    }

    // So many ids were given since, so no more were in flight at once.
    private void ShrinkUnlessNeeded()
    {
        var given = (ushort)(_lastId - _lastWhenEmpty);
        _lastWhenEmpty = _lastId;
        if (given <= (_mask + 1) / 8) Resize(KeptCapacity);
    }

    // Two ids that differ modulo the old size differ modulo a larger one.
    private void Resize(int size)
    {
        var old = _entries;
        var places = _mask + 1;
        var entries = ArrayPool<InflightEntry>.Shared.Rent(size);
        entries.AsSpan(0, size).Clear();
        foreach (ref var entry in old.AsSpan(0, Count == 0 ? 0 : places))
        {
            if (entry.State != InflightState.None) entries[entry.PacketId & (size - 1)] = entry;
        }

        _entries = entries;
        _mask = size - 1;
        // Cleared of what was copied: who gets the array next must not keep these messages alive.
        if (places > LeastCapacity) ArrayPool<InflightEntry>.Shared.Return(old, clearArray: Count > 0);
    }
}
