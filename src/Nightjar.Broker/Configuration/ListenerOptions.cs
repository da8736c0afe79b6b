using System.Net;
using System.Text;
using Nightjar.Protocol;
using Nightjar.Transport.Tls;

namespace Nightjar.Broker.Configuration;

/// <summary>One address the broker listens on, with what holds for its clients only.</summary>
public sealed record ListenerOptions
{
    /// <summary>Address and port (port 0 takes a free one, see <see cref="MqttBroker.EndPoints"/>), or a unix domain socket.</summary>
    public required EndPoint EndPoint { get; init; }

    /// <summary>TLS with certificates or pre-shared keys; null: none. mosquitto: certfile, keyfile, psk_hint and what goes with them.</summary>
    /// <remarks>Belongs to whoever made it; a reload may replace it while connections go on with the old one.</remarks>
    public TlsServerContext? Tls { get; init; }

    /// <summary>Where the user name comes from when TLS has proved who the client is. mosquitto: use_identity_as_username, use_subject_as_username.</summary>
    public UserNameSource UserNameSource { get; init; }

    /// <summary>Which rules hold for clients of this listener: handed to authenticator and authorizer. mosquitto: per_listener_settings.</summary>
    /// <value>Empty (default): the common ones.</value>
    public string SecurityDomain { get; init; } = "";

    /// <summary>Put in front of every topic of the listener's clients and taken off again towards them. mosquitto: mount_point.</summary>
    /// <value>Null or empty = none. No wildcards, at most 65 535 bytes.</value>
    /// <remarks>Not separated from the topic: it normally ends with a slash. Rights are asked for the whole topic. A shared subscription is mounted behind its
    /// share name. The broker's <c>$SYS</c> topics are out of reach. A message that is not below it is not delivered through this listener, which can
    /// only be when a durable session was used through another. Topics that do not fit into 65 535 bytes any more are refused: PUBLISH
    /// and will 0x90, SUBSCRIBE 0x8F. Response Topics are passed on as they are.</remarks>
    public string? MountPoint { get; init; }

    /// <summary>Whether the user name takes the place of the client id; without one the client is refused. mosquitto: use_username_as_clientid.</summary>
    public bool UseUserNameAsClientId { get; init; }

    /// <summary>Network device to listen on (SO_BINDTODEVICE, Linux); null = any. mosquitto: bind_interface.</summary>
    public string? BindInterface { get; init; }

    /// <summary>Addresses whose connections are accepted; empty = all. An IPv4 address in IPv6 form counts as the IPv4 address; who has no address (unix domain sockets, memory) is accepted. Ours: allow_from.</summary>
    public IReadOnlyList<IPNetwork> AllowFrom { get; init; } = [];

    /// <summary>Addresses whose connections are closed at accept; wins over <see cref="AllowFrom"/>. Ours: deny_from.</summary>
    public IReadOnlyList<IPNetwork> DenyFrom { get; init; } = [];

    /// <summary>Overrides <see cref="BrokerOptions.AllowZeroLengthClientId"/> for this listener. mosquitto: allow_zero_length_clientid with per_listener_settings.</summary>
    public bool? AllowZeroLengthClientId { get; init; }

    /// <summary>Overrides <see cref="BrokerOptions.AutoIdPrefix"/> for this listener. mosquitto: listener_auto_id_prefix.</summary>
    public string? AutoIdPrefix { get; init; }

    /// <summary>What carries MQTT. mosquitto: protocol.</summary>
    public ListenerProtocol Protocol { get; init; }

    /// <summary>WebSockets: values of the Origin header that are let in, compared exactly. mosquitto: websockets_origin.</summary>
    /// <value>Empty (default): any, and none. Otherwise a request without Origin is refused too.</value>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Most connections of this listener. mosquitto: max_connections.</summary>
    /// <value>-1 = no limit (default).</value>
    public int MaximumConnections { get; init; } = -1;

    /// <summary>Highest QoS accepted in PUBLISH and will; a v5 client is told and gets 0x9B [MQTT-3.2.2-11]. mosquitto: max_qos.</summary>
    public QualityOfService MaximumQoS { get; init; } = QualityOfService.ExactlyOnce;

    /// <summary>Topic Alias Maximum told to v5 clients: aliases they may use towards the broker. mosquitto: max_topic_alias.</summary>
    /// <value>0 to 65 535. Default 10.</value>
    public ushort MaximumTopicAlias { get; init; } = 10;

    /// <summary>Most aliases the broker uses towards a v5 client that allows them. mosquitto: max_topic_alias_broker.</summary>
    /// <value>0 to 65 535. Default 10.</value>
    public ushort MaximumTopicAliasBroker { get; init; } = 10;

    /// <summary>Overrides <see cref="BrokerOptions.AllowAnonymous"/> for this listener. mosquitto: listener_allow_anonymous.</summary>
    public bool? AllowAnonymous { get; init; }

    /// <summary>Whether Nagle's algorithm is off. mosquitto: set_tcp_nodelay (there false by default).</summary>
    /// <value>Default true: the broker coalesces by itself, so delaying small segments only costs latency.</value>
    public bool NoDelay { get; init; } = true;

    /// <summary>Serves TCP connections by the transport's event loops, on Linux: less memory and fewer system calls a connection. Default false.</summary>
    /// <remarks>Handlers of the broker's events then run on a loop's thread and must not block.</remarks>
    public bool EventLoops { get; init; }

    /// <summary>Protocol versions accepted; others get CONNACK 1 (v3) or 0x84 (v5). mosquitto: accept_protocol_versions.</summary>
    public IReadOnlyCollection<ProtocolVersion> AcceptedVersions { get; init; } = [ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50];

    /// <summary>Whether other options have clients be the same users with the same topics: a connection that was accepted under these may go on under those.</summary>
    internal bool TellsUsersAs(ListenerOptions other) =>
        ReferenceEquals(this, other)
        || (UserNameSource == other.UserNameSource && UseUserNameAsClientId == other.UseUserNameAsClientId
            && string.Equals(SecurityDomain, other.SecurityDomain, StringComparison.Ordinal)
            && string.Equals(MountPoint ?? "", other.MountPoint ?? "", StringComparison.Ordinal)
            && Tls is null == other.Tls is null && Tls?.RequiresPeerIdentity == other.Tls?.RequiresPeerIdentity);

    internal void Validate(List<string> errors)
    {
        if (EndPoint is null) errors.Add("A listener has no EndPoint.");
        if (MaximumConnections < -1) errors.Add($"MaximumConnections of {EndPoint} is {MaximumConnections}; it must be -1 or more.");
        if (AcceptedVersions.Count == 0) errors.Add($"AcceptedVersions of {EndPoint} is empty: nobody could connect.");
        if (!string.IsNullOrEmpty(MountPoint) && !TopicName.IsValid(Encoding.UTF8.GetBytes(MountPoint)))
            errors.Add($"MountPoint of {EndPoint} is '{MountPoint}'; it must be the beginning of a topic name: no wildcards, at most 65535 bytes.");
        if (BindInterface is { Length: 0 or > 15 } device) errors.Add($"BindInterface of {EndPoint} is '{device}'; the name of a network device has 1 to 15 characters.");
        if (!Enum.IsDefined(Protocol)) errors.Add($"Protocol of {EndPoint} is {Protocol}; it must be Mqtt or WebSockets.");
    }
}
