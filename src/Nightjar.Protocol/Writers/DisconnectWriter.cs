namespace Nightjar.Protocol;

/// <summary>Encodes DISCONNECT (§3.14); <see cref="DisconnectPacket"/> shows its form.</summary>
/// <remarks>What may be left out is left out: Normal disconnection without properties has no body. No allocation.</remarks>
public readonly ref struct DisconnectWriter
{
    /// <summary>Bytes of a DISCONNECT without properties, at most.</summary>
    public const int MaximumBareLength = 3;

    /// <summary>Version of the connection; before v5 there is nothing but the fixed header.</summary>
    public ProtocolVersion Version { get; init; }

    /// <summary>Reason Code.</summary>
    public ReasonCode ReasonCode { get; init; }

    /// <summary>Session Expiry Interval in seconds, by clients only [MQTT-3.14.2-2]; null to keep that of CONNECT.</summary>
    public uint? SessionExpiryInterval { get; init; }

    /// <summary>Reason String; empty for none.</summary>
    public ReadOnlySpan<byte> ReasonString { get; init; }

    /// <summary>User Properties as <see cref="PropertyWriter"/> encodes them; may be empty.</summary>
    public ReadOnlySpan<byte> UserProperties { get; init; }

    /// <summary>Server Reference, by servers only; empty for none.</summary>
    public ReadOnlySpan<byte> ServerReference { get; init; }

    /// <summary>Encodes a DISCONNECT without properties.</summary>
    /// <param name="destination">At least <see cref="MaximumBareLength"/> bytes.</param>
    /// <param name="version">Version of the connection.</param>
    /// <param name="reasonCode">Reason Code; not written before v5.</param>
    /// <returns>Bytes written, 2 or 3.</returns>
    public static int Write(Span<byte> destination, ProtocolVersion version, ReasonCode reasonCode) =>
        new DisconnectWriter { Version = version, ReasonCode = reasonCode }.Write(destination);

    /// <summary>Bytes of the whole packet.</summary>
    public int Measure() => FieldWriter.MeasurePacket(BodyLength(PropertiesLength()));

    /// <summary>Encodes the packet.</summary>
    /// <param name="destination">At least <see cref="Measure"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> destination)
    {
        int properties = PropertiesLength();
        int body = BodyLength(properties);
        int position = FieldWriter.WriteHeader(destination, PacketType.Disconnect, body);
        if (body > 0) destination[position++] = (byte)ReasonCode;
        if (body <= 1) return position;

        position += VariableByteInteger.Write(destination[position..], properties);
        var writer = new PropertyWriter(destination.Slice(position, properties));
        if (SessionExpiryInterval.HasValue) writer.AddUInt32(PropertyId.SessionExpiryInterval, SessionExpiryInterval.GetValueOrDefault());
        FieldWriter.AddOptional(ref writer, PropertyId.ReasonString, ReasonString);
        writer.AddEncoded(UserProperties);
        FieldWriter.AddOptional(ref writer, PropertyId.ServerReference, ServerReference);
        return position + properties;
    }

    private int PropertiesLength() =>
        (SessionExpiryInterval.HasValue ? 5 : 0)
        + FieldWriter.MeasureOptional(ReasonString)
        + UserProperties.Length
        + FieldWriter.MeasureOptional(ServerReference);

    private int BodyLength(int properties)
    {
        if (Version != ProtocolVersion.Mqtt50) return 0;
        if (properties != 0) return 1 + FieldWriter.MeasureBlock(properties);
        return ReasonCode == ReasonCode.NormalDisconnection ? 0 : 1;
    }
}
