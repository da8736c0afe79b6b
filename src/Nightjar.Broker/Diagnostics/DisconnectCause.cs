using Nightjar.Protocol;

namespace Nightjar.Broker.Diagnostics;

/// <summary>Why a connection ended, finer than the reason code on the wire. The first cause of a connection wins.</summary>
public enum DisconnectCause
{
    /// <summary>Not ended.</summary>
    None,

    /// <summary>DISCONNECT received.</summary>
    ClientDisconnected,

    /// <summary>The peer closed the network connection without DISCONNECT.</summary>
    ConnectionClosed,

    /// <summary>The network failed.</summary>
    NetworkError,

    /// <summary>No accepted CONNECT within <see cref="Configuration.BrokerOptions.ConnectTimeout"/>.</summary>
    ConnectTimeout,

    /// <summary>Nothing received for 1.5 times the keep alive [MQTT-3.1.2-22].</summary>
    KeepAliveTimeout,

    /// <summary>A packet could not be parsed.</summary>
    MalformedPacket,

    /// <summary>A packet was well formed and not allowed.</summary>
    ProtocolError,

    /// <summary>Larger than the maximum packet size.</summary>
    PacketTooLarge,

    /// <summary>More QoS 1 and 2 messages under way than the Receive Maximum allows [MQTT-3.3.4-7].</summary>
    ReceiveMaximumExceeded,

    /// <summary>A topic alias above the announced maximum.</summary>
    TopicAliasInvalid,

    /// <summary>Topic name not acceptable.</summary>
    TopicNameInvalid,

    /// <summary>A QoS the listener does not support.</summary>
    QoSNotSupported,

    /// <summary>RETAIN set while retained messages are not available.</summary>
    RetainNotSupported,

    /// <summary>Another connection with the same client id [MQTT-3.1.4-3].</summary>
    SessionTakenOver,

    /// <summary>Authentication or authorisation refused.</summary>
    NotAuthorized,

    /// <summary>User name or password wrong.</summary>
    BadUserNameOrPassword,

    /// <summary>Client id refused.</summary>
    ClientIdentifierRejected,

    /// <summary>Protocol version not accepted.</summary>
    UnsupportedProtocolVersion,

    /// <summary>Authentication method not available.</summary>
    BadAuthenticationMethod,

    /// <summary>A limit of connections or sessions.</summary>
    QuotaExceeded,

    /// <summary>Closed by the administrator or the embedding application.</summary>
    AdministrativeAction,

    /// <summary>The broker stops.</summary>
    ServerShuttingDown,

    /// <summary>The store is back after a failure, and what the client sent meanwhile was neither kept nor answered: it reconnects and sends again.</summary>
    StoreRecovered,

    /// <summary>A defect of the broker, logged with its exception.</summary>
    InternalError,
}

internal static class DisconnectCauses
{
    /// <summary>The text Mosquitto's log has for a cause, in <c>Client ID [A:P] disconnected: REASON.</c></summary>
    internal static string ToLogText(this DisconnectCause cause) => cause switch
    {
        DisconnectCause.ClientDisconnected => "connection closed by client",
        DisconnectCause.ConnectionClosed => "connection closed by client",
        DisconnectCause.NetworkError => "bad socket read/write",
        DisconnectCause.ConnectTimeout => "exceeded timeout",
        DisconnectCause.KeepAliveTimeout => "exceeded timeout",
        DisconnectCause.MalformedPacket => "malformed packet",
        DisconnectCause.ProtocolError => "protocol error",
        DisconnectCause.PacketTooLarge => "oversize packet",
        DisconnectCause.ReceiveMaximumExceeded => "receive maximum exceeded",
        DisconnectCause.TopicAliasInvalid => "topic alias invalid",
        DisconnectCause.TopicNameInvalid => "malformed packet",
        DisconnectCause.QoSNotSupported or DisconnectCause.RetainNotSupported => "used disallowed feature",
        DisconnectCause.SessionTakenOver => "session taken over",
        DisconnectCause.NotAuthorized => "not authorised",
        DisconnectCause.BadUserNameOrPassword => "bad username or password",
        DisconnectCause.ClientIdentifierRejected => "identifier rejected",
        DisconnectCause.UnsupportedProtocolVersion => "unsupported protocol version",
        DisconnectCause.BadAuthenticationMethod => "bad authentication method",
        DisconnectCause.QuotaExceeded => "quota exceeded",
        DisconnectCause.AdministrativeAction => "administrative action",
        DisconnectCause.ServerShuttingDown => "server shutting down",
        DisconnectCause.StoreRecovered => "the store is back, and has to be told again what was not acknowledged",
        DisconnectCause.InternalError => "internal error",
        _ => "unknown reason",
    };

    /// <summary>The cause that belongs to a reason code found while reading a packet.</summary>
    internal static DisconnectCause FromReasonCode(ReasonCode code) => code switch
    {
        ReasonCode.MalformedPacket => DisconnectCause.MalformedPacket,
        ReasonCode.PacketTooLarge => DisconnectCause.PacketTooLarge,
        ReasonCode.ReceiveMaximumExceeded => DisconnectCause.ReceiveMaximumExceeded,
        ReasonCode.TopicAliasInvalid => DisconnectCause.TopicAliasInvalid,
        ReasonCode.TopicNameInvalid => DisconnectCause.TopicNameInvalid,
        ReasonCode.QoSNotSupported => DisconnectCause.QoSNotSupported,
        ReasonCode.RetainNotSupported => DisconnectCause.RetainNotSupported,
        ReasonCode.NotAuthorized => DisconnectCause.NotAuthorized,
        ReasonCode.BadUserNameOrPassword => DisconnectCause.BadUserNameOrPassword,
        ReasonCode.ClientIdentifierNotValid => DisconnectCause.ClientIdentifierRejected,
        ReasonCode.UnsupportedProtocolVersion => DisconnectCause.UnsupportedProtocolVersion,
        ReasonCode.BadAuthenticationMethod => DisconnectCause.BadAuthenticationMethod,
        ReasonCode.QuotaExceeded or ReasonCode.ServerBusy => DisconnectCause.QuotaExceeded,
        _ => DisconnectCause.ProtocolError,
    };
}
