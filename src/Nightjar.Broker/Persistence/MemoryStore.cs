using Nightjar.Broker.Messages;

namespace Nightjar.Broker.Persistence;

/// <summary>The store of a broker whose state lives with its process: the session objects are the state, so nothing is written and every ticket is durable at once.</summary>
internal sealed class MemoryStore : IMessageStore, ISessionStore, IRetainedStore
{
    private long _lastKey;

    public long DurableTicket => long.MaxValue;

    public void OnDurable(Action<long> callback)
    {
    }

    public ValueTask<SessionClaim> ClaimAsync(string clientId, CancellationToken cancellationToken) =>
        new(new SessionClaim(Interlocked.Increment(ref _lastKey), 1));

    public long Append(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery) => 0;

    public long AppendSent(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery, ushort packetId, out StorePlace place)
    {
        place = default;
        return 0;
    }

    public long MarkSent(SessionClaim session, long number, ushort packetId) => 0;

    public long MarkReceived(SessionClaim session, long number, ushort packetId) => 0;

    public long Complete(SessionClaim session, long number) => 0;

    public void Complete(SessionClaim session, ReadOnlySpan<CompletedDelivery> deliveries)
    {
    }

    public long AddReceivedId(SessionClaim session, ushort packetId) => 0;

    public long RemoveReceivedId(SessionClaim session, ushort packetId) => 0;

    public long Save(SessionClaim session, in SessionRecord record) => 0;

    public long AddSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier) => 0;

    public long RemoveSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter) => 0;

    public long SetWill(SessionClaim session, PublishedMessage will, uint delayInterval, uint? expiryInterval) => 0;

    public long ClearWill(SessionClaim session) => 0;

    public long Drop(SessionClaim session) => 0;

    public long Set(PublishedMessage message) => 0;

    public long Clear(ReadOnlySpan<byte> topicName) => 0;
}
