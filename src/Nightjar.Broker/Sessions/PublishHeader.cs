using Nightjar.Protocol;

namespace Nightjar.Broker.Sessions;

/// <summary>What of an outgoing PUBLISH belongs to the delivery and not to the message.</summary>
internal readonly ref struct PublishHeader
{
    internal bool Dup { get; init; }

    internal QualityOfService QoS { get; init; }

    internal bool Retain { get; init; }

    internal ushort PacketId { get; init; }

    /// <summary>Remaining Message Expiry Interval in seconds; of no meaning for a message that does not expire.</summary>
    internal uint ExpiryInterval { get; init; }

    internal uint SubscriptionIdentifier { get; init; }

    internal uint[]? SubscriptionIdentifiers { get; init; }
}
