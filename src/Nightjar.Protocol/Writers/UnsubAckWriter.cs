namespace Nightjar.Protocol;

/// <summary>Encodes UNSUBACK (§3.11): in v5 one code for each filter of the UNSUBSCRIBE, in order [MQTT-3.11.3-1]; before v5 none. No
/// allocation.</summary>
public static class UnsubAckWriter
{
    /// <summary>Bytes of the whole packet.</summary>
    /// <param name="version">Version of the client.</param>
    /// <param name="count">How many codes; not written before v5.</param>
    /// <param name="reasonString">Reason String; left out when empty and before v5.</param>
    /// <param name="userProperties">User Properties as <see cref="PropertyWriter"/> encodes them; left out before v5.</param>
    public static int Measure(
        ProtocolVersion version, int count, ReadOnlySpan<byte> reasonString = default, ReadOnlySpan<byte> userProperties = default) =>
        FieldWriter.MeasurePacket(BodyLength(version, count, FieldWriter.MeasureOptional(reasonString) + userProperties.Length));

    /// <summary>Encodes the packet.</summary>
    /// <param name="destination">At least as many bytes as <see cref="Measure"/> says.</param>
    /// <param name="version">Version of the client.</param>
    /// <param name="packetId">Packet Identifier of the UNSUBSCRIBE.</param>
    /// <param name="codes">Result for each filter; not written before v5.</param>
    /// <param name="reasonString">Reason String; left out when empty and before v5.</param>
    /// <param name="userProperties">User Properties as <see cref="PropertyWriter"/> encodes them; left out before v5.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(
        Span<byte> destination, ProtocolVersion version, ushort packetId, ReadOnlySpan<ReasonCode> codes,
        ReadOnlySpan<byte> reasonString = default, ReadOnlySpan<byte> userProperties = default)
    {
        int properties = FieldWriter.MeasureOptional(reasonString) + userProperties.Length;
        int position = FieldWriter.WriteHeader(destination, PacketType.UnsubAck, BodyLength(version, codes.Length, properties));
        position += FieldWriter.WriteUInt16(destination[position..], packetId);
        if (version != ProtocolVersion.Mqtt50) return position;

        position += FieldWriter.WriteReasonBlock(destination[position..], properties, reasonString, userProperties);
        foreach (ReasonCode code in codes) destination[position++] = (byte)code;
        return position;
    }

    private static int BodyLength(ProtocolVersion version, int count, int properties) =>
        version == ProtocolVersion.Mqtt50 ? 2 + FieldWriter.MeasureBlock(properties) + count : 2;
}
