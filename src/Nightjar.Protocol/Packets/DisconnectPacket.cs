namespace Nightjar.Protocol;

/// <summary>DISCONNECT (§3.14).</summary>
/// <remarks>
/// <code>
/// byte         Reason Code, v5 only; Normal disconnection when the packet ends before it
/// block        properties, v5 only; none when the packet ends before them
/// </code>
/// </remarks>
public readonly ref struct DisconnectPacket
{
    /// <summary>Reason Code; Normal disconnection before v5.</summary>
    public ReasonCode ReasonCode { get; private init; }

    /// <summary>Whether a Session Expiry Interval is there. That it may not be raised from 0 is for the server to check.</summary>
    public bool HasSessionExpiryInterval { get; private init; }

    /// <summary>Session Expiry Interval in seconds; 0 when there is none.</summary>
    public uint SessionExpiryInterval { get; private init; }

    /// <summary>Reason String; empty when there is none.</summary>
    public ReadOnlySpan<byte> ReasonString { get; private init; }

    /// <summary>Server Reference; empty when there is none.</summary>
    public ReadOnlySpan<byte> ServerReference { get; private init; }

    /// <summary>The properties as they were received, without the Property Length.</summary>
    public ReadOnlySpan<byte> Properties { get; private init; }

    /// <summary>The User Properties in order.</summary>
    public UserPropertyEnumerable UserProperties => new(Properties);

    /// <summary>Reads a DISCONNECT that a client sent.</summary>
    /// <inheritdoc cref="TryRead(in Frame, ProtocolVersion, PacketDirection, out DisconnectPacket, out ProtocolError)"/>
    public static bool TryRead(in Frame frame, ProtocolVersion version, out DisconnectPacket packet, out ProtocolError error) =>
        TryRead(in frame, version, PacketDirection.ToServer, out packet, out error);

    /// <summary>Reads a DISCONNECT.</summary>
    /// <param name="frame">A frame of type DISCONNECT.</param>
    /// <param name="version">The version of the connection.</param>
    /// <param name="direction">Who sent it: clients and servers may use different codes and properties.</param>
    /// <param name="packet">Views of the frame.</param>
    /// <param name="error">Set when false is returned: 0x81 for flags [MQTT-3.14.1-1] and what cannot be parsed, 0x82 for a Reason Code
    /// [MQTT-3.14.2-1] or property that this sender may not use [MQTT-3.14.2-2].</param>
    /// <returns>Whether the packet is valid.</returns>
    /// <remarks>Does not throw or allocate.</remarks>
    public static bool TryRead(
        in Frame frame, ProtocolVersion version, PacketDirection direction, out DisconnectPacket packet, out ProtocolError error)
    {
        packet = default;
        var reader = new BodyReader(in frame);
        ReasonCode code = ReasonCode.NormalDisconnection;
        bool valid = reader.TryCheckHeader(in frame, PacketType.Disconnect, 0, Rule.DisconnectFlags)
            && (version == ProtocolVersion.Mqtt50 || reader.TryEnd())
            && (reader.AtEnd || TryReadReason(ref reader, direction, out code));
        if (valid && !reader.AtEnd) return TryReadProperties(ref reader, direction, code, out packet, out error);

        if (valid) packet = new DisconnectPacket { ReasonCode = code };
        error = reader.Error;
        return valid;
    }

    private static bool TryReadReason(scoped ref BodyReader reader, PacketDirection direction, out ReasonCode code)
    {
        code = (ReasonCode)reader.Rest[0];
        bool allowed = direction == PacketDirection.ToServer ? IsFromClient(code) : IsFromServer(code);
        return allowed ? reader.TryReadByte(out _) : reader.Fail(ReasonCode.ProtocolError, Rule.DisconnectReason);
    }

    private static bool IsFromBoth(ReasonCode code) => code is ReasonCode.NormalDisconnection or ReasonCode.UnspecifiedError
        or ReasonCode.MalformedPacket or ReasonCode.ProtocolError or ReasonCode.ImplementationSpecificError
        or ReasonCode.TopicNameInvalid or ReasonCode.ReceiveMaximumExceeded or ReasonCode.TopicAliasInvalid
        or ReasonCode.PacketTooLarge or ReasonCode.MessageRateTooHigh or ReasonCode.QuotaExceeded
        or ReasonCode.AdministrativeAction or ReasonCode.PayloadFormatInvalid;

    private static bool IsFromClient(ReasonCode code) => code == ReasonCode.DisconnectWithWillMessage || IsFromBoth(code);

    private static bool IsFromServer(ReasonCode code) => IsFromBoth(code)
        || code is ReasonCode.NotAuthorized or ReasonCode.ServerBusy or ReasonCode.ServerShuttingDown or ReasonCode.KeepAliveTimeout
        or ReasonCode.SessionTakenOver or ReasonCode.TopicFilterInvalid or ReasonCode.RetainNotSupported or ReasonCode.QoSNotSupported
        or ReasonCode.UseAnotherServer or ReasonCode.ServerMoved or ReasonCode.SharedSubscriptionsNotSupported
        or ReasonCode.ConnectionRateExceeded or ReasonCode.MaximumConnectTime or ReasonCode.SubscriptionIdentifiersNotSupported
        or ReasonCode.WildcardSubscriptionsNotSupported;

    private static bool TryReadProperties(
        scoped ref BodyReader reader, PacketDirection direction, ReasonCode code, out DisconnectPacket packet, out ProtocolError error)
    {
        packet = default;
        bool hasExpiry = false;
        uint expiry = 0;
        ReadOnlySpan<byte> reasonString = default;
        ReadOnlySpan<byte> serverReference = default;
        if (!reader.TryReadPropertyBlock(out ReadOnlySpan<byte> block, out int offset) || !reader.TryEnd())
        {
            error = reader.Error;
            return false;
        }

        var properties = new PropertyReader(block, offset, PropertyScope.Disconnect);
        while (properties.TryRead())
        {
            if (properties.Id == PropertyId.ReasonString)
                reasonString = properties.Value;
            else if (properties.Id == PropertyId.SessionExpiryInterval && direction == PacketDirection.ToServer)
                (hasExpiry, expiry) = (true, properties.Number);
            else if (properties.Id == PropertyId.SessionExpiryInterval)
                properties.Fail(ReasonCode.ProtocolError, Rule.ServerSessionExpiry);
            else if (properties.Id == PropertyId.ServerReference && direction == PacketDirection.ToServer)
                properties.Fail(ReasonCode.ProtocolError, Rule.PropertyNotAllowed);
            else if (properties.Id == PropertyId.ServerReference)
                serverReference = properties.Value;
        }

        error = properties.Error;
        if (!properties.IsValid) return false;
        packet = new DisconnectPacket
        {
            ReasonCode = code,
            HasSessionExpiryInterval = hasExpiry,
            SessionExpiryInterval = expiry,
            ReasonString = reasonString,
            ServerReference = serverReference,
            Properties = block,
        };
        return true;
    }
}
