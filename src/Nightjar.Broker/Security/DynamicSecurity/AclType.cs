namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>What a rule of a role speaks of, in the order in which Mosquitto lists them.</summary>
internal enum AclType : byte
{
    /// <summary><c>publishClientSend</c>: the client publishes to a topic.</summary>
    PublishClientSend,

    /// <summary><c>publishClientReceive</c>: a message of a topic is sent to the client.</summary>
    PublishClientReceive,

    /// <summary><c>subscribeLiteral</c>: the client subscribes to exactly this filter; <c>%c</c> and <c>%u</c> are no more than they look like.</summary>
    SubscribeLiteral,

    /// <summary><c>subscribePattern</c>: the client subscribes to a filter that this one covers.</summary>
    SubscribePattern,

    /// <summary><c>unsubscribeLiteral</c>: the client unsubscribes from exactly this filter.</summary>
    UnsubscribeLiteral,

    /// <summary><c>unsubscribePattern</c>: the client unsubscribes from a filter that this one covers.</summary>
    UnsubscribePattern,
}
