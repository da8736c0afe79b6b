using System.Buffers.Binary;

namespace Nightjar.Protocol;

/// <summary>PUBACK, PUBREC, PUBREL and PUBCOMP (§3.4 to §3.7): one form, four meanings.</summary>
/// <remarks>
/// <code>
/// two bytes    Packet Identifier
/// byte         Reason Code, v5 only; Success when the packet ends before it
/// block        properties, v5 only; none when the packet ends before them
/// </code>
/// </remarks>
public readonly ref struct AcknowledgementPacket
{
    private AcknowledgementPacket(PacketType type, ushort packetId)
    {
        Type = type;
        PacketId = packetId;
    }

    private AcknowledgementPacket(
        PacketType type, ushort packetId, ReasonCode reasonCode, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> reasonString)
    {
        Type = type;
        PacketId = packetId;
        ReasonCode = reasonCode;
        Properties = properties;
        ReasonString = reasonString;
    }

    /// <summary>Which of the four.</summary>
    public PacketType Type { get; }

    /// <summary>Packet Identifier of the PUBLISH, not 0.</summary>
    public ushort PacketId { get; }

    /// <summary>Reason Code; Success before v5.</summary>
    public ReasonCode ReasonCode { get; }

    /// <summary>Reason String; empty when there is none.</summary>
    public ReadOnlySpan<byte> ReasonString { get; }

    /// <summary>The properties as they were received, without the Property Length.</summary>
    public ReadOnlySpan<byte> Properties { get; }

    /// <summary>The User Properties in order.</summary>
    public UserPropertyEnumerable UserProperties => new(Properties);

    /// <summary>Reads one of the four.</summary>
    /// <param name="frame">A frame of type PUBACK, PUBREC, PUBREL or PUBCOMP.</param>
    /// <param name="version">The version of the connection.</param>
    /// <param name="packet">Views of the frame.</param>
    /// <param name="error">Set when false is returned: 0x81 for wrong flags [MQTT-3.6.1-1] and what cannot be parsed, 0x82 for Packet
    /// Identifier 0 and for a Reason Code that this packet may not carry [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1]
    /// [MQTT-3.7.2-1].</param>
    /// <returns>Whether the packet is valid.</returns>
    /// <remarks>Does not throw or allocate. 3.1 sends PUBREL again with the DUP flag, which is let pass there.</remarks>
    public static bool TryRead(in Frame frame, ProtocolVersion version, out AcknowledgementPacket packet, out ProtocolError error)
    {
        ReadOnlySpan<byte> body = frame.Body;
        if (body.Length == 2
            && frame.Header is 0x40 or 0x50 or 0x62 or 0x70
            && BinaryPrimitives.ReadUInt16BigEndian(body) is ushort id and not 0)
        {
            packet = new AcknowledgementPacket(frame.Type, id);
            error = default;
            return true;
        }

        return TryReadSlow(in frame, version, out packet, out error);
    }

    private static bool TryReadSlow(in Frame frame, ProtocolVersion version, out AcknowledgementPacket packet, out ProtocolError error)
    {
        packet = default;
        var reader = new BodyReader(in frame);
        ReadOnlySpan<byte> properties = default;
        ReadOnlySpan<byte> reasonString = default;
        byte code = 0;
        bool valid = TryCheckHeader(ref reader, in frame, version)
            && reader.TryReadPacketId(out _)
            && (version == ProtocolVersion.Mqtt50 || reader.TryEnd())
            && (reader.AtEnd || TryReadReason(ref reader, frame.Type, out code))
            && (reader.AtEnd || reader.TryReadReasonProperties((ushort)(1 << (int)frame.Type), out properties, out reasonString))
            && reader.TryEnd();
        error = reader.Error;
        if (!valid) return false;

        ushort packetId = BinaryPrimitives.ReadUInt16BigEndian(frame.Body);
        packet = new AcknowledgementPacket(frame.Type, packetId, (ReasonCode)code, properties, reasonString);
        return true;
    }

    private static bool TryCheckHeader(scoped ref BodyReader reader, in Frame frame, ProtocolVersion version)
    {
        if (frame.Type is < PacketType.PubAck or > PacketType.PubComp)
            return reader.FailHeader(ReasonCode.ProtocolError, Rule.UnexpectedPacketType);

        bool isPubRel = frame.Type == PacketType.PubRel;
        int flags = version == ProtocolVersion.Mqtt31 ? frame.Flags & 0b0111 : frame.Flags;
        return flags == (isPubRel ? 0b0010 : 0)
            || reader.FailHeader(ReasonCode.MalformedPacket, isPubRel ? Rule.PubRelFlags : Rule.ReservedFlags);
    }

    private static bool TryReadReason(scoped ref BodyReader reader, PacketType type, out byte code)
    {
        ReadOnlySpan<byte> rest = reader.Rest;
        code = rest[0];
        bool known = type is PacketType.PubAck or PacketType.PubRec
            ? (ReasonCode)code is ReasonCode.Success or ReasonCode.NoMatchingSubscribers or ReasonCode.UnspecifiedError
                or ReasonCode.ImplementationSpecificError or ReasonCode.NotAuthorized or ReasonCode.TopicNameInvalid
                or ReasonCode.PacketIdentifierInUse or ReasonCode.QuotaExceeded or ReasonCode.PayloadFormatInvalid
            : (ReasonCode)code is ReasonCode.Success or ReasonCode.PacketIdentifierNotFound;
        if (known) return reader.TryReadByte(out code);
        return reader.Fail(ReasonCode.ProtocolError, type switch
        {
            PacketType.PubAck => Rule.PubAckReason,
            PacketType.PubRec => Rule.PubRecReason,
            PacketType.PubRel => Rule.PubRelReason,
            _ => Rule.PubCompReason,
        });
    }
}
