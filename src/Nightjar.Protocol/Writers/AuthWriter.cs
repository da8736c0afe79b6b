namespace Nightjar.Protocol;

/// <summary>Encodes AUTH (§3.15); <see cref="AuthPacket"/> shows its form. No allocation.</summary>
public readonly ref struct AuthWriter
{
    /// <summary>Reason Code.</summary>
    public ReasonCode ReasonCode { get; init; }

    /// <summary>Authentication Method; obligatory unless the code is Success.</summary>
    public ReadOnlySpan<byte> AuthenticationMethod { get; init; }

    /// <summary>Authentication Data; empty for none.</summary>
    public ReadOnlySpan<byte> AuthenticationData { get; init; }

    /// <summary>Reason String; empty for none.</summary>
    public ReadOnlySpan<byte> ReasonString { get; init; }

    /// <summary>User Properties as <see cref="PropertyWriter"/> encodes them; may be empty.</summary>
    public ReadOnlySpan<byte> UserProperties { get; init; }

    /// <summary>Bytes of the whole packet.</summary>
    public int Measure() => FieldWriter.MeasurePacket(BodyLength(PropertiesLength()));

    /// <summary>Encodes the packet.</summary>
    /// <param name="destination">At least <see cref="Measure"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> destination)
    {
        int properties = PropertiesLength();
        int body = BodyLength(properties);
        int position = FieldWriter.WriteHeader(destination, PacketType.Auth, body);
        if (body == 0) return position;

        destination[position++] = (byte)ReasonCode;
        position += VariableByteInteger.Write(destination[position..], properties);
        var writer = new PropertyWriter(destination.Slice(position, properties));
        FieldWriter.AddOptional(ref writer, PropertyId.AuthenticationMethod, AuthenticationMethod);
        FieldWriter.AddOptional(ref writer, PropertyId.AuthenticationData, AuthenticationData);
        FieldWriter.AddOptional(ref writer, PropertyId.ReasonString, ReasonString);
        writer.AddEncoded(UserProperties);
        return position + properties;
    }

    private int PropertiesLength() =>
        FieldWriter.MeasureOptional(AuthenticationMethod)
        + FieldWriter.MeasureOptional(AuthenticationData)
        + FieldWriter.MeasureOptional(ReasonString)
        + UserProperties.Length;

    private int BodyLength(int properties) =>
        properties == 0 && ReasonCode == ReasonCode.Success ? 0 : 1 + FieldWriter.MeasureBlock(properties);
}
