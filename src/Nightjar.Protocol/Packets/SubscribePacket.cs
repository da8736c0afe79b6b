using System.Buffers.Binary;

namespace Nightjar.Protocol;

/// <summary>SUBSCRIBE (§3.8).</summary>
/// <remarks>
/// <code>
/// two bytes    Packet Identifier
/// block        properties, v5 only
/// then, at least once:
///   string     Topic Filter
///   byte       reserved (2 bits), Retain Handling (2 bits), Retain As Published, No Local, Maximum QoS (2 bits); only the QoS before v5
/// </code>
/// </remarks>
public readonly ref struct SubscribePacket
{
    private const byte QoSMask = 0b0000_0011;
    private const byte NoLocalFlag = 0b0000_0100;
    private const byte RetainHandlingMask = 0b0011_0000;
    private const byte ReservedMask = 0b1100_0000;

    private readonly ReadOnlySpan<byte> _entries;
    private readonly byte _optionsMask;

    private SubscribePacket(
        ProtocolVersion version, ushort packetId, uint subscriptionIdentifier, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> entries,
        int entryCount)
    {
        _optionsMask = version == ProtocolVersion.Mqtt50 ? (byte)0xFF : QoSMask;
        PacketId = packetId;
        SubscriptionIdentifier = subscriptionIdentifier;
        Properties = properties;
        _entries = entries;
        EntryCount = entryCount;
    }

    /// <summary>Packet Identifier, not 0.</summary>
    public ushort PacketId { get; }

    /// <summary>Subscription Identifier of all entries, 1 to 268 435 455; 0 when there is none.</summary>
    public uint SubscriptionIdentifier { get; }

    /// <summary>The properties as they were received, without the Property Length.</summary>
    public ReadOnlySpan<byte> Properties { get; }

    /// <summary>The User Properties in order.</summary>
    public UserPropertyEnumerable UserProperties => new(Properties);

    /// <summary>How many entries there are, at least 1.</summary>
    public int EntryCount { get; }

    /// <summary>The entries in order, for foreach: every one was judged before <see cref="TryRead"/> returned true.</summary>
    public Enumerator GetEnumerator() => new(_entries, _optionsMask);

    /// <summary>Reads a SUBSCRIBE and judges every entry.</summary>
    /// <param name="frame">A frame of type SUBSCRIBE.</param>
    /// <param name="version">The version of the connection.</param>
    /// <param name="packet">Views of the frame.</param>
    /// <param name="error">Set when false is returned: 0x81 for wrong flags [MQTT-3.8.1-1], reserved options [MQTT-3.8.3-5] and what cannot
    /// be parsed; 0x82 for Packet Identifier 0, no entry [MQTT-3.8.3-2], QoS 3, Retain Handling 3, No Local on a shared subscription
    /// [MQTT-3.8.3-4] and Subscription Identifier 0; 0x8F for a filter against the syntax.</param>
    /// <returns>Whether the packet is valid.</returns>
    /// <remarks>Linear, does not throw or allocate. 3.1 lets the DUP flag and the unused option bits pass.</remarks>
    public static bool TryRead(in Frame frame, ProtocolVersion version, out SubscribePacket packet, out ProtocolError error)
    {
        var reader = new BodyReader(in frame);
        packet = default;
        ReadOnlySpan<byte> properties = default;
        uint identifier = 0;
        bool valid = reader.TryCheckRequestHeader(in frame, version, PacketType.Subscribe, Rule.SubscribeFlags);
        valid = reader.TryReadPacketIdAfter(valid, out ushort packetId)
            && (version < ProtocolVersion.Mqtt50 || TryReadProperties(ref reader, out properties, out identifier));

        ReadOnlySpan<byte> entries = valid ? reader.Rest : default;
        valid = valid && (!reader.AtEnd || reader.Fail(ReasonCode.ProtocolError, Rule.SubscribeEmpty));

        int count = 0;
        while (valid && !reader.AtEnd)
        {
            valid = TryReadEntry(ref reader, version);
            count++;
        }

        error = reader.Error;
        if (valid) packet = new SubscribePacket(version, packetId, identifier, properties, entries, count);
        return valid;
    }

    private static bool TryReadProperties(scoped ref BodyReader reader, out ReadOnlySpan<byte> block, out uint identifier)
    {
        identifier = 0;
        if (!reader.TryReadPropertyBlock(out block, out int offset)) return false;

        var properties = new PropertyReader(block, offset, PropertyScope.Subscribe);
        while (properties.TryRead())
        {
            if (properties.Id == PropertyId.SubscriptionIdentifier) identifier = properties.Number;
        }

        return properties.IsValid || reader.Fail(properties.Error);
    }

    private static bool TryReadEntry(scoped ref BodyReader reader, ProtocolVersion version)
    {
        if (!reader.TryReadTopicFilter(out ReadOnlySpan<byte> topicFilter)) return false;

        int offset = reader.Offset;
        if (!reader.TryReadByte(out byte options)) return false;
        ProtocolError error = version < ProtocolVersion.Mqtt50
            ? CheckOptionsBefore5(options, version, offset)
            : CheckOptions(options, topicFilter, offset);
        return error.ReasonCode == ReasonCode.Success || reader.Fail(error);
    }

    private static ProtocolError CheckOptionsBefore5(byte options, ProtocolVersion version, int offset)
    {
        // 3.1 calls the upper six bits unused; 3.1.1 forbids them [MQTT-3.8.3-4 v3.1.1].
        bool wrong = version == ProtocolVersion.Mqtt31 ? (options & QoSMask) == QoSMask : options > (byte)QualityOfService.ExactlyOnce;
        return wrong ? new ProtocolError(ReasonCode.MalformedPacket, Rule.SubscribeReservedBits, offset) : default;
    }

    private static ProtocolError CheckOptions(byte options, ReadOnlySpan<byte> topicFilter, int offset)
    {
        if ((options & ReservedMask) != 0) return new ProtocolError(ReasonCode.MalformedPacket, Rule.SubscribeReservedBits, offset);
        if ((options & QoSMask) == QoSMask) return new ProtocolError(ReasonCode.ProtocolError, Rule.MaximumQoSRange, offset);
        if ((options & RetainHandlingMask) == RetainHandlingMask)
            return new ProtocolError(ReasonCode.ProtocolError, Rule.RetainHandlingRange, offset);
        return (options & NoLocalFlag) != 0 && SharedSubscription.IsShared(topicFilter)
            ? new ProtocolError(ReasonCode.ProtocolError, Rule.NoLocalShared, offset)
            : default;
    }

    /// <summary>Walks the entries once; no allocation.</summary>
    public ref struct Enumerator
    {
        private readonly byte _optionsMask;
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> entries, byte optionsMask)
        {
            _rest = entries;
            _optionsMask = optionsMask;
            Current = default;
        }

        /// <summary>The entry that was moved to.</summary>
        public SubscribeEntry Current { get; private set; }

        /// <summary>Moves to the next entry.</summary>
        public bool MoveNext()
        {
            if (_rest.IsEmpty) return false;
            int length = BinaryPrimitives.ReadUInt16BigEndian(_rest);
            Current = new SubscribeEntry(_rest.Slice(2, length), (byte)(_rest[2 + length] & _optionsMask));
            _rest = _rest[(3 + length)..];
            return true;
        }
    }
}
