using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>A store that keeps nothing and whose tickets become durable when the test says so.</summary>
internal sealed class ManualStore : MqttBrokerStore, IMessageStore, ISessionStore, IRetainedStore
{
    [ThreadStatic]
    private static int t_groups;

    [ThreadStatic]
    private static List<string>? t_said;

    private readonly Lock _gate = new();
    private Action<long>? _callback;
    private long _last;
    private long _durable;
    private long _lastKey;
    private bool _holds;

    /// <summary>Ticket of the newest record.</summary>
    internal long Last => Volatile.Read(ref _last);

    /// <summary>Whether <see cref="Grouped"/> is kept; not where garbage is counted.</summary>
    internal bool NotesGroups { get; set; } = true;

    /// <summary>What was said in each group in which something was, by the names of the calls.</summary>
    internal System.Collections.Concurrent.ConcurrentQueue<string> Grouped { get; } = [];

    /// <summary>Whether brokers leave queues to it, which have nothing to come back from.</summary>
    public bool CanPage { get; init; }

    public long DurableTicket => Volatile.Read(ref _durable);

    internal static ManualStore Create() => new();

    internal static ManualStore CreatePaging() => new() { CanPage = true };

    internal override BrokerStores Open(BrokerClock clock) => new(this, this, this);

    public void OnDurable(Action<long> callback) => _callback = callback;

    /// <summary>From here on nothing becomes durable by itself.</summary>
    internal void Hold()
    {
        lock (_gate) _holds = true;
    }

    /// <summary>Everything up to a ticket is durable, and the broker is told.</summary>
    internal void Commit(long ticket)
    {
        lock (_gate) _durable = Math.Max(_durable, ticket);
        _callback?.Invoke(ticket);
    }

    /// <summary>Everything written so far is durable.</summary>
    internal void Commit() => Commit(Last);

    /// <summary>Everything is durable from here on.</summary>
    internal void Release()
    {
        lock (_gate) _holds = false;
        Commit();
    }

    public ValueTask<SessionClaim> ClaimAsync(string clientId, CancellationToken cancellationToken) => new(new SessionClaim(Interlocked.Increment(ref _lastKey), 1));

    public void BeginGroup() => t_groups++;

    public void EndGroup()
    {
        if (--t_groups > 0 || t_said is not { Count: > 0 } said) return;
        Grouped.Enqueue(string.Join(' ', said));
        said.Clear();
    }

    public long Append(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery) => Next(nameof(Append));

    public long MarkSent(SessionClaim session, long number, ushort packetId) => Next();

    public long MarkReceived(SessionClaim session, long number, ushort packetId) => Next();

    public long Complete(SessionClaim session, long number) => Next();

    public long AddReceivedId(SessionClaim session, ushort packetId) => Next(nameof(AddReceivedId));

    public long RemoveReceivedId(SessionClaim session, ushort packetId) => Next();

    public long Save(SessionClaim session, in SessionRecord record) => Next();

    public long AddSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier) => Next();

    public long RemoveSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter) => Next();

    public long SetWill(SessionClaim session, PublishedMessage will, uint delayInterval, uint? expiryInterval) => Next(nameof(SetWill));

    public long ClearWill(SessionClaim session) => Next(nameof(ClearWill));

    public long Drop(SessionClaim session) => Next(nameof(Drop));

    public long Set(PublishedMessage message) => Next();

    public long Clear(ReadOnlySpan<byte> topicName) => Next();

    private long Next(string? call = null)
    {
        if (call is not null && NotesGroups && t_groups > 0) (t_said ??= []).Add(call);
        lock (_gate)
        {
            _last++;
            if (!_holds) _durable = _last;
            return _last;
        }
    }
}
