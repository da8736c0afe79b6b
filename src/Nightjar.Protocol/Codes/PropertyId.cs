namespace Nightjar.Protocol;

/// <summary>Property identifiers (§2.2.2.2). All fit one byte of a Variable Byte Integer.</summary>
public enum PropertyId : byte
{
    /// <summary>No property.</summary>
    None = 0x00,

    /// <summary>Byte, 0 or 1. PUBLISH, Will.</summary>
    PayloadFormatIndicator = 0x01,

    /// <summary>Four bytes, seconds. PUBLISH, Will.</summary>
    MessageExpiryInterval = 0x02,

    /// <summary>String. PUBLISH, Will.</summary>
    ContentType = 0x03,

    /// <summary>String, a Topic Name. PUBLISH, Will.</summary>
    ResponseTopic = 0x08,

    /// <summary>Binary. PUBLISH, Will.</summary>
    CorrelationData = 0x09,

    /// <summary>Variable Byte Integer, not 0. PUBLISH to a client, SUBSCRIBE.</summary>
    SubscriptionIdentifier = 0x0B,

    /// <summary>Four bytes, seconds. CONNECT, CONNACK, DISCONNECT.</summary>
    SessionExpiryInterval = 0x11,

    /// <summary>String. CONNACK.</summary>
    AssignedClientIdentifier = 0x12,

    /// <summary>Two bytes, seconds. CONNACK.</summary>
    ServerKeepAlive = 0x13,

    /// <summary>String. CONNECT, CONNACK, AUTH.</summary>
    AuthenticationMethod = 0x15,

    /// <summary>Binary. CONNECT, CONNACK, AUTH.</summary>
    AuthenticationData = 0x16,

    /// <summary>Byte, 0 or 1. CONNECT.</summary>
    RequestProblemInformation = 0x17,

    /// <summary>Four bytes, seconds. Will.</summary>
    WillDelayInterval = 0x18,

    /// <summary>Byte, 0 or 1. CONNECT.</summary>
    RequestResponseInformation = 0x19,

    /// <summary>String. CONNACK.</summary>
    ResponseInformation = 0x1A,

    /// <summary>String. CONNACK, DISCONNECT.</summary>
    ServerReference = 0x1C,

    /// <summary>String. Every acknowledgement, DISCONNECT, AUTH.</summary>
    ReasonString = 0x1F,

    /// <summary>Two bytes, not 0. CONNECT, CONNACK.</summary>
    ReceiveMaximum = 0x21,

    /// <summary>Two bytes. CONNECT, CONNACK.</summary>
    TopicAliasMaximum = 0x22,

    /// <summary>Two bytes, not 0. PUBLISH.</summary>
    TopicAlias = 0x23,

    /// <summary>Byte, 0 or 1. CONNACK.</summary>
    MaximumQoS = 0x24,

    /// <summary>Byte, 0 or 1. CONNACK.</summary>
    RetainAvailable = 0x25,

    /// <summary>String pair, any number. Every packet that has properties.</summary>
    UserProperty = 0x26,

    /// <summary>Four bytes, not 0. CONNECT, CONNACK.</summary>
    MaximumPacketSize = 0x27,

    /// <summary>Byte, 0 or 1. CONNACK.</summary>
    WildcardSubscriptionAvailable = 0x28,

    /// <summary>Byte, 0 or 1. CONNACK.</summary>
    SubscriptionIdentifierAvailable = 0x29,

    /// <summary>Byte, 0 or 1. CONNACK.</summary>
    SharedSubscriptionAvailable = 0x2A,
}
