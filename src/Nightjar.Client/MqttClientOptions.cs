using Nightjar.Protocol;
using Nightjar.Transport.Tls;

namespace Nightjar.Client;

/// <summary>Everything a client says in CONNECT (§3.1) and how it behaves on one network connection. Immutable.</summary>
public sealed record MqttClientOptions
{
    /// <summary>Protocol level of the CONNECT packet. Default 5.0.</summary>
    public ProtocolVersion Version { get; init; } = ProtocolVersion.Mqtt50;

    /// <summary>Sets bit 0x80 of the protocol level (3.1 and 3.1.1), by which Mosquitto knows a bridge. Default false.</summary>
    public bool IsBridge { get; init; }

    /// <summary>Client Identifier; empty asks the server for one (5.0), or needs <see cref="CleanStart"/> (3.1.1).</summary>
    public string ClientId { get; init; } = "";

    /// <summary>Clean Start (5.0) or Clean Session (3.x). True also drops the state that this client object holds.</summary>
    public bool CleanStart { get; init; } = true;

    /// <summary>Keep Alive in seconds, 0 to 65 535; 0 = none. The server's value wins [MQTT-3.1.2-21]. Default 60.</summary>
    public ushort KeepAlive { get; init; } = 60;

    /// <summary>Speaks TLS with the server; null for plain TCP. For a connection that the client opens itself.</summary>
    public TlsClientContext? Tls { get; init; }

    /// <summary>Name that the server's certificate must be for; null for the name or address that is connected to.</summary>
    public string? TlsHost { get; init; }

    /// <summary>User Name, or null for none.</summary>
    public string? UserName { get; init; }

    /// <summary>Password, or null for none. Without <see cref="UserName"/> only 5.0 allows it [MQTT-3.1.2-22 v3.1.1].</summary>
    /// <remarks>A byte array that is null converts to an empty password, not to none.</remarks>
    public ReadOnlyMemory<byte>? Password { get; init; }

    /// <summary>Will Message, or null for none.</summary>
    public MqttWill? Will { get; init; }

    /// <summary>Session Expiry Interval in seconds; 0 = ends with the connection, uint.MaxValue = never. 5.0 only. Default 0.</summary>
    public uint SessionExpiryInterval { get; init; }

    /// <summary>QoS 1 and 2 messages that this client takes before it has acknowledged them, 1 to 65 535. 5.0 tells the server.</summary>
    public ushort ReceiveMaximum { get; init; } = ushort.MaxValue;

    /// <summary>Largest packet taken, in bytes; a larger one ends the connection with 0x95. 5.0 tells the server when it is not the default.</summary>
    public uint MaximumPacketSize { get; init; } = uint.MaxValue;

    /// <summary>Topic aliases that the server may use towards this client; 0 = none. Default 0.</summary>
    public ushort TopicAliasMaximum { get; init; }

    /// <summary>Gives an alias to each published topic while the server's Topic Alias Maximum lasts. Default false.</summary>
    public bool UseTopicAliases { get; init; }

    /// <summary>Most QoS 1 and 2 messages sent and not yet acknowledged, 1 to 65 535; the server's Receive Maximum lowers it.</summary>
    public ushort MaximumInflight { get; init; } = ushort.MaxValue;

    /// <summary>Request Response Information. Default false.</summary>
    public bool RequestResponseInformation { get; init; }

    /// <summary>Request Problem Information. Default true.</summary>
    public bool RequestProblemInformation { get; init; } = true;

    /// <summary>Authentication Method, or null for none. With it, <see cref="AuthenticationHandler"/> answers the server's AUTH.</summary>
    public string? AuthenticationMethod { get; init; }

    /// <summary>Authentication Data of CONNECT.</summary>
    public ReadOnlyMemory<byte> AuthenticationData { get; init; }

    /// <summary>Gives the Authentication Data that answers an AUTH 0x18 of the server (§4.12); null ends the connection.</summary>
    public Func<AuthenticationChallenge, CancellationToken, ValueTask<ReadOnlyMemory<byte>?>>? AuthenticationHandler { get; init; }

    /// <summary>Further properties of CONNECT, encoded (user properties); see <see cref="PropertyBlockBuilder"/>.</summary>
    public ReadOnlyMemory<byte> UserProperties { get; init; }

    /// <summary>Received QoS 1 and 2 messages are acknowledged by <see cref="MqttClient.Acknowledge"/> only. Default false.</summary>
    public bool ManualAcknowledgement { get; init; }

    /// <summary>What a pending QoS 1 or 2 publish does when the connection ends but the session goes on: true completes it with
    /// <see cref="PublishOutcome.ConnectionLost"/> (the message is still sent again on resume), false leaves it pending until then.</summary>
    public bool CompletePublishesOnDisconnect { get; init; } = true;

    /// <summary>How long to wait for the CONNACK. Default 30 seconds.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Sees each packet as it is sent or received; for diagnostics. Called with internal locks held: it must not call the client.</summary>
    public PacketTraceHandler? Trace { get; init; }

    /// <summary>Whether the session outlives the network connection (§3.1.2.4, §3.1.2.11.2).</summary>
    internal bool KeepsSession => Version == ProtocolVersion.Mqtt50 ? SessionExpiryInterval > 0 : !CleanStart;
}
