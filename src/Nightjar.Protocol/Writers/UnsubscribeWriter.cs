namespace Nightjar.Protocol;

/// <summary>Encodes UNSUBSCRIBE (§3.10); <see cref="UnsubscribePacket"/> shows its form. No allocation.</summary>
public readonly ref struct UnsubscribeWriter
{
    /// <summary>Version of the connection.</summary>
    public ProtocolVersion Version { get; init; }

    /// <summary>Packet Identifier, not 0.</summary>
    public ushort PacketId { get; init; }

    /// <summary>User Properties as <see cref="PropertyWriter"/> encodes them; may be empty.</summary>
    public ReadOnlySpan<byte> UserProperties { get; init; }

    /// <summary>Filters to give up, UTF-8 bytes; at least one [MQTT-3.10.3-2].</summary>
    public ReadOnlySpan<ReadOnlyMemory<byte>> TopicFilters { get; init; }

    /// <summary>Bytes of the whole packet.</summary>
    public int Measure() => FieldWriter.MeasurePacket(BodyLength());

    /// <summary>Encodes the packet.</summary>
    /// <param name="destination">At least <see cref="Measure"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> destination)
    {
        int position = FieldWriter.WriteHeader(destination, PacketType.Unsubscribe, BodyLength());
        position += FieldWriter.WriteUInt16(destination[position..], PacketId);
        if (Version == ProtocolVersion.Mqtt50)
            position += FieldWriter.WriteReasonBlock(destination[position..], UserProperties.Length, default, UserProperties);
        foreach (ReadOnlyMemory<byte> topicFilter in TopicFilters)
            position += FieldWriter.WriteBytes(destination[position..], topicFilter.Span);
        return position;
    }

    private int BodyLength()
    {
        int length = 2 + (Version == ProtocolVersion.Mqtt50 ? FieldWriter.MeasureBlock(UserProperties.Length) : 0);
        foreach (ReadOnlyMemory<byte> topicFilter in TopicFilters) length += 2 + topicFilter.Length;
        return length;
    }
}
