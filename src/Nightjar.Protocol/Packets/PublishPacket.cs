using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Nightjar.Protocol;

/// <summary>PUBLISH (§3.3): an Application Message on its way.</summary>
/// <remarks>
/// <code>
/// flags        DUP, QoS (2 bits), RETAIN
/// string       Topic Name
/// two bytes    Packet Identifier, at QoS 1 and 2 only
/// block        properties, v5 only
/// the rest     Application Message
/// </code>
/// </remarks>
public ref struct PublishPacket
{
    private byte _flags;

    /// <summary>Whether this may be a re-delivery; never at QoS 0 [MQTT-3.3.1-2].</summary>
    public readonly bool Dup => (_flags & 0b1000) != 0;

    /// <summary>Quality of Service.</summary>
    public readonly QualityOfService QoS => (QualityOfService)((_flags >> 1) & 0b11);

    /// <summary>Whether the server is to keep the message for later subscribers.</summary>
    public readonly bool Retain => (_flags & 0b0001) != 0;

    /// <summary>Topic Name; empty only in v5 with a Topic Alias.</summary>
    public ReadOnlySpan<byte> TopicName { readonly get; private set; }

    /// <summary>Packet Identifier; 0 at QoS 0.</summary>
    public ushort PacketId { readonly get; private set; }

    /// <summary>Properties; none before v5.</summary>
    public PublishProperties Properties { readonly get; private set; }

    /// <summary>Application Message. Whether it is the UTF-8 that the Payload Format Indicator says is not checked.</summary>
    public ReadOnlySpan<byte> Payload { readonly get; private set; }

    /// <summary>Reads a PUBLISH and judges all that can be judged without the state of a connection.</summary>
    /// <param name="frame">A frame of type PUBLISH.</param>
    /// <param name="version">The version of the connection.</param>
    /// <param name="direction">Who sent it: only a server sends Subscription Identifiers [MQTT-3.3.4-6].</param>
    /// <param name="packet">Views of the frame.</param>
    /// <param name="error">Set when false is returned: 0x81 for what cannot be parsed, QoS 3 and DUP at QoS 0; 0x82 for Packet Identifier 0
    /// and an empty topic without alias; 0x90 for a wildcard in the topic; 0x94 for Topic Alias 0; and what properties may break.</param>
    /// <returns>Whether the packet is valid.</returns>
    /// <remarks>Does not throw or allocate.</remarks>
    public static bool TryRead(
        in Frame frame, ProtocolVersion version, PacketDirection direction, out PublishPacket packet, out ProtocolError error)
    {
        ReadOnlySpan<byte> body = frame.Body;
        if (body.Length < 2 || !IsValidHeader(frame.Header)) return Fail(in frame, out packet, out error);

        int position = 2 + BinaryPrimitives.ReadUInt16BigEndian(body);
        if (position > body.Length) return Fail(in frame, out packet, out error);

        ReadOnlySpan<byte> topicName = body[2..position];
        if (!Utf8Text.IsValidWithoutWildcards(topicName)) return Fail(in frame, out packet, out error);

        ushort packetId = 0;
        if ((frame.Header & 0b0110) != 0)
        {
            if (!BinaryPrimitives.TryReadUInt16BigEndian(body[position..], out packetId) || packetId == 0)
                return Fail(in frame, out packet, out error);
            position += 2;
        }

        if (version < ProtocolVersion.Mqtt50)
        {
            if (topicName.IsEmpty) return Fail(in frame, out packet, out error);
            Fill(out packet, frame.Flags, topicName, packetId, body[position..]);
            error = default;
            return true;
        }

        if (position < body.Length && body[position] == 0 && !topicName.IsEmpty)
        {
            Fill(out packet, frame.Flags, topicName, packetId, body[(position + 1)..]);
            error = default;
            return true;
        }

        return TryReadWithProperties(in frame, position, direction, topicName, packetId, out packet, out error);
    }

    /// <summary>Fills a packet where it is: one that is made and then copied is read before its parts have come out of the processor's
    /// store buffer, which stops it for a dozen cycles each time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fill(out PublishPacket packet, byte flags, ReadOnlySpan<byte> topicName, ushort packetId, ReadOnlySpan<byte> payload)
    {
        packet = default;
        packet._flags = flags;
        packet.TopicName = topicName;
        packet.PacketId = packetId;
        packet.Payload = payload;
    }

    /// <summary>PUBLISH, not DUP at QoS 0 [MQTT-3.3.1-2], not QoS 3 [MQTT-3.3.1-4]: one bit for each of the sixteen values of the
    /// flags.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsValidHeader(byte header) =>
        header >> 4 == (int)PacketType.Publish && ((0b0011_1100_0011_1111 >> (header & 0x0F)) & 1) != 0;

    private static bool TryReadWithProperties(
        in Frame frame, int position, PacketDirection direction, ReadOnlySpan<byte> topicName, ushort packetId,
        out PublishPacket packet, out ProtocolError error)
    {
        packet = default;
        var reader = new BodyReader(in frame, position);
        if (!reader.TryReadPropertyBlock(out ReadOnlySpan<byte> block, out int offset))
        {
            error = reader.Error;
            return false;
        }

        if (!PublishProperties.TryRead(block, offset, PropertyScope.Publish, direction, out PublishProperties properties, out error))
            return false;

        if (topicName.IsEmpty && !properties.HasTopicAlias)
        {
            error = new ProtocolError(ReasonCode.ProtocolError, Rule.EmptyTopicWithoutAlias, frame.BodyOffset);
            return false;
        }

        Fill(out packet, frame.Flags, topicName, packetId, reader.Rest);
        packet.Properties = properties;
        return true;
    }

    /// <summary>Finds out what is wrong with a packet that the fast path refused; the order is that of the bytes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool Fail(in Frame frame, out PublishPacket packet, out ProtocolError error)
    {
        packet = default;
        var reader = new BodyReader(in frame);
        _ = TryCheckFlags(ref reader, in frame) && TryCheckFields(ref reader, in frame);
        error = reader.Error;
        return false;
    }

    private static bool TryCheckFlags(scoped ref BodyReader reader, in Frame frame)
    {
        if (frame.Type != PacketType.Publish) return reader.FailHeader(ReasonCode.ProtocolError, Rule.UnexpectedPacketType);
        return (frame.Flags & 0b0110) == 0b0110
            ? reader.FailHeader(ReasonCode.MalformedPacket, Rule.PublishQoSRange)
            : (frame.Flags & 0b1110) != 0b1000 || reader.FailHeader(ReasonCode.MalformedPacket, Rule.DupAtQoS0);
    }

    private static bool TryCheckFields(scoped ref BodyReader reader, in Frame frame)
    {
        if (!reader.TryReadString(out ReadOnlySpan<byte> topicName)) return false;
        if (TopicFilter.HasWildcard(topicName)) return reader.Fail(ReasonCode.TopicNameInvalid, Rule.TopicNameWildcard);
        if ((frame.Flags & 0b0110) != 0 && !reader.TryReadPacketId(out _)) return false;
        return reader.Fail(ReasonCode.ProtocolError, Rule.TopicEmpty);
    }
}
