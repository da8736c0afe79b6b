namespace Nightjar.Protocol;

/// <summary>SUBACK (§3.9): one Reason Code for each entry of the SUBSCRIBE. Read by clients.</summary>
public readonly ref struct SubAckPacket
{
    private readonly ReadOnlySpan<byte> _codes;

    private SubAckPacket(
        ushort packetId, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> reasonString, ReadOnlySpan<byte> codes)
    {
        PacketId = packetId;
        Properties = properties;
        ReasonString = reasonString;
        _codes = codes;
    }

    /// <summary>Packet Identifier of the SUBSCRIBE.</summary>
    public ushort PacketId { get; }

    /// <summary>Reason String; empty when there is none.</summary>
    public ReadOnlySpan<byte> ReasonString { get; }

    /// <summary>The properties as they were received, without the Property Length.</summary>
    public ReadOnlySpan<byte> Properties { get; }

    /// <summary>The User Properties in order.</summary>
    public UserPropertyEnumerable UserProperties => new(Properties);

    /// <summary>How many codes there are, at least 1.</summary>
    public int Count => _codes.Length;

    /// <summary>Granted QoS, or 0x80 and above for a failure, of the entry at the same place of the SUBSCRIBE.</summary>
    public ReasonCode this[int index] => (ReasonCode)_codes[index];

    /// <summary>Reads a SUBACK.</summary>
    /// <param name="frame">A frame of type SUBACK.</param>
    /// <param name="version">The version of the connection.</param>
    /// <param name="packet">Views of the frame.</param>
    /// <param name="error">Set when false is returned: 0x81 for what cannot be parsed, 0x82 for Packet Identifier 0 and for a code that
    /// SUBACK may not carry [MQTT-3.9.3-2].</param>
    /// <returns>Whether the packet is valid.</returns>
    /// <remarks>Does not throw or allocate.</remarks>
    public static bool TryRead(in Frame frame, ProtocolVersion version, out SubAckPacket packet, out ProtocolError error)
    {
        packet = default;
        var reader = new BodyReader(in frame);
        ReadOnlySpan<byte> properties = default;
        ReadOnlySpan<byte> reasonString = default;
        bool valid = reader.TryCheckHeader(in frame, PacketType.SubAck, 0, Rule.ReservedFlags);
        valid = reader.TryReadPacketIdAfter(valid, out ushort packetId)
            && (version < ProtocolVersion.Mqtt50 || reader.TryReadReasonProperties(PropertyScope.SubAck, out properties, out reasonString))
            && (!reader.AtEnd || reader.Fail(ReasonCode.MalformedPacket, Rule.Truncated));

        ReadOnlySpan<byte> codes = valid ? reader.Rest : default;
        while (valid && !reader.AtEnd)
        {
            bool allowed = IsAllowed((ReasonCode)reader.Rest[0], version);
            valid = allowed ? reader.TryReadByte(out _) : reader.Fail(ReasonCode.ProtocolError, Rule.SubAckReason);
        }

        error = reader.Error;
        if (valid) packet = new SubAckPacket(packetId, properties, reasonString, codes);
        return valid;
    }

    private static bool IsAllowed(ReasonCode code, ProtocolVersion version)
    {
        if (code is <= ReasonCode.GrantedQoS2 or ReasonCode.UnspecifiedError) return true;
        return version == ProtocolVersion.Mqtt50
            && code is ReasonCode.ImplementationSpecificError or ReasonCode.NotAuthorized or ReasonCode.TopicFilterInvalid
                or ReasonCode.PacketIdentifierInUse or ReasonCode.QuotaExceeded or ReasonCode.SharedSubscriptionsNotSupported
                or ReasonCode.SubscriptionIdentifiersNotSupported or ReasonCode.WildcardSubscriptionsNotSupported;
    }
}
