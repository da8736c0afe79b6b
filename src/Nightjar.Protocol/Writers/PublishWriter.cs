using System.Runtime.CompilerServices;

namespace Nightjar.Protocol;

/// <summary>Encodes PUBLISH (§3.3); <see cref="PublishPacket"/> shows its form.</summary>
/// <remarks>
/// In v5 the properties are written as Topic Alias, Message Expiry Interval, the forwardable ones as they came, Subscription Identifiers.
/// Nothing is judged: the caller has valid parts. No allocation.
/// </remarks>
public readonly ref struct PublishWriter
{
    /// <summary>Version of the connection that it goes to.</summary>
    public ProtocolVersion Version { get; init; }

    /// <summary>DUP flag; false at QoS 0 [MQTT-3.3.1-2].</summary>
    public bool Dup { get; init; }

    /// <summary>Quality of Service.</summary>
    public QualityOfService QoS { get; init; }

    /// <summary>RETAIN flag.</summary>
    public bool Retain { get; init; }

    /// <summary>Topic Name; empty when the receiver knows the Topic Alias. At most 65 535 bytes.</summary>
    public ReadOnlySpan<byte> TopicName { get; init; }

    /// <summary>Packet Identifier; not written at QoS 0 [MQTT-2.2.1-2].</summary>
    public ushort PacketId { get; init; }

    /// <summary>Topic Alias; 0 for none.</summary>
    public ushort TopicAlias { get; init; }

    /// <summary>Whether <see cref="MessageExpiryInterval"/> is written.</summary>
    public bool HasMessageExpiryInterval { get; init; }

    /// <summary>Message Expiry Interval in seconds.</summary>
    public uint MessageExpiryInterval { get; init; }

    /// <summary>Subscription Identifiers, each 1 to 268 435 455; empty for none.</summary>
    public ReadOnlySpan<uint> SubscriptionIdentifiers { get; init; }

    /// <summary>Properties that are encoded already, such as those that <see cref="PublishProperties.CopyForwardable"/> gave.</summary>
    public ReadOnlySpan<byte> ForwardableProperties { get; init; }

    /// <summary>Application Message.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>Bytes from the start of the packet to the Packet Identifier at QoS 1 and 2: where a copy is made the receiver's
    /// own.</summary>
    public int PacketIdOffset => 1 + VariableByteInteger.GetLength(BodyLength(PropertiesLength())) + 2 + TopicName.Length;

    /// <summary>Bytes of the whole packet.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The packet would be larger than MQTT allows.</exception>
    public int Measure() => FieldWriter.MeasurePacket(BodyLength(PropertiesLength()));

    /// <summary>Bytes of everything before the payload.</summary>
    public int MeasureHead() => Measure() - Payload.Length;

    /// <summary>Encodes the whole packet.</summary>
    /// <param name="destination">At least <see cref="Measure"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">The destination is too small or the topic too long: a mistake of the caller.</exception>
    public int Write(Span<byte> destination)
    {
        int properties = PropertiesLength();
        int body = BodyLength(properties);
        int total = FieldWriter.MeasurePacket(body);
        if (total > destination.Length) FieldWriter.ThrowTooSmall();
        int head = WriteHead(destination, properties, body);
        Payload.CopyTo(destination[head..]);
        return total;
    }

    /// <summary>Encodes everything before the payload, for a payload that is sent from where it lies.</summary>
    /// <param name="destination">At least <see cref="MeasureHead"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">The destination is too small or the topic too long: a mistake of the caller.</exception>
    public int WriteHead(Span<byte> destination)
    {
        int properties = PropertiesLength();
        int body = BodyLength(properties);
        if (FieldWriter.MeasurePacket(body) - Payload.Length > destination.Length) FieldWriter.ThrowTooSmall();
        return WriteHead(destination, properties, body);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int WriteHead(Span<byte> destination, int properties, int body)
    {
        byte header = (byte)(((int)PacketType.Publish << 4) | (Dup ? 0b1000 : 0) | ((int)QoS << 1) | (Retain ? 1 : 0));
        int position = FieldWriter.WriteHeader(destination, header, body);
        position += FieldWriter.WriteBytes(destination[position..], TopicName);
        if (QoS != QualityOfService.AtMostOnce) position += FieldWriter.WriteUInt16(destination[position..], PacketId);
        if (Version != ProtocolVersion.Mqtt50) return position;

        if (properties != 0) return WriteProperties(destination, position, properties);
        destination[position] = 0;
        return position + 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int BodyLength(int properties)
    {
        int length = 2 + TopicName.Length + (QoS != QualityOfService.AtMostOnce ? 2 : 0) + Payload.Length;
        return Version == ProtocolVersion.Mqtt50 ? length + FieldWriter.MeasureBlock(properties) : length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int PropertiesLength()
    {
        int length = ForwardableProperties.Length + (TopicAlias != 0 ? 3 : 0) + (HasMessageExpiryInterval ? 5 : 0);
        if (!SubscriptionIdentifiers.IsEmpty) length += SubscriptionIdentifiersLength();
        return Version == ProtocolVersion.Mqtt50 ? length : 0;
    }

    private int SubscriptionIdentifiersLength()
    {
        int length = 0;
        foreach (uint identifier in SubscriptionIdentifiers) length += 1 + VariableByteInteger.GetLength((int)identifier);
        return length;
    }

    private int WriteProperties(Span<byte> destination, int position, int length)
    {
        position += VariableByteInteger.Write(destination[position..], length);
        var writer = new PropertyWriter(destination.Slice(position, length));
        if (TopicAlias != 0) writer.AddUInt16(PropertyId.TopicAlias, TopicAlias);
        if (HasMessageExpiryInterval) writer.AddUInt32(PropertyId.MessageExpiryInterval, MessageExpiryInterval);
        writer.AddEncoded(ForwardableProperties);
        foreach (uint identifier in SubscriptionIdentifiers) writer.AddVariable(PropertyId.SubscriptionIdentifier, identifier);
        return position + length;
    }
}
