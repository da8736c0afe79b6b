using System.Buffers.Binary;

namespace Nightjar.Protocol;

/// <summary>UNSUBSCRIBE (§3.10).</summary>
/// <remarks>
/// <code>
/// two bytes    Packet Identifier
/// block        properties, v5 only
/// string       Topic Filter, at least once
/// </code>
/// </remarks>
public readonly ref struct UnsubscribePacket
{
    private readonly ReadOnlySpan<byte> _entries;

    private UnsubscribePacket(ushort packetId, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> entries, int entryCount)
    {
        PacketId = packetId;
        Properties = properties;
        _entries = entries;
        EntryCount = entryCount;
    }

    /// <summary>Packet Identifier, not 0.</summary>
    public ushort PacketId { get; }

    /// <summary>The properties as they were received, without the Property Length.</summary>
    public ReadOnlySpan<byte> Properties { get; }

    /// <summary>The User Properties in order.</summary>
    public UserPropertyEnumerable UserProperties => new(Properties);

    /// <summary>How many Topic Filters there are, at least 1.</summary>
    public int EntryCount { get; }

    /// <summary>The Topic Filters in order, for foreach: every one was judged before <see cref="TryRead"/> returned true.</summary>
    public Enumerator GetEnumerator() => new(_entries);

    /// <summary>Reads an UNSUBSCRIBE and judges every Topic Filter.</summary>
    /// <param name="frame">A frame of type UNSUBSCRIBE.</param>
    /// <param name="version">The version of the connection.</param>
    /// <param name="packet">Views of the frame.</param>
    /// <param name="error">Set when false is returned: 0x81 for wrong flags [MQTT-3.10.1-1] and what cannot be parsed, 0x82 for Packet
    /// Identifier 0 and no filter [MQTT-3.10.3-2], 0x8F for a filter against the syntax.</param>
    /// <returns>Whether the packet is valid.</returns>
    /// <remarks>Linear, does not throw or allocate. 3.1 lets the DUP flag pass.</remarks>
    public static bool TryRead(in Frame frame, ProtocolVersion version, out UnsubscribePacket packet, out ProtocolError error)
    {
        var reader = new BodyReader(in frame);
        packet = default;
        ReadOnlySpan<byte> properties = default;
        bool valid = reader.TryCheckRequestHeader(in frame, version, PacketType.Unsubscribe, Rule.UnsubscribeFlags);
        valid = reader.TryReadPacketIdAfter(valid, out ushort packetId)
            && (version < ProtocolVersion.Mqtt50 || reader.TryReadReasonProperties(PropertyScope.Unsubscribe, out properties, out _));

        ReadOnlySpan<byte> entries = valid ? reader.Rest : default;
        valid = valid && (!reader.AtEnd || reader.Fail(ReasonCode.ProtocolError, Rule.UnsubscribeEmpty));

        int count = 0;
        while (valid && !reader.AtEnd)
        {
            valid = reader.TryReadTopicFilter(out _);
            count++;
        }

        error = reader.Error;
        if (valid) packet = new UnsubscribePacket(packetId, properties, entries, count);
        return valid;
    }

    /// <summary>Walks the Topic Filters once; no allocation.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> entries)
        {
            _rest = entries;
            Current = default;
        }

        /// <summary>The Topic Filter that was moved to.</summary>
        public ReadOnlySpan<byte> Current { get; private set; }

        /// <summary>Moves to the next Topic Filter.</summary>
        public bool MoveNext()
        {
            if (_rest.IsEmpty) return false;
            int length = BinaryPrimitives.ReadUInt16BigEndian(_rest);
            Current = _rest.Slice(2, length);
            _rest = _rest[(2 + length)..];
            return true;
        }
    }
}
