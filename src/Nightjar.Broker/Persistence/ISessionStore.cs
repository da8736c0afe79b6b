using Nightjar.Broker.Messages;

namespace Nightjar.Broker.Persistence;

/// <summary>Where sessions, subscriptions and wills are kept. See <see cref="IMessageStore"/> for tickets and for who calls.</summary>
/// <remarks>A session is a value: it may be dropped and made again under the same claim at any time.</remarks>
internal interface ISessionStore
{
    /// <summary>
    /// Gives the right to write the session of a client id: that of the session the store holds, or of one to be made by <see cref="Save"/>. Nothing is
    /// written by it. The claims of one owner do not disturb each other; those of a newer owner end the right of an older one.
    /// </summary>
    ValueTask<SessionClaim> ClaimAsync(string clientId, CancellationToken cancellationToken);

    /// <summary>Makes the session, or changes what <see cref="SessionRecord"/> holds of it.</summary>
    long Save(SessionClaim session, in SessionRecord record);

    /// <summary>Adds or replaces a subscription.</summary>
    /// <param name="session">Whose.</param>
    /// <param name="topicFilter">The filter as in SUBSCRIBE, <c>$share/{ShareName}/</c> included.</param>
    /// <param name="options">Subscription Options (§3.8.3.1) as granted.</param>
    /// <param name="subscriptionIdentifier">1 to 268 435 455; 0 for none.</param>
    long AddSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier);

    /// <summary>Removes a subscription, named as in UNSUBSCRIBE.</summary>
    long RemoveSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter);

    /// <summary>Keeps the will of a session.</summary>
    /// <param name="session">Whose.</param>
    /// <param name="will">The message; the store takes no reference beyond the call unless it adds one.</param>
    /// <param name="delayInterval">Will Delay Interval in seconds, counted from <see cref="SessionRecord.DisconnectedAt"/>.</param>
    /// <param name="expiryInterval">Message Expiry Interval in seconds, counted from the publication of the will; null for none.</param>
    long SetWill(SessionClaim session, PublishedMessage will, uint delayInterval, uint? expiryInterval);

    /// <summary>Forgets the will of a session.</summary>
    long ClearWill(SessionClaim session);

    /// <summary>Forgets a session with everything that belongs to it.</summary>
    long Drop(SessionClaim session);
}
