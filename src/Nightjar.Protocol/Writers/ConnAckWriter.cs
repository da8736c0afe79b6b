namespace Nightjar.Protocol;

/// <summary>Encodes CONNACK (§3.2); <see cref="ConnAckPacket"/> shows its form.</summary>
/// <remarks>
/// A property that is null, 0 or empty here is left out, which tells the client the protocol's default. Order as clients of Mosquitto know
/// it: Topic Alias Maximum, the special ones, Maximum Packet Size, Receive Maximum. No allocation.
/// </remarks>
public readonly ref struct ConnAckWriter
{
    /// <summary>Version of the client.</summary>
    public ProtocolVersion Version { get; init; }

    /// <summary>Session Present; written as 0 beside a failure [MQTT-3.2.2-6] and in 3.1, which does not have it.</summary>
    public bool SessionPresent { get; init; }

    /// <summary>Reason Code, for v5.</summary>
    public ReasonCode ReasonCode { get; init; }

    /// <summary>Connect Return code, for 3.1 and 3.1.1.</summary>
    public ConnectReturnCode ReturnCode { get; init; }

    /// <summary>Topic Alias Maximum of the server; 0 for none.</summary>
    public ushort TopicAliasMaximum { get; init; }

    /// <summary>Server Keep Alive in seconds; null when the client's value holds.</summary>
    public ushort? ServerKeepAlive { get; init; }

    /// <summary>Client Identifier made by the server; empty for none.</summary>
    public ReadOnlySpan<byte> AssignedClientIdentifier { get; init; }

    /// <summary>Response Information; empty for none.</summary>
    public ReadOnlySpan<byte> ResponseInformation { get; init; }

    /// <summary>Authentication Method; empty for none.</summary>
    public ReadOnlySpan<byte> AuthenticationMethod { get; init; }

    /// <summary>Authentication Data; empty for none.</summary>
    public ReadOnlySpan<byte> AuthenticationData { get; init; }

    /// <summary>Session Expiry Interval in seconds; null when the client's value holds.</summary>
    public uint? SessionExpiryInterval { get; init; }

    /// <summary>Maximum QoS, 0 or 1; null for 2.</summary>
    public QualityOfService? MaximumQoS { get; init; }

    /// <summary>Retain Available; null for true.</summary>
    public bool? RetainAvailable { get; init; }

    /// <summary>Wildcard Subscription Available; null for true.</summary>
    public bool? WildcardSubscriptionAvailable { get; init; }

    /// <summary>Subscription Identifiers Available; null for true.</summary>
    public bool? SubscriptionIdentifiersAvailable { get; init; }

    /// <summary>Shared Subscription Available; null for true.</summary>
    public bool? SharedSubscriptionAvailable { get; init; }

    /// <summary>Reason String; empty for none.</summary>
    public ReadOnlySpan<byte> ReasonString { get; init; }

    /// <summary>User Properties as <see cref="PropertyWriter"/> encodes them; may be empty.</summary>
    public ReadOnlySpan<byte> UserProperties { get; init; }

    /// <summary>Server Reference; empty for none.</summary>
    public ReadOnlySpan<byte> ServerReference { get; init; }

    /// <summary>Maximum Packet Size of the server in bytes; 0 for no limit.</summary>
    public uint MaximumPacketSize { get; init; }

    /// <summary>Receive Maximum of the server; 0 for the default of 65 535.</summary>
    public ushort ReceiveMaximum { get; init; }

    /// <summary>Bytes of the whole packet.</summary>
    public int Measure() =>
        Version == ProtocolVersion.Mqtt50 ? FieldWriter.MeasurePacket(2 + FieldWriter.MeasureBlock(PropertiesLength())) : 4;

    /// <summary>Encodes the packet.</summary>
    /// <param name="destination">At least <see cref="Measure"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> destination)
    {
        bool isVersion5 = Version == ProtocolVersion.Mqtt50;
        byte code = isVersion5 ? (byte)ReasonCode : (byte)ReturnCode;
        int properties = isVersion5 ? PropertiesLength() : 0;
        int body = isVersion5 ? 2 + FieldWriter.MeasureBlock(properties) : 2;

        int position = FieldWriter.WriteHeader(destination, PacketType.ConnAck, body);
        destination[position++] = SessionPresent && code == 0 && Version != ProtocolVersion.Mqtt31 ? (byte)1 : (byte)0;
        destination[position++] = code;
        if (!isVersion5) return position;

        position += VariableByteInteger.Write(destination[position..], properties);
        var writer = new PropertyWriter(destination.Slice(position, properties));
        AddProperties(ref writer);
        return position + properties;
    }

    private static int MeasureFlag(bool? value) => value.HasValue ? 2 : 0;

    private static void AddFlag(ref PropertyWriter writer, PropertyId id, bool? value)
    {
        if (value.HasValue) writer.AddByte(id, value.GetValueOrDefault() ? (byte)1 : (byte)0);
    }

    private int PropertiesLength() =>
        (TopicAliasMaximum != 0 ? 3 : 0)
        + (ServerKeepAlive.HasValue ? 3 : 0)
        + FieldWriter.MeasureOptional(AssignedClientIdentifier)
        + FieldWriter.MeasureOptional(ResponseInformation)
        + FieldWriter.MeasureOptional(AuthenticationMethod)
        + FieldWriter.MeasureOptional(AuthenticationData)
        + (SessionExpiryInterval.HasValue ? 5 : 0)
        + (MaximumQoS.HasValue ? 2 : 0)
        + MeasureFlag(RetainAvailable)
        + MeasureFlag(WildcardSubscriptionAvailable)
        + MeasureFlag(SubscriptionIdentifiersAvailable)
        + MeasureFlag(SharedSubscriptionAvailable)
        + FieldWriter.MeasureOptional(ReasonString)
        + UserProperties.Length
        + FieldWriter.MeasureOptional(ServerReference)
        + (MaximumPacketSize != 0 ? 5 : 0)
        + (ReceiveMaximum != 0 ? 3 : 0);

    private void AddProperties(ref PropertyWriter writer)
    {
        if (TopicAliasMaximum != 0) writer.AddUInt16(PropertyId.TopicAliasMaximum, TopicAliasMaximum);
        if (ServerKeepAlive.HasValue) writer.AddUInt16(PropertyId.ServerKeepAlive, ServerKeepAlive.GetValueOrDefault());
        FieldWriter.AddOptional(ref writer, PropertyId.AssignedClientIdentifier, AssignedClientIdentifier);
        FieldWriter.AddOptional(ref writer, PropertyId.ResponseInformation, ResponseInformation);
        FieldWriter.AddOptional(ref writer, PropertyId.AuthenticationMethod, AuthenticationMethod);
        FieldWriter.AddOptional(ref writer, PropertyId.AuthenticationData, AuthenticationData);
        if (SessionExpiryInterval.HasValue) writer.AddUInt32(PropertyId.SessionExpiryInterval, SessionExpiryInterval.GetValueOrDefault());
        if (MaximumQoS.HasValue) writer.AddByte(PropertyId.MaximumQoS, (byte)MaximumQoS.GetValueOrDefault());
        AddFlag(ref writer, PropertyId.RetainAvailable, RetainAvailable);
        AddFlag(ref writer, PropertyId.WildcardSubscriptionAvailable, WildcardSubscriptionAvailable);
        AddFlag(ref writer, PropertyId.SubscriptionIdentifierAvailable, SubscriptionIdentifiersAvailable);
        AddFlag(ref writer, PropertyId.SharedSubscriptionAvailable, SharedSubscriptionAvailable);
        FieldWriter.AddOptional(ref writer, PropertyId.ReasonString, ReasonString);
        writer.AddEncoded(UserProperties);
        FieldWriter.AddOptional(ref writer, PropertyId.ServerReference, ServerReference);
        if (MaximumPacketSize != 0) writer.AddUInt32(PropertyId.MaximumPacketSize, MaximumPacketSize);
        if (ReceiveMaximum != 0) writer.AddUInt16(PropertyId.ReceiveMaximum, ReceiveMaximum);
    }
}
