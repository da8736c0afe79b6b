using Nightjar.Protocol;

namespace Nightjar.Broker.Persistence;

/// <summary>What a store keeps of a session besides its subscriptions and deliveries.</summary>
/// <param name="Key">Integer name of the session, given by the claim.</param>
/// <param name="ClientId">Client identifier.</param>
/// <param name="UserName">User name it was made under; null for anonymous.</param>
/// <param name="ExpiryInterval">Session Expiry Interval in seconds; 0xFFFFFFFF never.</param>
/// <param name="DisconnectedAt">Wall-clock time of the end of the last connection; null while connected.</param>
internal readonly record struct SessionRecord(long Key, string ClientId, string? UserName, uint ExpiryInterval, DateTimeOffset? DisconnectedAt);

/// <summary>The right to write a session: a writer whose epoch is not the newest is refused.</summary>
/// <param name="Key">Integer name of the session.</param>
/// <param name="Epoch">Counts the claims of this session.</param>
internal readonly record struct SessionClaim(long Key, long Epoch);

/// <summary>One delivery as a store keeps it: the message once, and for each receiver what is particular to it.</summary>
/// <param name="SessionKey">The receiving session.</param>
/// <param name="Number">Per-session delivery number, ascending in delivery order.</param>
/// <param name="QoS">QoS of the delivery.</param>
/// <param name="Retain">RETAIN of the delivery.</param>
/// <param name="SubscriptionIdentifier">Identifier of the subscription; 0 for none.</param>
internal readonly record struct DeliveryRecord(long SessionKey, long Number, QualityOfService QoS, bool Retain, uint SubscriptionIdentifier);
