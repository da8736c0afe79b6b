using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>A store whose tickets become durable when the test says so: one that keeps nothing, or one in front of another that keeps what it is given.</summary>
internal sealed class ManualStore : MqttBrokerStore, IMessageStore, ISessionStore, IRetainedStore
{
    [ThreadStatic]
    private static int t_groups;

    [ThreadStatic]
    private static List<string>? t_said;

    private readonly Lock _gate = new();
    private readonly Lock _telling = new();
    private Action<long>? _callback;
    private long _last;
    private long _durable;
    private long _closed;
    private long _lastKey;
    private bool _holds;
    private BrokerStores? _inner;

    /// <summary>Ticket of the newest record.</summary>
    internal long Last => Volatile.Read(ref _last);

    /// <summary>Whether <see cref="Grouped"/> is kept; not where garbage is counted.</summary>
    internal bool NotesGroups { get; set; } = true;

    /// <summary>What was said in each group in which something was, by the names of the calls.</summary>
    internal System.Collections.Concurrent.ConcurrentQueue<string> Grouped { get; } = [];

    /// <summary>Whether deliveries have a place in which their first mark can be noted, up to the ticket that was the newest at <see cref="ClosePlaces"/>.</summary>
    internal bool GivesPlaces { get; init; }

    /// <summary>Deliveries that were marked as sent, and the tickets with which that becomes durable.</summary>
    internal System.Collections.Concurrent.ConcurrentQueue<(long Number, long Ticket)> Marks { get; } = [];

    /// <summary>The store behind this one; null for none.</summary>
    internal MqttBrokerStore? Behind { get; init; }

    /// <summary>Whether brokers leave queues to it, which without a store behind have nothing to come back from.</summary>
    public bool CanPage { get; init; }

    public long DurableTicket
    {
        get
        {
            lock (_gate) return DurableLocked();
        }
    }

    internal static ManualStore Create() => new();

    internal static ManualStore CreatePaging() => new() { CanPage = true };

    internal static ManualStore CreateBefore(MqttBrokerStore behind) => new() { Behind = behind, CanPage = true };

    internal override BrokerStores Open(BrokerClock clock)
    {
        _inner = Behind?.Open(clock);
        return new BrokerStores(this, this, this);
    }

    public void OnDurable(Action<long> callback)
    {
        _callback = callback;
        _inner?.Messages.OnDurable(_ => Tell());
    }

    public void LoadPage(SessionClaim session, long after, int maximumCount, long maximumBytes, IPageSink sink) =>
        _inner!.Messages.LoadPage(session, after, maximumCount, maximumBytes, sink);

    /// <summary>From here on nothing becomes durable by itself.</summary>
    internal void Hold()
    {
        lock (_gate)
        {
            _holds = true;
            _durable = _last;
        }
    }

    /// <summary>Everything up to a ticket is durable, and the broker is told.</summary>
    internal void Commit(long ticket)
    {
        if (_inner is not null) WaitBehind(_inner, ticket);
        lock (_gate) _durable = Math.Max(_durable, ticket);
        Tell();
    }

    /// <summary>Everything written so far is durable.</summary>
    internal void Commit() => Commit(Last);

    /// <summary>Everything is durable from here on.</summary>
    internal void Release()
    {
        lock (_gate) _holds = false;
        Commit();
    }

    public ValueTask<SessionClaim> ClaimAsync(string clientId, CancellationToken cancellationToken) => _inner?.Sessions.ClaimAsync(clientId, cancellationToken) ?? new(new SessionClaim(Interlocked.Increment(ref _lastKey), 1));

    public void BeginGroup()
    {
        t_groups++;
        _inner?.Messages.BeginGroup();
    }

    public void EndGroup()
    {
        _inner?.Messages.EndGroup();
        if (--t_groups > 0 || t_said is not { Count: > 0 } said) return;
        Grouped.Enqueue(string.Join(' ', said));
        said.Clear();
    }

    public long Append(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery) => Next(_inner?.Messages.Append(session, message, delivery), nameof(Append));

    public long Append(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery, out StorePlace place)
    {
        var ticket = Append(session, message, delivery);
        place = GivesPlaces ? new StorePlace(ticket, 0) : default;
        return ticket;
    }

    /// <summary>Nothing is noted in the places that there are.</summary>
    internal void ClosePlaces() => Volatile.Write(ref _closed, Last);

    public long MarkSent(SessionClaim session, long number, ushort packetId, StorePlace place)
    {
        var ticket = place.Ticket > Volatile.Read(ref _closed) ? place.Ticket : MarkSent(session, number, packetId);
        if (GivesPlaces) Marks.Enqueue((number, ticket));
        return ticket;
    }

    public long MarkSent(SessionClaim session, long number, ushort packetId) => Next(_inner?.Messages.MarkSent(session, number, packetId));

    public long MarkReceived(SessionClaim session, long number, ushort packetId) => Next(_inner?.Messages.MarkReceived(session, number, packetId));

    public long Complete(SessionClaim session, long number) => Next(_inner?.Messages.Complete(session, number));

    public long AddReceivedId(SessionClaim session, ushort packetId) => Next(_inner?.Messages.AddReceivedId(session, packetId), nameof(AddReceivedId));

    public long RemoveReceivedId(SessionClaim session, ushort packetId) => Next(_inner?.Messages.RemoveReceivedId(session, packetId));

    public long Save(SessionClaim session, in SessionRecord record) => Next(_inner?.Sessions.Save(session, record));

    public long AddSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier) => Next(_inner?.Sessions.AddSubscription(session, topicFilter, options, subscriptionIdentifier));

    public long RemoveSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter) => Next(_inner?.Sessions.RemoveSubscription(session, topicFilter));

    public long SetWill(SessionClaim session, PublishedMessage will, uint delayInterval, uint? expiryInterval) => Next(_inner?.Sessions.SetWill(session, will, delayInterval, expiryInterval), nameof(SetWill));

    public long ClearWill(SessionClaim session) => Next(_inner?.Sessions.ClearWill(session), nameof(ClearWill));

    public long Drop(SessionClaim session) => Next(_inner?.Sessions.Drop(session), nameof(Drop));

    public long Set(PublishedMessage message) => Next(_inner?.Retained.Set(message));

    public long Clear(ReadOnlySpan<byte> topicName) => Next(_inner?.Retained.Clear(topicName));

    // Apart, because what the wait captures would be garbage of every commit.
    private static void WaitBehind(BrokerStores inner, long ticket) =>
        Assert.True(SpinWait.SpinUntil(() => inner.Messages.DurableTicket >= ticket, Wait.Guard), "The store behind does not write.");

    // The broker is told by one thread at a time, here by the test's and by that of the store behind.
    private void Tell()
    {
        lock (_telling) _callback?.Invoke(DurableTicket);
    }

    // Without a store behind a record is durable when it is not held; with one, when that has it.
    private long DurableLocked() => _holds || _inner is null ? _durable : Math.Max(_durable, _inner.Messages.DurableTicket);

    private long Next(long? ticket, string? call = null)
    {
        if (call is not null && NotesGroups && t_groups > 0) (t_said ??= []).Add(call);
        lock (_gate)
        {
            if (ticket is { } given)
            {
                _last = Math.Max(_last, given);
                return given;
            }

            _last++;
            if (!_holds) _durable = _last;
            return _last;
        }
    }
}
