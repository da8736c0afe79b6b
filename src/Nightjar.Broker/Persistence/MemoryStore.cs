using Nightjar.Broker.Messages;

namespace Nightjar.Broker.Persistence;

/// <summary>The store of a broker whose state lives with its process: the session objects are the state, so nothing is written and every ticket is durable at once.</summary>
internal sealed class MemoryStore : IMessageStore, ISessionStore, IRetainedStore
{
    private long _lastKey;
    private long _lastEpoch;

    public long DurableTicket => long.MaxValue;

    public void OnDurable(Action<long> callback)
    {
    }

    public ValueTask<SessionClaim> ClaimAsync(string clientId, CancellationToken cancellationToken) =>
        new(new SessionClaim(Interlocked.Increment(ref _lastKey), Interlocked.Increment(ref _lastEpoch)));

    public long Append(PublishedMessage message, in DeliveryRecord delivery) => 0;

    public long MarkSent(long sessionKey, long number, ushort packetId) => 0;

    public long MarkReceived(long sessionKey, long number) => 0;

    public long Complete(long sessionKey, long number) => 0;

    public long AddReceivedId(long sessionKey, ushort packetId) => 0;

    public long RemoveReceivedId(long sessionKey, ushort packetId) => 0;

    public long Save(in SessionRecord record, long epoch) => 0;

    public long AddSubscription(long sessionKey, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier) => 0;

    public long RemoveSubscription(long sessionKey, ReadOnlySpan<byte> topicFilter) => 0;

    public long SetWill(long sessionKey, PublishedMessage will, uint delayInterval) => 0;

    public long ClearWill(long sessionKey) => 0;

    public long Drop(long sessionKey) => 0;

    public long Set(PublishedMessage message) => 0;

    public long Clear(ReadOnlySpan<byte> topicName) => 0;
}
