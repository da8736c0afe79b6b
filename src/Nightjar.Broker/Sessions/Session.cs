using System.Text;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Security;
using Nightjar.Broker.Subscriptions;
using Nightjar.Protocol;
using Nightjar.Transport;

namespace Nightjar.Broker.Sessions;

/// <summary>
/// The state of one client id that may outlive its connection (§4.1): subscriptions, messages in flight and waiting in both directions, will.
/// </summary>
/// <remarks>
/// It has a gate: every member that says so is called under <c>lock (session.Gate)</c>. The gate is held for an append or a look-up,
/// never for a system call, and never while the gate of another session is taken.
/// </remarks>
internal sealed partial class Session : MessageReceiver, IHasClientId
{
    private readonly SessionEnvironment _environment;
    private Identity _identity;
    private SessionLink? _link;

    // Of the link, so that their memory can be asked for without waiting for its own.
    private object? _output;
    private object? _transport;
    private InflightWindow? _inflight;
    private MessageQueue? _queue;
    private PacketIdSet? _receivedIds;
    private Queue<RetainedDelivery>? _retained;
    private ushort[]? _resend;
    private int _resendIndex;
    private int _outstanding;
    private long _lastNumber;

    // The newest ticket of a MarkSent.
    private long _lastMark;
    private bool _dropsLogged;
    private long _droppedBefore;

    internal Session(SessionEnvironment environment, Identity identity)
    {
        _environment = environment;
        _identity = identity;
        ClientIdBytes = Encoding.UTF8.GetBytes(identity.ClientId);
        ClientIdHash = Collections.SeededHash.Hash32(ClientIdBytes);
    }

    /// <summary>What guards the session, and the output of its link. Not the object itself: entering and leaving that costs five times as much.</summary>
    internal Lock Gate { get; } = new();

    internal byte[] ClientIdBytes { get; }

    public ReadOnlySpan<byte> ClientIdUtf8 => ClientIdBytes;

    public uint ClientIdHash { get; }

    internal string ClientId => _identity.ClientId;

    internal override Identity Identity => _identity;

    /// <summary>The connection that serves the session now; null while offline. Written under the gate, read by anybody.</summary>
    internal SessionLink? Link => Volatile.Read(ref _link);

    internal override Readiness Readiness
    {
        get
        {
            var link = Link;
            if (IsEnded || Draining is not null) return Readiness.None;
            if (link is null) return IsDurable ? Readiness.Offline : Readiness.None;
            // A benign race: the answer is a hint for choosing a member of a shared subscription.
            var busy = HasWaiting || _outstanding >= WindowOf(link) || link.Output.UnsentBytes > LowOutput;
            return busy ? Readiness.Busy : Readiness.Ready;
        }
    }

    /// <summary>Session Expiry Interval in seconds; 0 ends with the connection, 0xFFFFFFFF never. Under the gate.</summary>
    internal uint ExpiryInterval { get; set; }

    internal bool IsDurable => ExpiryInterval != 0;

    /// <summary>The session is over and out of the table; whoever still finds it looks again. Under the gate.</summary>
    internal bool IsEnded { get; private set; }

    /// <summary>Under the gate.</summary>
    internal Will? Will { get; set; }

    /// <summary>Under the gate.</summary>
    internal SubscriptionSet Subscriptions { get; } = new();

    /// <summary>Name in the stores and the right to write there; the default for a session no store knows. Under the gate.</summary>
    internal SessionClaim StoreClaim { get; set; }

    /// <summary>Whether the stores know the session, so that every change is written. Under the gate.</summary>
    internal bool IsStored => StoreClaim.Key != 0;

    /// <summary>What ends the session or fires its will while it is offline; null while neither is due. Under the gate.</summary>
    internal Limits.WheelTimer? Timer { get; set; }

    /// <summary>Messages dropped at a limit, since the session was made. Under the gate.</summary>
    internal long Dropped { get; private set; }

    /// <summary>Messages that wait to be sent, in memory or in the store.</summary>
    internal int QueuedCount => (_queue?.Count ?? 0) + BacklogCount;

    internal long QueuedBytes => (_queue?.Bytes ?? 0) + (_backlog?.Bytes ?? 0) + (_inflight?.Bytes ?? 0);

    internal int InflightCount => _inflight?.Count ?? 0;

    /// <summary>Subscriptions whose retained messages are not all sent.</summary>
    internal int PendingRetained => _retained?.Count ?? 0;

    internal int ReceivedIdCount => _receivedIds?.Count ?? 0;

    private int LowOutput => _environment.Options.MaximumOutputBufferBytes / 2;

    /// <summary>A message will be delivered in a moment: asks for the memory that it takes. Any thread.</summary>
    internal void ExpectDelivery()
    {
        Prefetch.FirstLines(Gate, lines: 1);
        // With the table that is made with it.
        Prefetch.FirstLines(_inflight, lines: 4);
        Prefetch.FirstLines(_link, lines: 2);
        Prefetch.FirstLines(_output, lines: 3);
        Prefetch.FirstLines(_transport, lines: 2);
    }

    /// <summary>Gives the session a connection. Under the gate; the caller has written CONNACK before.</summary>
    internal void Attach(SessionLink link, Identity identity, BatchContext context)
    {
        _identity = identity;
        SetLink(link);
        _outstanding = 0;
        _retained = null;
        _pageCame = false;
        _resendIndex = 0;
        ForgetPromised();
        _resend = _inflight is { Count: > 0 } window ? window.CopyInOrder() : null;
        Pump(context);
    }

    /// <summary>Takes the connection away, if it is still this one. Under the gate.</summary>
    internal bool Detach(SessionLink link)
    {
        if (!ReferenceEquals(_link, link)) return false;
        SetLink(null);
        _retained = null;
        _resend = null;
        ForgetPromised();
        LeaveQueueToStore();
        return true;
    }

    /// <summary>
    /// Ends the session: gives back everything it holds. Under the gate.
    /// </summary>
    /// <returns>Deliveries in memory of shared subscriptions that another member may still get: QoS 1, and QoS 2 that was never sent [MQTT-4.8.2-5]. Each holds its message.</returns>
    internal List<Delivery>? End()
    {
        IsEnded = true;
        EndDrops();
        if (Dropped > 0) Interlocked.Decrement(ref _environment.DroppingSessions);
        SetLink(null);
        List<Delivery>? orphans = null;
        if (_inflight is not null)
        {
            foreach (var id in _inflight.CopyInOrder())
            {
                ref var entry = ref _inflight.Find(id, out _);
                if (entry is { State: InflightState.AwaitingPubAck, Delivery.Group: not null }) AddOrphan(ref orphans, entry.Delivery);
                _inflight.Remove(ref entry);
            }
        }

        while (_queue is { Count: > 0 })
        {
            var delivery = _queue.Dequeue();
            if (delivery.Group is not null && delivery.QoS != QualityOfService.AtMostOnce) AddOrphan(ref orphans, delivery);
            delivery.Message.Release();
        }

        _inflight = null;
        _queue?.Release();
        _queue = null;
        _backlog?.Release();
        _backlog = null;
        _receivedIds = null;
        _retained = null;
        _resend = null;
        ForgetPromised();
        return orphans;
    }

    /// <summary>Queues the retained messages that a new subscription matches, and sends what fits now. Under the gate.</summary>
    internal void AddRetained(RetainedDelivery delivery) => (_retained ??= new Queue<RetainedDelivery>()).Enqueue(delivery);

    /// <summary>Records a QoS 2 packet id; false when it is there already: the message was received before [MQTT-4.3.3-10]. Under the gate.</summary>
    internal bool AddReceivedId(ushort packetId) => (_receivedIds ??= new PacketIdSet()).Add(packetId);

    internal bool HasReceivedId(ushort packetId) => _receivedIds is not null && _receivedIds.Contains(packetId);

    /// <summary>PUBREL; false when the id is not known. Under the gate.</summary>
    internal bool RemoveReceivedId(ushort packetId) => _receivedIds is not null && _receivedIds.Remove(packetId);

    private static void AddOrphan(ref List<Delivery>? orphans, in Delivery delivery)
    {
        delivery.Message.AddReference();
        (orphans ??= []).Add(delivery);
    }

    private void SetLink(SessionLink? link)
    {
        Volatile.Write(ref _link, link);
        _output = link?.Output;
        _transport = link?.Transport;
    }
}
