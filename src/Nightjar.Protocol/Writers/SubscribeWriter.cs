namespace Nightjar.Protocol;

/// <summary>Encodes SUBSCRIBE (§3.8); <see cref="SubscribePacket"/> shows its form. No allocation.</summary>
public readonly ref struct SubscribeWriter
{
    /// <summary>Version of the connection.</summary>
    public ProtocolVersion Version { get; init; }

    /// <summary>Packet Identifier, not 0.</summary>
    public ushort PacketId { get; init; }

    /// <summary>Subscription Identifier, 1 to 268 435 455; 0 for none.</summary>
    public uint SubscriptionIdentifier { get; init; }

    /// <summary>User Properties as <see cref="PropertyWriter"/> encodes them; may be empty.</summary>
    public ReadOnlySpan<byte> UserProperties { get; init; }

    /// <summary>What is asked for; at least one [MQTT-3.8.3-2].</summary>
    public ReadOnlySpan<SubscriptionRequest> Subscriptions { get; init; }

    /// <summary>Bytes of the whole packet.</summary>
    public int Measure() => FieldWriter.MeasurePacket(BodyLength(PropertiesLength()));

    /// <summary>Encodes the packet.</summary>
    /// <param name="destination">At least <see cref="Measure"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> destination)
    {
        int properties = PropertiesLength();
        int position = FieldWriter.WriteHeader(destination, PacketType.Subscribe, BodyLength(properties));
        position += FieldWriter.WriteUInt16(destination[position..], PacketId);
        if (Version == ProtocolVersion.Mqtt50)
        {
            position += VariableByteInteger.Write(destination[position..], properties);
            var writer = new PropertyWriter(destination.Slice(position, properties));
            if (SubscriptionIdentifier != 0) writer.AddVariable(PropertyId.SubscriptionIdentifier, SubscriptionIdentifier);
            writer.AddEncoded(UserProperties);
            position += properties;
        }

        foreach (SubscriptionRequest subscription in Subscriptions)
        {
            position += FieldWriter.WriteBytes(destination[position..], subscription.TopicFilter.Span);
            destination[position++] = subscription.Options(Version);
        }

        return position;
    }

    private int PropertiesLength() =>
        (SubscriptionIdentifier != 0 ? 1 + VariableByteInteger.GetLength((int)SubscriptionIdentifier) : 0) + UserProperties.Length;

    private int BodyLength(int properties)
    {
        int length = 2 + (Version == ProtocolVersion.Mqtt50 ? FieldWriter.MeasureBlock(properties) : 0);
        foreach (SubscriptionRequest subscription in Subscriptions) length += 3 + subscription.TopicFilter.Length;
        return length;
    }
}
