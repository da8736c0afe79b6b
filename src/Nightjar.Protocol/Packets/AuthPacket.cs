namespace Nightjar.Protocol;

/// <summary>AUTH (§3.15): one step of an authentication exchange; v5 only.</summary>
/// <remarks>
/// <code>
/// byte         Reason Code; Success when the packet ends before it
/// block        properties; none when the packet ends before them
/// </code>
/// </remarks>
public readonly ref struct AuthPacket
{
    /// <summary>Success (from a server), Continue authentication, or Re-authenticate (from a client).</summary>
    public ReasonCode ReasonCode { get; private init; }

    /// <summary>Authentication Method; there unless the code is Success.</summary>
    public ReadOnlySpan<byte> AuthenticationMethod { get; private init; }

    /// <summary>Authentication Data; empty when there is none.</summary>
    public ReadOnlySpan<byte> AuthenticationData { get; private init; }

    /// <summary>Reason String; empty when there is none.</summary>
    public ReadOnlySpan<byte> ReasonString { get; private init; }

    /// <summary>The properties as they were received, without the Property Length.</summary>
    public ReadOnlySpan<byte> Properties { get; private init; }

    /// <summary>The User Properties in order.</summary>
    public UserPropertyEnumerable UserProperties => new(Properties);

    /// <summary>Reads an AUTH that a client sent.</summary>
    /// <inheritdoc cref="TryRead(in Frame, ProtocolVersion, PacketDirection, out AuthPacket, out ProtocolError)"/>
    public static bool TryRead(in Frame frame, ProtocolVersion version, out AuthPacket packet, out ProtocolError error) =>
        TryRead(in frame, version, PacketDirection.ToServer, out packet, out error);

    /// <summary>Reads an AUTH.</summary>
    /// <param name="frame">A frame of type AUTH.</param>
    /// <param name="version">The version of the connection.</param>
    /// <param name="direction">Who sent it: clients and servers use different codes.</param>
    /// <param name="packet">Views of the frame.</param>
    /// <param name="error">Set when false is returned: 0x81 for flags [MQTT-3.15.1-1], what cannot be parsed, and any AUTH before v5; 0x82
    /// for a Reason Code that this sender may not use [MQTT-3.15.2-1] and for a missing Authentication Method.</param>
    /// <returns>Whether the packet is valid.</returns>
    /// <remarks>Does not throw or allocate.</remarks>
    public static bool TryRead(
        in Frame frame, ProtocolVersion version, PacketDirection direction, out AuthPacket packet, out ProtocolError error)
    {
        packet = default;
        var reader = new BodyReader(in frame);
        ReasonCode code = ReasonCode.Success;
        bool valid = reader.TryCheckHeader(in frame, PacketType.Auth, 0, Rule.AuthFlags)
            && (version == ProtocolVersion.Mqtt50 || reader.FailHeader(ReasonCode.MalformedPacket, Rule.AuthBeforeVersion5))
            && TryReadReason(ref reader, direction, out code);
        if (valid && !reader.AtEnd) return TryReadProperties(ref reader, code, out packet, out error);

        valid = valid && (code == ReasonCode.Success || reader.Fail(ReasonCode.ProtocolError, Rule.AuthenticationMethodMissing));
        if (valid) packet = new AuthPacket { ReasonCode = code };
        error = reader.Error;
        return valid;
    }

    private static bool TryReadReason(scoped ref BodyReader reader, PacketDirection direction, out ReasonCode code)
    {
        bool absent = reader.AtEnd;
        code = absent ? ReasonCode.Success : (ReasonCode)reader.Rest[0];
        bool allowed = direction == PacketDirection.ToServer
            ? code is ReasonCode.ContinueAuthentication or ReasonCode.ReAuthenticate
            : code is ReasonCode.Success or ReasonCode.ContinueAuthentication;
        if (!allowed) return reader.Fail(ReasonCode.ProtocolError, Rule.AuthReason);
        return absent || reader.TryReadByte(out _);
    }

    private static bool TryReadProperties(scoped ref BodyReader reader, ReasonCode code, out AuthPacket packet, out ProtocolError error)
    {
        packet = default;
        bool hasMethod = false;
        ReadOnlySpan<byte> method = default;
        ReadOnlySpan<byte> data = default;
        ReadOnlySpan<byte> reasonString = default;
        if (!reader.TryReadPropertyBlock(out ReadOnlySpan<byte> block, out int offset) || !reader.TryEnd())
        {
            error = reader.Error;
            return false;
        }

        var properties = new PropertyReader(block, offset, PropertyScope.Auth);
        while (properties.TryRead())
        {
            if (properties.Id == PropertyId.AuthenticationMethod)
            {
                hasMethod = true;
                method = properties.Value;
            }
            else if (properties.Id == PropertyId.AuthenticationData)
                data = properties.Value;
            else if (properties.Id == PropertyId.ReasonString)
                reasonString = properties.Value;
        }

        if (properties.IsValid && !hasMethod) properties.Fail(ReasonCode.ProtocolError, Rule.AuthenticationMethodMissing);
        error = properties.Error;
        if (!properties.IsValid) return false;
        packet = new AuthPacket
        {
            ReasonCode = code,
            AuthenticationMethod = method,
            AuthenticationData = data,
            ReasonString = reasonString,
            Properties = block,
        };
        return true;
    }
}
