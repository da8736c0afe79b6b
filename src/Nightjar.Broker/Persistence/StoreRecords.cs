using System.Net;
using Nightjar.Protocol;

namespace Nightjar.Broker.Persistence;

/// <summary>What a store keeps of a session besides its subscriptions, its will and its deliveries.</summary>
/// <param name="ClientId">Client identifier.</param>
/// <param name="UserName">User name it was made under; null for anonymous.</param>
/// <param name="ExpiryInterval">Session Expiry Interval in seconds; 0xFFFFFFFF never.</param>
/// <param name="DisconnectedAt">End of the last connection in Unix milliseconds of the wall clock; null while connected.</param>
/// <param name="SecurityDomain">Security domain of the listener it last used.</param>
/// <param name="Address">Network address it last came from; null when it has none.</param>
internal readonly record struct SessionRecord(
    string ClientId, string? UserName, uint ExpiryInterval, long? DisconnectedAt, string SecurityDomain = "", IPAddress? Address = null);

/// <summary>The right to write a session: a writer whose epoch is not the newest is refused.</summary>
/// <param name="Key">Integer name of the session; 0 for none.</param>
/// <param name="Epoch">Counts the owners: all claims of one broker on one store have the same.</param>
internal readonly record struct SessionClaim(long Key, long Epoch);

/// <summary>One delivery as a store keeps it: for each receiver what is particular to it, beside the message.</summary>
/// <param name="Number">Per-session delivery number, ascending in delivery order.</param>
/// <param name="QoS">QoS of the delivery.</param>
/// <param name="Retain">RETAIN of the delivery.</param>
/// <param name="SubscriptionIdentifier">Identifier of the subscription; 0 for none.</param>
/// <param name="SubscriptionIdentifiers">Identifiers of all matching subscriptions when one copy stands for several; null otherwise. Not changed by anyone.</param>
/// <param name="ShareName">Share Name of the shared subscription it was chosen for; null otherwise. Not changed by anyone.</param>
/// <param name="ShareFilter">Topic Filter of that shared subscription, without <c>$share/{ShareName}/</c>.</param>
internal readonly record struct DeliveryRecord(
    long Number, QualityOfService QoS, bool Retain, uint SubscriptionIdentifier, uint[]? SubscriptionIdentifiers, byte[]? ShareName, byte[]? ShareFilter);

/// <summary>How far a delivery came.</summary>
internal enum DeliveryState : byte
{
    /// <summary>Waits to be sent.</summary>
    Queued,

    /// <summary>PUBLISH was sent: PUBACK (QoS 1) or PUBREC (QoS 2) is awaited.</summary>
    Sent,

    /// <summary>QoS 2: PUBREC arrived, PUBCOMP is awaited.</summary>
    Received,
}
