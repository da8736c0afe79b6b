namespace Nightjar.Protocol;

/// <summary>Encodes CONNECT (§3.1); <see cref="ConnectPacket"/> shows its form.</summary>
/// <remarks>A property that is null, 0 or empty here is left out. Nothing is judged: the caller has valid parts. No allocation.</remarks>
public readonly ref struct ConnectWriter
{
    /// <summary>Protocol Version.</summary>
    public ProtocolVersion Version { get; init; }

    /// <summary>Whether the level tells that this is a bridge (3.1 and 3.1.1).</summary>
    public bool IsBridge { get; init; }

    /// <summary>Clean Start in v5, Clean Session before.</summary>
    public bool CleanStart { get; init; }

    /// <summary>Keep Alive in seconds.</summary>
    public ushort KeepAlive { get; init; }

    /// <summary>Client Identifier; may be empty.</summary>
    public ReadOnlySpan<byte> ClientId { get; init; }

    /// <summary>Whether there is a User Name.</summary>
    public bool HasUserName { get; init; }

    /// <summary>User Name.</summary>
    public ReadOnlySpan<byte> UserName { get; init; }

    /// <summary>Whether there is a Password; before v5 only with a User Name.</summary>
    public bool HasPassword { get; init; }

    /// <summary>Password.</summary>
    public ReadOnlySpan<byte> Password { get; init; }

    /// <summary>Whether there is a Will Message.</summary>
    public bool HasWill { get; init; }

    /// <summary>QoS of the Will Message.</summary>
    public QualityOfService WillQoS { get; init; }

    /// <summary>Whether the Will Message is to be retained.</summary>
    public bool WillRetain { get; init; }

    /// <summary>Topic of the Will Message.</summary>
    public ReadOnlySpan<byte> WillTopic { get; init; }

    /// <summary>Payload of the Will Message.</summary>
    public ReadOnlySpan<byte> WillPayload { get; init; }

    /// <summary>Will Properties as <see cref="PropertyWriter"/> encodes them, Will Delay Interval included; may be empty.</summary>
    public ReadOnlySpan<byte> WillProperties { get; init; }

    /// <summary>Session Expiry Interval in seconds; 0 for none.</summary>
    public uint SessionExpiryInterval { get; init; }

    /// <summary>Receive Maximum; 0 for the default of 65 535.</summary>
    public ushort ReceiveMaximum { get; init; }

    /// <summary>Maximum Packet Size in bytes; 0 for no limit.</summary>
    public uint MaximumPacketSize { get; init; }

    /// <summary>Topic Alias Maximum; 0 for none.</summary>
    public ushort TopicAliasMaximum { get; init; }

    /// <summary>Request Response Information.</summary>
    public bool RequestResponseInformation { get; init; }

    /// <summary>Request Problem Information; null for the default, true.</summary>
    public bool? RequestProblemInformation { get; init; }

    /// <summary>Authentication Method; empty for none.</summary>
    public ReadOnlySpan<byte> AuthenticationMethod { get; init; }

    /// <summary>Authentication Data; empty for none.</summary>
    public ReadOnlySpan<byte> AuthenticationData { get; init; }

    /// <summary>User Properties as <see cref="PropertyWriter"/> encodes them; may be empty.</summary>
    public ReadOnlySpan<byte> UserProperties { get; init; }

    private ReadOnlySpan<byte> ProtocolName => Version == ProtocolVersion.Mqtt31 ? "MQIsdp"u8 : "MQTT"u8;

    /// <summary>Bytes of the whole packet.</summary>
    public int Measure() => FieldWriter.MeasurePacket(BodyLength(PropertiesLength()));

    /// <summary>Encodes the packet.</summary>
    /// <param name="destination">At least <see cref="Measure"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> destination)
    {
        int properties = PropertiesLength();
        int position = FieldWriter.WriteHeader(destination, PacketType.Connect, BodyLength(properties));
        position += FieldWriter.WriteBytes(destination[position..], ProtocolName);
        destination[position++] = (byte)((int)Version | (IsBridge && Version != ProtocolVersion.Mqtt50 ? 0x80 : 0));
        destination[position++] = Flags();
        position += FieldWriter.WriteUInt16(destination[position..], KeepAlive);
        if (Version == ProtocolVersion.Mqtt50)
        {
            position += VariableByteInteger.Write(destination[position..], properties);
            var writer = new PropertyWriter(destination.Slice(position, properties));
            AddProperties(ref writer);
            position += properties;
        }

        return WritePayload(destination, position);
    }

    private byte Flags()
    {
        int flags = CleanStart ? ConnectReader.CleanStartFlag : 0;
        if (HasWill) flags |= ConnectReader.WillFlag | ((int)WillQoS << ConnectReader.WillQoSShift);
        if (HasWill && WillRetain) flags |= ConnectReader.WillRetainFlag;
        if (HasPassword) flags |= ConnectReader.PasswordFlag;
        if (HasUserName) flags |= ConnectReader.UserNameFlag;
        return (byte)flags;
    }

    private int WritePayload(Span<byte> destination, int position)
    {
        position += FieldWriter.WriteBytes(destination[position..], ClientId);
        if (HasWill)
        {
            if (Version == ProtocolVersion.Mqtt50)
            {
                position += VariableByteInteger.Write(destination[position..], WillProperties.Length);
                WillProperties.CopyTo(destination[position..]);
                position += WillProperties.Length;
            }

            position += FieldWriter.WriteBytes(destination[position..], WillTopic);
            position += FieldWriter.WriteBytes(destination[position..], WillPayload);
        }

        if (HasUserName) position += FieldWriter.WriteBytes(destination[position..], UserName);
        if (HasPassword) position += FieldWriter.WriteBytes(destination[position..], Password);
        return position;
    }

    private int BodyLength(int properties)
    {
        bool isVersion5 = Version == ProtocolVersion.Mqtt50;
        int length = 2 + ProtocolName.Length + 4 + 2 + ClientId.Length;
        if (isVersion5) length += FieldWriter.MeasureBlock(properties);
        if (HasWill) length += 4 + WillTopic.Length + WillPayload.Length;
        if (HasWill && isVersion5) length += FieldWriter.MeasureBlock(WillProperties.Length);
        if (HasUserName) length += 2 + UserName.Length;
        if (HasPassword) length += 2 + Password.Length;
        return length;
    }

    private int PropertiesLength() =>
        (SessionExpiryInterval != 0 ? 5 : 0)
        + (ReceiveMaximum != 0 ? 3 : 0)
        + (MaximumPacketSize != 0 ? 5 : 0)
        + (TopicAliasMaximum != 0 ? 3 : 0)
        + (RequestResponseInformation ? 2 : 0)
        + (RequestProblemInformation.HasValue ? 2 : 0)
        + FieldWriter.MeasureOptional(AuthenticationMethod)
        + FieldWriter.MeasureOptional(AuthenticationData)
        + UserProperties.Length;

    private void AddProperties(ref PropertyWriter writer)
    {
        if (SessionExpiryInterval != 0) writer.AddUInt32(PropertyId.SessionExpiryInterval, SessionExpiryInterval);
        if (ReceiveMaximum != 0) writer.AddUInt16(PropertyId.ReceiveMaximum, ReceiveMaximum);
        if (MaximumPacketSize != 0) writer.AddUInt32(PropertyId.MaximumPacketSize, MaximumPacketSize);
        if (TopicAliasMaximum != 0) writer.AddUInt16(PropertyId.TopicAliasMaximum, TopicAliasMaximum);
        if (RequestResponseInformation) writer.AddByte(PropertyId.RequestResponseInformation, 1);
        if (RequestProblemInformation is bool problem) writer.AddByte(PropertyId.RequestProblemInformation, problem ? (byte)1 : (byte)0);
        FieldWriter.AddOptional(ref writer, PropertyId.AuthenticationMethod, AuthenticationMethod);
        FieldWriter.AddOptional(ref writer, PropertyId.AuthenticationData, AuthenticationData);
        writer.AddEncoded(UserProperties);
    }
}
