using Nightjar.Protocol;

namespace Nightjar.Client;

/// <summary>What the server said in CONNACK (§3.2), or why it said nothing.</summary>
public sealed record ConnectResult
{
    /// <summary>The connection stands.</summary>
    public bool IsAccepted { get; init; }

    /// <summary>Why it does not; null when <see cref="IsAccepted"/>.</summary>
    public DisconnectCause? Cause { get; init; }

    /// <summary>Whether a CONNACK came at all.</summary>
    public bool HasConnAck { get; init; }

    /// <summary>The byte of the CONNACK as it is: a Reason Code (5.0) or a Return Code (3.x).</summary>
    public byte Code { get; init; }

    /// <summary>The server goes on with an earlier session.</summary>
    public bool SessionPresent { get; init; }

    /// <summary>Client Identifier in use: that of CONNECT, or the one that the server assigned.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>Keep Alive in use, in seconds; 0 = none.</summary>
    public ushort KeepAlive { get; init; }

    /// <summary>Session Expiry Interval in use, in seconds.</summary>
    public uint SessionExpiryInterval { get; init; }

    /// <summary>Receive Maximum of the server.</summary>
    public ushort ReceiveMaximum { get; init; } = ushort.MaxValue;

    /// <summary>Maximum QoS of the server.</summary>
    public QualityOfService MaximumQoS { get; init; } = QualityOfService.ExactlyOnce;

    /// <summary>Retain Available.</summary>
    public bool RetainAvailable { get; init; } = true;

    /// <summary>Maximum Packet Size of the server, uint.MaxValue = none told.</summary>
    public uint MaximumPacketSize { get; init; } = uint.MaxValue;

    /// <summary>Topic Alias Maximum of the server.</summary>
    public ushort TopicAliasMaximum { get; init; }

    /// <summary>Wildcard Subscription Available.</summary>
    public bool WildcardSubscriptionAvailable { get; init; } = true;

    /// <summary>Subscription Identifiers Available.</summary>
    public bool SubscriptionIdentifiersAvailable { get; init; } = true;

    /// <summary>Shared Subscription Available.</summary>
    public bool SharedSubscriptionAvailable { get; init; } = true;

    /// <summary>Reason String, or null.</summary>
    public string? ReasonString { get; init; }

    /// <summary>Response Information, or null.</summary>
    public string? ResponseInformation { get; init; }

    /// <summary>Server Reference, or null.</summary>
    public string? ServerReference { get; init; }

    /// <summary>Authentication Data, empty when absent.</summary>
    public ReadOnlyMemory<byte> AuthenticationData { get; init; }

    /// <summary>All properties of the CONNACK as they came, without the Property Length; empty before 5.0.</summary>
    public ReadOnlyMemory<byte> Properties { get; init; }
}
