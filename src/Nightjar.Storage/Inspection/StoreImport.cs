using System.Net;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Security;
using Nightjar.Protocol;

namespace Nightjar.Storage.Inspection;

/// <summary>
/// Writes what one store hands over into another, through the calls that a broker makes. What has expired is left out and counted; but a session
/// with a will comes along, since the will is still to be published.
/// </summary>
/// <remarks>Memory: the messages that wait for somebody, as a broker that does not page would hold them.</remarks>
internal sealed class StoreImport : IRecoverySink
{
    // What the target has not on disk yet: it refuses writes when too much waits.
    private const long MaximumUnwritten = 16 << 20;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);
    private readonly BrokerStores _target;
    private readonly BrokerClock _clock;
    private readonly long _now;
    private readonly MessagePool _pool = new();
    private readonly Dictionary<long, Session> _sessions = [];
    private readonly Dictionary<long, PublishedMessage> _messages = [];
    private readonly HashSet<long> _expired = [];

    // Places of the messages in the order in which they came.
    private readonly Dictionary<long, long> _order = [];
    private readonly object _progress = new();
    private long _lastTicket;
    private long _unwritten;

    internal StoreImport(BrokerStores target, BrokerClock clock)
    {
        _target = target;
        _clock = clock;
        _now = clock.Provider.GetUtcNow().ToUnixTimeMilliseconds();
        target.Messages.OnDurable(_ =>
        {
            lock (_progress) Monitor.PulseAll(_progress);
        });
    }

    internal StoreCounts Counts { get; } = new();

    internal LeftOut LeftOut { get; } = new();

    /// <summary>Waits until everything is on disk.</summary>
    /// <exception cref="IOException">The target cannot write.</exception>
    internal void Finish()
    {
        WriteDeliveries();
        WaitUntilWritten();
        foreach (var message in _messages.Values) message.Release();
        foreach (var session in _sessions.Values.Where(session => !session.IsSaved)) LeftOut.AddSession(session.Record.ClientId);
    }

    public void OnMessage(in MessageRecord message)
    {
        if (message.ExpiresAt <= _now)
        {
            _expired.Add(message.Id);
            return;
        }

        _messages.Add(message.Id, Keep(message));
        _order.Add(message.Id, _order.Count);
    }

    public void OnRetained(in MessageRecord message)
    {
        if (message.ExpiresAt <= _now)
        {
            LeftOut.Retained++;
            return;
        }

        var kept = Keep(message);
        Wrote(_target.Retained.Set(kept), kept.Size);
        kept.Release();
        Counts.Retained++;
        Counts.RetainedBytes += SizeOf(message);
    }

    public void OnSession(SessionClaim session, in SessionRecord record)
    {
        var added = new Session(record);
        _sessions.Add(session.Key, added);
        var isExpired = record.ExpiryInterval != uint.MaxValue && record.DisconnectedAt is { } left && left + record.ExpiryInterval * 1000L <= _now;
        if (!isExpired) Save(added);
    }

    public void OnSubscription(long sessionKey, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier)
    {
        var session = _sessions[sessionKey];
        if (!session.IsSaved) return;
        Wrote(_target.Sessions.AddSubscription(session.Claim, topicFilter, options, subscriptionIdentifier), topicFilter.Length);
        Counts.Subscriptions++;
        if (SharedSubscription.IsShared(topicFilter)) Counts.SharedSubscriptions++;
    }

    public void OnWill(long sessionKey, in MessageRecord message, uint delayInterval, uint? expiryInterval)
    {
        var session = _sessions[sessionKey];
        if (!session.IsSaved) Save(session);
        var kept = Keep(message);
        Wrote(_target.Sessions.SetWill(session.Claim, kept, delayInterval, expiryInterval), kept.Size);
        kept.Release();
        Counts.Wills++;
    }

    public void OnDelivery(long sessionKey, long messageId, in DeliveryRecord delivery, DeliveryState state, ushort packetId)
    {
        var session = _sessions[sessionKey];
        if (!session.IsSaved)
        {
            LeftOut.DeliveriesOfSessions++;
            return;
        }

        // What was sent before it expired goes on.
        if (state != DeliveryState.Received && _expired.Contains(messageId))
        {
            LeftOut.Deliveries++;
            return;
        }

        session.Deliveries.Enqueue(new Waiting(messageId, delivery, state, packetId));
    }

    public void OnReceivedId(long sessionKey, ushort packetId)
    {
        var session = _sessions[sessionKey];
        if (!session.IsSaved) return;
        Wrote(_target.Messages.AddReceivedId(session.Claim, packetId), 0);
        Counts.ReceivedIds++;
    }

    // A store keeps a message once for deliveries that follow each other. So those of one message are written together, as far as the order within
    // each session, which comes first, lets them; and in one group, since what a commit cuts apart is kept twice.
    private void WriteDeliveries()
    {
        var heads = new PriorityQueue<Session, long>();
        foreach (var session in _sessions.Values) EnqueueHead(heads, session, least: 0);
        while (heads.TryPeek(out _, out var place))
        {
            _target.Messages.BeginGroup();
            try
            {
                while (heads.TryPeek(out var session, out var next) && next == place)
                {
                    heads.Dequeue();
                    WriteDelivery(session, session.Deliveries.Dequeue());
                    EnqueueHead(heads, session, least: place + 1);
                }
            }
            finally
            {
                _target.Messages.EndGroup();
            }

            if (_unwritten > MaximumUnwritten) WaitUntilWritten();
        }
    }

    // A delivery without a message, or of one that came before the last of its session, goes where its session has come to.
    private void EnqueueHead(PriorityQueue<Session, long> heads, Session session, long least)
    {
        if (session.Deliveries.TryPeek(out var head)) heads.Enqueue(session, Math.Max(least, head.State == DeliveryState.Received ? least : _order[head.MessageId]));
    }

    private void WriteDelivery(Session session, in Waiting waiting)
    {
        var delivery = waiting.Delivery;
        // A delivery past PUBREC has no message any more; a store learns of it by way of one.
        var message = waiting.State == DeliveryState.Received ? KeepNothing() : _messages[waiting.MessageId];
        var isNew = message.StoreId == 0;
        if (isNew && waiting.State != DeliveryState.Received)
        {
            // Only here, because nobody may be left who gets it.
            Counts.Messages++;
            Counts.MessageBytes += message.TopicName.Length + message.Properties.Length + message.Payload.Length;
        }

        Note(_target.Messages.Append(session.Claim, message, delivery), isNew ? message.Size : 0);
        if (waiting.State != DeliveryState.Queued) Note(_target.Messages.MarkSent(session.Claim, delivery.Number, waiting.PacketId), 0);
        switch (waiting.State)
        {
            case DeliveryState.Queued:
                Counts.Queued++;
                break;
            case DeliveryState.Sent:
                Counts.Sent++;
                break;
            default:
                Note(_target.Messages.MarkReceived(session.Claim, delivery.Number, waiting.PacketId), 0);
                message.Release();
                Counts.Received++;
                break;
        }
    }

    private static long SizeOf(in MessageRecord message) => message.TopicName.Length + message.Properties.Length + message.Payload.Length;

    private void Save(Session session)
    {
        // No store that imports are made into waits for a claim: nobody else owns it.
        var claim = _target.Sessions.ClaimAsync(session.Record.ClientId, CancellationToken.None);
        session.Claim = claim.IsCompletedSuccessfully ? claim.Result : claim.AsTask().GetAwaiter().GetResult();
        session.IsSaved = true;
        Wrote(_target.Sessions.Save(session.Claim, session.Record), session.Record.ClientId.Length);
        Counts.Sessions++;
    }

    private PublishedMessage Keep(in MessageRecord record)
    {
        var publication = new Publication(_pool)
        {
            TopicName = record.TopicName,
            Properties = record.Properties,
            Payload = record.Payload,
            QoS = record.QoS,
            Retain = record.Retain,
            ExpiresAt = _clock.FromWallClock(record.ExpiresAt),
            Origin = record.PublisherClientId is { } clientId
                ? new Identity(clientId, record.PublisherUserName, record.PublisherAddress is { } address ? new IPEndPoint(address, 0) : null, record.PublisherDomain ?? "")
                : null,
        };
        var message = publication.Keep();
        publication.Dispose();
        return message;
    }

    private PublishedMessage KeepNothing() => Keep(new MessageRecord { TopicName = "-"u8, QoS = QualityOfService.ExactlyOnce, ExpiresAt = long.MaxValue });

    private void Wrote(long ticket, int size)
    {
        Note(ticket, size);
        if (_unwritten > MaximumUnwritten) WaitUntilWritten();
    }

    private void Note(long ticket, int size)
    {
        if (ticket == IMessageStore.Refused) throw new IOException(_target.Condition.Failure ?? "The target refuses to be written to.");
        _lastTicket = Math.Max(_lastTicket, ticket);
        // Rows have a size of their own.
        _unwritten += size + 100;
    }

    private void WaitUntilWritten()
    {
        lock (_progress)
        {
            while (_target.Messages.DurableTicket < _lastTicket)
            {
                if (_target.Condition.Failure is { } failure) throw new IOException(failure);
                if (!Monitor.Wait(_progress, LongestWait)) throw new IOException($"Nothing was written for {LongestWait.TotalSeconds} seconds.");
            }
        }

        _unwritten = 0;
    }

    private sealed class Session(SessionRecord record)
    {
        internal SessionRecord Record { get; } = record;

        internal SessionClaim Claim { get; set; }

        internal bool IsSaved { get; set; }

        internal Queue<Waiting> Deliveries { get; } = [];
    }

    private readonly record struct Waiting(long MessageId, DeliveryRecord Delivery, DeliveryState State, ushort PacketId);
}
