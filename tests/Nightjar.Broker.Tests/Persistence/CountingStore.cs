using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>Notes the name of every call and keeps nothing.</summary>
internal sealed class CountingStore : MqttBrokerStore, IMessageStore, ISessionStore, IRetainedStore
{
    private readonly List<string> _calls = [];

    internal string[] Calls
    {
        get
        {
            lock (_calls) return [.. _calls];
        }
    }

    public long DurableTicket => long.MaxValue;

    internal override BrokerStores Open(BrokerClock clock) => new(this, this, this);

    public void OnDurable(Action<long> callback)
    {
    }

    public ValueTask<SessionClaim> ClaimAsync(string clientId, CancellationToken cancellationToken)
    {
        Note("Claim");
        return new(new SessionClaim(1, 1));
    }

    public long Append(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery) => Note(nameof(Append));

    public long MarkSent(SessionClaim session, long number, ushort packetId) => Note(nameof(MarkSent));

    public long MarkReceived(SessionClaim session, long number, ushort packetId) => Note(nameof(MarkReceived));

    public long Complete(SessionClaim session, long number) => Note(nameof(Complete));

    public long AddReceivedId(SessionClaim session, ushort packetId) => Note(nameof(AddReceivedId));

    public long RemoveReceivedId(SessionClaim session, ushort packetId) => Note(nameof(RemoveReceivedId));

    public long Save(SessionClaim session, in SessionRecord record) => Note(nameof(Save));

    public long AddSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier) => Note(nameof(AddSubscription));

    public long RemoveSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter) => Note(nameof(RemoveSubscription));

    public long SetWill(SessionClaim session, PublishedMessage will, uint delayInterval, uint? expiryInterval) => Note(nameof(SetWill));

    public long ClearWill(SessionClaim session) => Note(nameof(ClearWill));

    public long Drop(SessionClaim session) => Note(nameof(Drop));

    public long Set(PublishedMessage message) => Note(nameof(Set));

    public long Clear(ReadOnlySpan<byte> topicName) => Note(nameof(Clear));

    private long Note(string call)
    {
        lock (_calls) _calls.Add(call);
        return 0;
    }
}
