namespace Nightjar.Protocol;

/// <summary>UNSUBACK (§3.11): in v5 one Reason Code for each filter of the UNSUBSCRIBE, before only the Packet Identifier. Read by
/// clients.</summary>
public readonly ref struct UnsubAckPacket
{
    private readonly ReadOnlySpan<byte> _codes;

    private UnsubAckPacket(
        ushort packetId, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> reasonString, ReadOnlySpan<byte> codes)
    {
        PacketId = packetId;
        Properties = properties;
        ReasonString = reasonString;
        _codes = codes;
    }

    /// <summary>Packet Identifier of the UNSUBSCRIBE.</summary>
    public ushort PacketId { get; }

    /// <summary>Reason String; empty when there is none.</summary>
    public ReadOnlySpan<byte> ReasonString { get; }

    /// <summary>The properties as they were received, without the Property Length.</summary>
    public ReadOnlySpan<byte> Properties { get; }

    /// <summary>The User Properties in order.</summary>
    public UserPropertyEnumerable UserProperties => new(Properties);

    /// <summary>How many codes there are: at least 1 in v5, none before.</summary>
    public int Count => _codes.Length;

    /// <summary>Result for the filter at the same place of the UNSUBSCRIBE.</summary>
    public ReasonCode this[int index] => (ReasonCode)_codes[index];

    /// <summary>Reads an UNSUBACK.</summary>
    /// <param name="frame">A frame of type UNSUBACK.</param>
    /// <param name="version">The version of the connection.</param>
    /// <param name="packet">Views of the frame.</param>
    /// <param name="error">Set when false is returned: 0x81 for what cannot be parsed, 0x82 for Packet Identifier 0 and for a code that
    /// UNSUBACK may not carry [MQTT-3.11.3-2].</param>
    /// <returns>Whether the packet is valid.</returns>
    /// <remarks>Does not throw or allocate.</remarks>
    public static bool TryRead(in Frame frame, ProtocolVersion version, out UnsubAckPacket packet, out ProtocolError error)
    {
        packet = default;
        var reader = new BodyReader(in frame);
        ReadOnlySpan<byte> properties = default;
        ReadOnlySpan<byte> reasonString = default;
        bool valid = reader.TryCheckHeader(in frame, PacketType.UnsubAck, 0, Rule.ReservedFlags);
        valid = reader.TryReadPacketIdAfter(valid, out ushort packetId)
            && (version == ProtocolVersion.Mqtt50
                ? reader.TryReadReasonProperties(PropertyScope.UnsubAck, out properties, out reasonString)
                    && (!reader.AtEnd || reader.Fail(ReasonCode.MalformedPacket, Rule.Truncated))
                : reader.TryEnd());

        ReadOnlySpan<byte> codes = valid ? reader.Rest : default;
        while (valid && !reader.AtEnd)
        {
            bool allowed = IsAllowed((ReasonCode)reader.Rest[0]);
            valid = allowed ? reader.TryReadByte(out _) : reader.Fail(ReasonCode.ProtocolError, Rule.UnsubAckReason);
        }

        error = reader.Error;
        if (valid) packet = new UnsubAckPacket(packetId, properties, reasonString, codes);
        return valid;
    }

    private static bool IsAllowed(ReasonCode code) => code is ReasonCode.Success or ReasonCode.NoSubscriptionExisted
        or ReasonCode.UnspecifiedError or ReasonCode.ImplementationSpecificError or ReasonCode.NotAuthorized
        or ReasonCode.TopicFilterInvalid or ReasonCode.PacketIdentifierInUse;
}
