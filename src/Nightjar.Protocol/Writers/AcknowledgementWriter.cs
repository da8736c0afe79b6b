using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Nightjar.Protocol;

/// <summary>Encodes PUBACK, PUBREC, PUBREL and PUBCOMP (§3.4 to §3.7); <see cref="AcknowledgementPacket"/> shows their form.</summary>
/// <remarks>What may be left out is left out: Success without properties is two bytes of body. No allocation.</remarks>
public static class AcknowledgementWriter
{
    /// <summary>Bytes of the longest acknowledgement without properties.</summary>
    public const int MaximumBareLength = 5;

    /// <summary>Encodes an acknowledgement without properties.</summary>
    /// <param name="destination">At least <see cref="MaximumBareLength"/> bytes.</param>
    /// <param name="type">PUBACK, PUBREC, PUBREL or PUBCOMP.</param>
    /// <param name="packetId">Packet Identifier of the PUBLISH.</param>
    /// <param name="version">Version of the connection that it goes to; only v5 has Reason Codes.</param>
    /// <param name="reasonCode">Reason Code; Success is not written.</param>
    /// <returns>Bytes written, 4 or 5.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(Span<byte> destination, PacketType type, ushort packetId, ProtocolVersion version, ReasonCode reasonCode)
    {
        bool hasReason = reasonCode != ReasonCode.Success && version == ProtocolVersion.Mqtt50;
        uint header = ((uint)type << 4) | (type == PacketType.PubRel ? 0b0010u : 0);
        uint start = (header << 24) | (hasReason ? 0x0003_0000u : 0x0002_0000u) | packetId;
        BinaryPrimitives.WriteUInt32BigEndian(destination, start);
        if (!hasReason) return 4;
        destination[4] = (byte)reasonCode;
        return 5;
    }

    /// <summary>Bytes of an acknowledgement with properties.</summary>
    /// <inheritdoc cref="Write(Span{byte}, PacketType, ushort, ProtocolVersion, ReasonCode, ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
    public static int Measure(
        ProtocolVersion version, ReasonCode reasonCode, ReadOnlySpan<byte> reasonString, ReadOnlySpan<byte> userProperties)
    {
        int properties = FieldWriter.MeasureOptional(reasonString) + userProperties.Length;
        if (version != ProtocolVersion.Mqtt50 || properties == 0)
            return version == ProtocolVersion.Mqtt50 && reasonCode != ReasonCode.Success ? 5 : 4;
        return FieldWriter.MeasurePacket(3 + FieldWriter.MeasureBlock(properties));
    }

    /// <summary>Encodes an acknowledgement.</summary>
    /// <param name="destination">At least as many bytes as Measure says.</param>
    /// <param name="type">PUBACK, PUBREC, PUBREL or PUBCOMP.</param>
    /// <param name="packetId">Packet Identifier of the PUBLISH.</param>
    /// <param name="version">Version of the connection that it goes to; only v5 has Reason Codes and properties.</param>
    /// <param name="reasonCode">Reason Code.</param>
    /// <param name="reasonString">Reason String; left out when empty.</param>
    /// <param name="userProperties">User Properties as <see cref="PropertyWriter"/> encodes them; may be empty.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(
        Span<byte> destination, PacketType type, ushort packetId, ProtocolVersion version, ReasonCode reasonCode,
        ReadOnlySpan<byte> reasonString, ReadOnlySpan<byte> userProperties)
    {
        int properties = FieldWriter.MeasureOptional(reasonString) + userProperties.Length;
        if (version != ProtocolVersion.Mqtt50 || properties == 0) return Write(destination, type, packetId, version, reasonCode);

        int position = FieldWriter.WriteHeader(destination, type, 3 + FieldWriter.MeasureBlock(properties));
        position += FieldWriter.WriteUInt16(destination[position..], packetId);
        destination[position++] = (byte)reasonCode;
        return position + FieldWriter.WriteReasonBlock(destination[position..], properties, reasonString, userProperties);
    }
}
