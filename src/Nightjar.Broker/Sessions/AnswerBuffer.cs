using Nightjar.Protocol;

namespace Nightjar.Broker.Sessions;

/// <summary>
/// The acknowledgements that a batch has for the client it came from: gathered here, and written under one hold of the client's gate instead of one
/// for each. One per thread; empty between batches.
/// </summary>
internal sealed class AnswerBuffer
{
    private const int Capacity = 1024;
    private const int LeastLength = 4;
    private readonly byte[] _frames = new byte[Capacity];
    private readonly long[] _tickets = new long[Capacity / LeastLength];
    private int _length;
    private int _count;
    private PacketType _type;
    private bool _isOfOneType = true;

    /// <summary>Whole packets, one behind the other.</summary>
    internal ReadOnlySpan<byte> Frames => _frames.AsSpan(0, _length);

    /// <summary>Whether another one fits.</summary>
    internal bool HasRoom => _length <= Capacity - AcknowledgementWriter.MaximumBareLength;

    /// <summary>For each packet the ticket of the store that it waits for, 0 for none; of no meaning while <see cref="NewestTicket"/> is 0.</summary>
    internal ReadOnlySpan<long> Tickets => _tickets.AsSpan(0, _count);

    /// <summary>Packets.</summary>
    internal int Count => _count;

    /// <summary>The type of all packets; Reserved when they differ or there are none.</summary>
    internal PacketType Type => _isOfOneType && _count > 0 ? _type : PacketType.Reserved;

    /// <summary>The newest of them.</summary>
    internal long NewestTicket { get; private set; }

    /// <summary>PUBACKs that wait for the store.</summary>
    internal int WaitingPubAcks { get; private set; }

    /// <summary>Puts an acknowledgement at the end; only while there is room.</summary>
    internal void Add(PacketType type, ushort packetId, ProtocolVersion version, ReasonCode reasonCode, long ticket)
    {
        _length += AcknowledgementWriter.Write(_frames.AsSpan(_length), type, packetId, version, reasonCode);
        _isOfOneType &= _count == 0 || type == _type;
        _type = type;
        _count++;
        // Without a store there are none.
        if (ticket == 0 && NewestTicket == 0) return;
        AddTicket(type, ticket);
    }

    private void AddTicket(PacketType type, long ticket)
    {
        if (NewestTicket == 0) _tickets.AsSpan(0, _count).Clear();
        _tickets[_count - 1] = ticket;
        if (ticket == 0) return;
        NewestTicket = Math.Max(NewestTicket, ticket);
        if (type == PacketType.PubAck) WaitingPubAcks++;
    }

    internal void Clear()
    {
        _length = _count = WaitingPubAcks = 0;
        NewestTicket = 0;
        _isOfOneType = true;
    }
}
