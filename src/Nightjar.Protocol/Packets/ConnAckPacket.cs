namespace Nightjar.Protocol;

/// <summary>CONNACK (§3.2): the server's answer to CONNECT. Read by clients.</summary>
/// <remarks>
/// <code>
/// byte         reserved (7 bits), Session Present
/// byte         Reason Code in v5, Connect Return code before
/// block        properties, v5 only
/// </code>
/// </remarks>
public readonly ref struct ConnAckPacket
{
    internal ConnAckPacket(scoped in ConnAckReader reader)
    {
        SessionPresent = reader.SessionPresent;
        ReasonCode = reader.ReasonCode;
        ReturnCode = reader.ReturnCode;
        Properties = reader.Properties;
        HasSessionExpiryInterval = reader.HasSessionExpiryInterval;
        SessionExpiryInterval = reader.SessionExpiryInterval;
        ReceiveMaximum = reader.ReceiveMaximum;
        MaximumQoS = reader.MaximumQoS;
        RetainAvailable = reader.RetainAvailable;
        MaximumPacketSize = reader.MaximumPacketSize;
        AssignedClientIdentifier = reader.AssignedClientIdentifier;
        TopicAliasMaximum = reader.TopicAliasMaximum;
        ReasonString = reader.ReasonString;
        WildcardSubscriptionAvailable = reader.WildcardSubscriptionAvailable;
        SubscriptionIdentifiersAvailable = reader.SubscriptionIdentifiersAvailable;
        SharedSubscriptionAvailable = reader.SharedSubscriptionAvailable;
        HasServerKeepAlive = reader.HasServerKeepAlive;
        ServerKeepAlive = reader.ServerKeepAlive;
        ResponseInformation = reader.ResponseInformation;
        ServerReference = reader.ServerReference;
        HasAuthenticationMethod = reader.HasAuthenticationMethod;
        AuthenticationMethod = reader.AuthenticationMethod;
        AuthenticationData = reader.AuthenticationData;
    }

    /// <summary>Whether the server has a session of this client from before.</summary>
    public bool SessionPresent { get; }

    /// <summary>Reason Code; Success before v5, where <see cref="ReturnCode"/> speaks.</summary>
    public ReasonCode ReasonCode { get; }

    /// <summary>Connect Return code before v5; Accepted in v5, where <see cref="ReasonCode"/> speaks.</summary>
    public ConnectReturnCode ReturnCode { get; }

    /// <summary>Whether the connection was accepted, in any version.</summary>
    public bool IsAccepted => ReasonCode == ReasonCode.Success && ReturnCode == ConnectReturnCode.Accepted;

    /// <summary>Whether the server uses another Session Expiry Interval than the client asked for.</summary>
    public bool HasSessionExpiryInterval { get; }

    /// <summary>Session Expiry Interval in seconds, when there is one.</summary>
    public uint SessionExpiryInterval { get; }

    /// <summary>Receive Maximum of the server, 1 to 65 535; 65 535 when absent.</summary>
    public ushort ReceiveMaximum { get; }

    /// <summary>Maximum QoS of the server; QoS 2 when absent.</summary>
    public QualityOfService MaximumQoS { get; }

    /// <summary>Whether the server supports retained messages; true when absent.</summary>
    public bool RetainAvailable { get; }

    /// <summary>Maximum Packet Size of the server in bytes; <see cref="uint.MaxValue"/> when absent.</summary>
    public uint MaximumPacketSize { get; }

    /// <summary>Client Identifier made by the server; empty when there is none.</summary>
    public ReadOnlySpan<byte> AssignedClientIdentifier { get; }

    /// <summary>Topic Alias Maximum of the server; 0 when absent.</summary>
    public ushort TopicAliasMaximum { get; }

    /// <summary>Reason String; empty when there is none.</summary>
    public ReadOnlySpan<byte> ReasonString { get; }

    /// <summary>Whether the server supports wildcard subscriptions; true when absent.</summary>
    public bool WildcardSubscriptionAvailable { get; }

    /// <summary>Whether the server supports Subscription Identifiers; true when absent.</summary>
    public bool SubscriptionIdentifiersAvailable { get; }

    /// <summary>Whether the server supports shared subscriptions; true when absent.</summary>
    public bool SharedSubscriptionAvailable { get; }

    /// <summary>Whether the server sets the Keep Alive.</summary>
    public bool HasServerKeepAlive { get; }

    /// <summary>Keep Alive in seconds that the client must use, when there is one.</summary>
    public ushort ServerKeepAlive { get; }

    /// <summary>Response Information; empty when there is none.</summary>
    public ReadOnlySpan<byte> ResponseInformation { get; }

    /// <summary>Server Reference; empty when there is none.</summary>
    public ReadOnlySpan<byte> ServerReference { get; }

    /// <summary>Whether an Authentication Method is there.</summary>
    public bool HasAuthenticationMethod { get; }

    /// <summary>Authentication Method; empty when there is none.</summary>
    public ReadOnlySpan<byte> AuthenticationMethod { get; }

    /// <summary>Authentication Data; empty when there is none.</summary>
    public ReadOnlySpan<byte> AuthenticationData { get; }

    /// <summary>The properties as they were received, without the Property Length.</summary>
    public ReadOnlySpan<byte> Properties { get; }

    /// <summary>The User Properties in order.</summary>
    public UserPropertyEnumerable UserProperties => new(Properties);

    /// <summary>Reads a CONNACK.</summary>
    /// <param name="frame">A frame of type CONNACK.</param>
    /// <param name="version">The version that the client asked for.</param>
    /// <param name="packet">Views of the frame.</param>
    /// <param name="error">Set when false is returned: 0x81 for what cannot be parsed and reserved flags [MQTT-3.2.2-1], 0x82 for a code
    /// that CONNACK may not carry [MQTT-3.2.2-8], a session present beside a failure [MQTT-3.2.2-6], and what properties may break.</param>
    /// <returns>Whether the packet is valid.</returns>
    /// <remarks>Does not throw or allocate. A v3 CONNACK is understood when v5 was asked for: that is how older servers say no.</remarks>
    public static bool TryRead(in Frame frame, ProtocolVersion version, out ConnAckPacket packet, out ProtocolError error)
    {
        var reader = new ConnAckReader(in frame, version);
        bool valid = reader.TryRead(in frame);
        packet = valid ? new ConnAckPacket(in reader) : default;
        error = reader.Error;
        return valid;
    }
}
