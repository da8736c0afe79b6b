using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Storage;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>A store whose disk fails and comes back when the test says so; behind it is one in memory.</summary>
internal sealed class FaultyStore : MqttBrokerStore, IMessageStore, ISessionStore, IRetainedStore, IStoreMonitor
{
    private readonly Lock _gate = new();
    private readonly InMemoryStore _inner = InMemoryStore.CreatePaging();
    private BrokerStores _stores = null!;
    private Action<long>? _callback;
    private long _last;
    private long _durable;

    public StoreCondition Condition { get; } = new();

    public StoreCounters Counters => new(Last, Last, 0, 0, Last - DurableTicket, TimeSpan.Zero, 4096);

    /// <summary>Whether the store takes nothing more that would make it grow.</summary>
    internal bool IsFull { get; set; }

    internal int MessageCount => _inner.MessageCount;

    internal long Last => Volatile.Read(ref _last);

    public long DurableTicket => Volatile.Read(ref _durable);

    public bool CanPage => true;

    internal static FaultyStore Create() => new();

    internal override BrokerStores Open(BrokerClock clock)
    {
        _stores = _inner.Open(clock);
        return new BrokerStores(this, this, this, _stores.Recovery, this);
    }

    /// <summary>Nothing is durable from here on.</summary>
    internal void Fail() => Condition.Fail("database or disk is full.");

    /// <summary>Everything that was taken is durable.</summary>
    internal void Recover()
    {
        lock (_gate)
        {
            IsFull = false;
            _durable = _last;
        }

        _callback?.Invoke(_durable);
        Condition.Recover();
    }

    public void OnDurable(Action<long> callback) => _callback = callback;

    public void LoadPage(SessionClaim session, long after, int maximumCount, long maximumBytes, IPageSink sink)
    {
        if (Condition.IsFailed) ThreadPool.UnsafeQueueUserWorkItem(_ => sink.OnPageEnd(after, isFailed: true), null);
        else _stores.Messages.LoadPage(session, after, maximumCount, maximumBytes, sink);
    }

    public ValueTask<SessionClaim> ClaimAsync(string clientId, CancellationToken cancellationToken) => _stores.Sessions.ClaimAsync(clientId, cancellationToken);

    public long Append(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery) => IsFull ? IMessageStore.Refused : Next(_stores.Messages.Append(session, message, delivery));

    public long MarkSent(SessionClaim session, long number, ushort packetId) => Next(_stores.Messages.MarkSent(session, number, packetId));

    public long MarkReceived(SessionClaim session, long number, ushort packetId) => Next(_stores.Messages.MarkReceived(session, number, packetId));

    public long Complete(SessionClaim session, long number) => Next(_stores.Messages.Complete(session, number));

    public long AddReceivedId(SessionClaim session, ushort packetId) => IsFull ? IMessageStore.Refused : Next(_stores.Messages.AddReceivedId(session, packetId));

    public long RemoveReceivedId(SessionClaim session, ushort packetId) => Next(_stores.Messages.RemoveReceivedId(session, packetId));

    public long Save(SessionClaim session, in SessionRecord record) => IsFull ? IMessageStore.Refused : Next(_stores.Sessions.Save(session, record));

    public long AddSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier) =>
        IsFull ? IMessageStore.Refused : Next(_stores.Sessions.AddSubscription(session, topicFilter, options, subscriptionIdentifier));

    public long RemoveSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter) => IsFull ? IMessageStore.Refused : Next(_stores.Sessions.RemoveSubscription(session, topicFilter));

    public long SetWill(SessionClaim session, PublishedMessage will, uint delayInterval, uint? expiryInterval) =>
        IsFull ? IMessageStore.Refused : Next(_stores.Sessions.SetWill(session, will, delayInterval, expiryInterval));

    public long ClearWill(SessionClaim session) => Next(_stores.Sessions.ClearWill(session));

    public long Drop(SessionClaim session) => Next(_stores.Sessions.Drop(session));

    public long Set(PublishedMessage message) => IsFull ? IMessageStore.Refused : Next(_stores.Retained.Set(message));

    public long Clear(ReadOnlySpan<byte> topicName) => IsFull ? IMessageStore.Refused : Next(_stores.Retained.Clear(topicName));

    private long Next(long inner)
    {
        if (inner == IMessageStore.Refused) return inner;
        lock (_gate)
        {
            _last++;
            if (!Condition.IsFailed) _durable = _last;
            return _last;
        }
    }
}
