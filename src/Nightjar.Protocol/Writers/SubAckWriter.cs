namespace Nightjar.Protocol;

/// <summary>Encodes SUBACK (§3.9): one code for each entry of the SUBSCRIBE, in order [MQTT-3.9.3-1]. No allocation.</summary>
public static class SubAckWriter
{
    /// <summary>Bytes of the whole packet.</summary>
    /// <param name="version">Version of the client.</param>
    /// <param name="count">How many codes.</param>
    /// <param name="reasonString">Reason String; left out when empty and before v5.</param>
    /// <param name="userProperties">User Properties as <see cref="PropertyWriter"/> encodes them; left out before v5.</param>
    public static int Measure(
        ProtocolVersion version, int count, ReadOnlySpan<byte> reasonString = default, ReadOnlySpan<byte> userProperties = default) =>
        FieldWriter.MeasurePacket(BodyLength(version, count, FieldWriter.MeasureOptional(reasonString) + userProperties.Length));

    /// <summary>Encodes the packet. Before v5 every failure is 0x80 [MQTT-3.9.3-2 v3.1.1].</summary>
    /// <param name="destination">At least as many bytes as <see cref="Measure"/> says.</param>
    /// <param name="version">Version of the client.</param>
    /// <param name="packetId">Packet Identifier of the SUBSCRIBE.</param>
    /// <param name="codes">Granted QoS or failure of each entry.</param>
    /// <param name="reasonString">Reason String; left out when empty and before v5.</param>
    /// <param name="userProperties">User Properties as <see cref="PropertyWriter"/> encodes them; left out before v5.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(
        Span<byte> destination, ProtocolVersion version, ushort packetId, ReadOnlySpan<ReasonCode> codes,
        ReadOnlySpan<byte> reasonString = default, ReadOnlySpan<byte> userProperties = default)
    {
        int properties = FieldWriter.MeasureOptional(reasonString) + userProperties.Length;
        int position = FieldWriter.WriteHeader(destination, PacketType.SubAck, BodyLength(version, codes.Length, properties));
        position += FieldWriter.WriteUInt16(destination[position..], packetId);
        bool isVersion5 = version == ProtocolVersion.Mqtt50;
        if (isVersion5) position += FieldWriter.WriteReasonBlock(destination[position..], properties, reasonString, userProperties);
        foreach (ReasonCode code in codes)
            destination[position++] = (byte)(isVersion5 || code < ReasonCode.UnspecifiedError ? code : ReasonCode.UnspecifiedError);
        return position;
    }

    private static int BodyLength(ProtocolVersion version, int count, int properties) =>
        2 + count + (version == ProtocolVersion.Mqtt50 ? FieldWriter.MeasureBlock(properties) : 0);
}
