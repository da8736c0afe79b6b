using Nightjar.Broker.Messages;

namespace Nightjar.Broker.Persistence;

/// <summary>
/// Where messages for durable sessions are kept, with their state. Every change is an ordered record and returns a ticket; what was promised
/// to a client leaves the broker only when the ticket of the promise is durable. Calls never wait and are made under the gate of the session
/// they concern, so records of one session arrive in order.
/// </summary>
internal interface IMessageStore
{
    /// <summary>Every record with this ticket or a lower one is durable.</summary>
    long DurableTicket { get; }

    /// <summary>Sets who is told, once per commit and on the store's thread, that <see cref="DurableTicket"/> has risen.</summary>
    void OnDurable(Action<long> callback);

    /// <summary>A message was queued to, or is in flight to, a session. The message itself is appended at its first delivery.</summary>
    long Append(PublishedMessage message, in DeliveryRecord delivery);

    /// <summary>A delivery was sent with a packet id.</summary>
    long MarkSent(long sessionKey, long number, ushort packetId);

    /// <summary>PUBREC arrived: from here on only PUBREL is sent again.</summary>
    long MarkReceived(long sessionKey, long number);

    /// <summary>A delivery is over: acknowledged, expired or dropped.</summary>
    long Complete(long sessionKey, long number);

    /// <summary>A QoS 2 message was received and its packet id is waiting for PUBREL.</summary>
    long AddReceivedId(long sessionKey, ushort packetId);

    /// <summary>PUBREL arrived.</summary>
    long RemoveReceivedId(long sessionKey, ushort packetId);
}

/// <summary>Where sessions, subscriptions and wills are kept. See <see cref="IMessageStore"/> for tickets.</summary>
internal interface ISessionStore
{
    /// <summary>Claims a session by client id; an older claim of the same client id loses its right to write.</summary>
    ValueTask<SessionClaim> ClaimAsync(string clientId, CancellationToken cancellationToken);

    /// <summary>Saves what <see cref="SessionRecord"/> holds.</summary>
    long Save(in SessionRecord record, long epoch);

    /// <summary>Adds or replaces a subscription.</summary>
    long AddSubscription(long sessionKey, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier);

    /// <summary>Removes a subscription, named as in UNSUBSCRIBE.</summary>
    long RemoveSubscription(long sessionKey, ReadOnlySpan<byte> topicFilter);

    /// <summary>Keeps the will of a session with its delay in seconds.</summary>
    long SetWill(long sessionKey, PublishedMessage will, uint delayInterval);

    /// <summary>Forgets the will of a session.</summary>
    long ClearWill(long sessionKey);

    /// <summary>Forgets a session with everything that belongs to it.</summary>
    long Drop(long sessionKey);
}

/// <summary>Where retained messages are kept. The index that answers subscriptions lives in memory beside it.</summary>
internal interface IRetainedStore
{
    /// <summary>Sets the retained message of its topic.</summary>
    long Set(PublishedMessage message);

    /// <summary>Clears the retained message of a topic.</summary>
    long Clear(ReadOnlySpan<byte> topicName);
}

/// <summary>A document that several nodes may change: dynamic security.</summary>
internal interface IReplicatedDocument
{
    /// <summary>The newest content and its version; version 0 and null while there is none.</summary>
    (long Version, ReadOnlyMemory<byte>? Content) Read();

    /// <summary>Replaces the content if the version is still the given one.</summary>
    /// <returns>The new version once it is durable; null when another change came first.</returns>
    ValueTask<long?> CompareAndPutAsync(long version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Calls back after each change, whoever made it.</summary>
    IDisposable Watch(Action<long> changed);
}

/// <summary>The stores of one broker.</summary>
internal sealed record BrokerStores(IMessageStore Messages, ISessionStore Sessions, IRetainedStore Retained)
{
    /// <summary>State lives with the process: every call completes at once and costs a virtual call.</summary>
    internal static BrokerStores InMemory()
    {
        var store = new MemoryStore();
        return new BrokerStores(store, store, store);
    }
}
