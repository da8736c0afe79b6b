namespace Nightjar.Protocol;

/// <summary>Reason Code of MQTT 5.0 (§2.4); 0x80 and above is a failure. Which packet may carry which is in the reader of that
/// packet.</summary>
public enum ReasonCode : byte
{
    /// <summary>Success. 0x00 is also Normal disconnection and Granted QoS 0.</summary>
    Success = 0x00,

    /// <summary>DISCONNECT: close normally, do not publish the Will Message.</summary>
    NormalDisconnection = Success,

    /// <summary>SUBACK: at most QoS 0.</summary>
    GrantedQoS0 = Success,

    /// <summary>SUBACK: at most QoS 1.</summary>
    GrantedQoS1 = 0x01,

    /// <summary>SUBACK: at most QoS 2.</summary>
    GrantedQoS2 = 0x02,

    /// <summary>DISCONNECT: the server publishes the Will Message.</summary>
    DisconnectWithWillMessage = 0x04,

    /// <summary>PUBACK, PUBREC: accepted, nobody subscribes.</summary>
    NoMatchingSubscribers = 0x10,

    /// <summary>UNSUBACK: no such subscription.</summary>
    NoSubscriptionExisted = 0x11,

    /// <summary>AUTH: next step of the exchange.</summary>
    ContinueAuthentication = 0x18,

    /// <summary>AUTH: start a re-authentication.</summary>
    ReAuthenticate = 0x19,

    /// <summary>No reason is revealed.</summary>
    UnspecifiedError = 0x80,

    /// <summary>The packet could not be parsed.</summary>
    MalformedPacket = 0x81,

    /// <summary>The packet holds what is not allowed, here or now.</summary>
    ProtocolError = 0x82,

    /// <summary>Valid, but refused by this implementation.</summary>
    ImplementationSpecificError = 0x83,

    /// <summary>CONNACK: this version is not spoken here.</summary>
    UnsupportedProtocolVersion = 0x84,

    /// <summary>CONNACK: the client identifier is not allowed.</summary>
    ClientIdentifierNotValid = 0x85,

    /// <summary>CONNACK: user name or password refused.</summary>
    BadUserNameOrPassword = 0x86,

    /// <summary>Not authorised.</summary>
    NotAuthorized = 0x87,

    /// <summary>CONNACK: the server is not available.</summary>
    ServerUnavailable = 0x88,

    /// <summary>The server is busy.</summary>
    ServerBusy = 0x89,

    /// <summary>CONNACK: banned by administrative action.</summary>
    Banned = 0x8A,

    /// <summary>DISCONNECT: the server is shutting down.</summary>
    ServerShuttingDown = 0x8B,

    /// <summary>The authentication method is not supported or not the current one.</summary>
    BadAuthenticationMethod = 0x8C,

    /// <summary>DISCONNECT: 1.5 times the keep alive passed in silence.</summary>
    KeepAliveTimeout = 0x8D,

    /// <summary>DISCONNECT: another connection uses the same client identifier.</summary>
    SessionTakenOver = 0x8E,

    /// <summary>The Topic Filter is not accepted.</summary>
    TopicFilterInvalid = 0x8F,

    /// <summary>The Topic Name is not accepted.</summary>
    TopicNameInvalid = 0x90,

    /// <summary>The packet identifier is in use.</summary>
    PacketIdentifierInUse = 0x91,

    /// <summary>PUBREL, PUBCOMP: the packet identifier is not known.</summary>
    PacketIdentifierNotFound = 0x92,

    /// <summary>DISCONNECT: more unacknowledged messages than the Receive Maximum.</summary>
    ReceiveMaximumExceeded = 0x93,

    /// <summary>DISCONNECT: Topic Alias 0 or above the maximum.</summary>
    TopicAliasInvalid = 0x94,

    /// <summary>The packet is larger than the Maximum Packet Size.</summary>
    PacketTooLarge = 0x95,

    /// <summary>DISCONNECT: messages come too fast.</summary>
    MessageRateTooHigh = 0x96,

    /// <summary>A limit of the implementation or the administration was reached.</summary>
    QuotaExceeded = 0x97,

    /// <summary>DISCONNECT: closed by administrative action.</summary>
    AdministrativeAction = 0x98,

    /// <summary>The payload is not what the Payload Format Indicator says.</summary>
    PayloadFormatInvalid = 0x99,

    /// <summary>The server does not support retained messages.</summary>
    RetainNotSupported = 0x9A,

    /// <summary>The QoS is above the Maximum QoS of the server.</summary>
    QoSNotSupported = 0x9B,

    /// <summary>Use another server for now.</summary>
    UseAnotherServer = 0x9C,

    /// <summary>Use another server from now on.</summary>
    ServerMoved = 0x9D,

    /// <summary>The server does not support shared subscriptions.</summary>
    SharedSubscriptionsNotSupported = 0x9E,

    /// <summary>Connections come too fast.</summary>
    ConnectionRateExceeded = 0x9F,

    /// <summary>DISCONNECT: the time authorised for this connection is over.</summary>
    MaximumConnectTime = 0xA0,

    /// <summary>The server does not support subscription identifiers.</summary>
    SubscriptionIdentifiersNotSupported = 0xA1,

    /// <summary>The server does not support wildcard subscriptions.</summary>
    WildcardSubscriptionsNotSupported = 0xA2,
}
