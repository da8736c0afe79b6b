using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Sessions;
using Nightjar.Broker.Subscriptions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <summary>
/// Makes the state of a broker of what a store holds, before anybody can connect: sessions with their subscriptions, windows and queues,
/// retained messages; deadlines go on as the absolute times they are. Nothing is judged here: rights are asked when a message is delivered.
/// </summary>
internal sealed class StateRecovery : IRecoverySink
{
    private readonly BrokerCore _core;
    private readonly Dictionary<long, Session> _sessions = [];
    private readonly Dictionary<Session, long?> _disconnected = [];
    private readonly Dictionary<long, PublishedMessage> _messages = [];
    private Session? _last;
    private int _queued;
    private int _retained;
    private int _strays;

    private StateRecovery(BrokerCore core) => _core = core;

    /// <summary>Recovers from the store of the broker, if it has one that keeps anything.</summary>
    /// <exception cref="IOException">The store cannot be read, or is damaged.</exception>
    internal static void Run(BrokerCore core)
    {
        if (core.Environment.Stores.Recovery is not { } store) return;
        var recovery = new StateRecovery(core);
        try
        {
            store.Recover(recovery);
        }
        finally
        {
            foreach (var message in recovery._messages.Values) message.Release();
        }

        // Last, since what is due at once needs all of the state.
        foreach (var (session, disconnectedAt) in recovery._disconnected) core.Sessions.Resume(session, disconnectedAt);
        BrokerLog.Recovered(core.Environment.Log, recovery._sessions.Count, recovery._messages.Count + recovery._queued, recovery._retained);
        if (recovery._strays > 0) BrokerLog.RecoveredStrays(core.Environment.Log, recovery._strays);
    }

    bool IRecoverySink.WantsPages => true;

    void IRecoverySink.OnMessage(in MessageRecord message)
    {
        var kept = RecordedMessages.Keep(message, _core.Environment);
        if (_messages.TryAdd(message.Id, kept)) return;
        kept.Release();
        _strays++;
    }

    void IRecoverySink.OnRetained(in MessageRecord message)
    {
        _core.Router.RestoreRetained(RecordedMessages.PublicationOf(message, _core.Environment));
        _retained++;
    }

    void IRecoverySink.OnSession(SessionClaim session, in SessionRecord record)
    {
        if (_core.Sessions.Restore(session, record) is { } restored && _sessions.TryAdd(session.Key, restored)) _disconnected.Add(restored, record.DisconnectedAt);
        else _strays++;
    }

    void IRecoverySink.OnSubscription(long sessionKey, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier)
    {
        var filter = topicFilter;
        byte[]? shareName = null;
        if (SharedSubscription.TryParse(filter, out var shared))
        {
            shareName = shared.ShareName.ToArray();
            filter = shared.TopicFilter;
        }

        if (!_sessions.TryGetValue(sessionKey, out var session) || !TopicFilter.IsValid(filter, _core.Environment.Options.MaximumTopicLevels))
        {
            _strays++;
            return;
        }

        lock (session.Gate)
        {
            var trie = _core.Router.Subscriptions;
            var subscription = new Subscription(session, trie.Intern(filter), shareName, options, subscriptionIdentifier);
            if (trie.Add(subscription) is { } replaced) session.Subscriptions.Remove(replaced);
            session.Subscriptions.Add(subscription);
        }
    }

    void IRecoverySink.OnWill(long sessionKey, in MessageRecord message, uint delayInterval, uint? expiryInterval)
    {
        if (!_sessions.TryGetValue(sessionKey, out var session))
        {
            _strays++;
            return;
        }

        lock (session.Gate)
        {
            session.Will?.Message.Release();
            session.Will = new Will(RecordedMessages.Keep(message, _core.Environment), delayInterval, expiryInterval);
        }
    }

    void IRecoverySink.OnDelivery(long sessionKey, long messageId, in DeliveryRecord delivery, DeliveryState state, ushort packetId)
    {
        var inflight = state switch
        {
            DeliveryState.Queued => InflightState.None,
            DeliveryState.Received => InflightState.AwaitingPubComp,
            _ => delivery.QoS == QualityOfService.AtLeastOnce ? InflightState.AwaitingPubAck : InflightState.AwaitingPubRec,
        };
        PublishedMessage? message = null;
        if (!_sessions.TryGetValue(sessionKey, out var session)
            || (inflight != InflightState.AwaitingPubComp && !_messages.TryGetValue(messageId, out message)))
        {
            _strays++;
            return;
        }

        message?.AddReference();
        var restored = RecordedMessages.DeliveryOf(delivery, message, _core.Environment);
        lock (session.Gate)
        {
            if (session.Restore(restored, inflight, packetId)) return;
        }

        message?.Release();
        _strays++;
    }

    void IRecoverySink.OnQueued(long sessionKey, long number, int size, bool isShared)
    {
        // In runs of one session, mostly.
        if (_last?.StoreClaim.Key != sessionKey && !_sessions.TryGetValue(sessionKey, out _last))
        {
            _strays++;
            return;
        }

        _queued++;
        lock (_last.Gate) _last.RestoreWaiting(new WaitingDelivery(number, size, isShared));
    }

    void IRecoverySink.OnReceivedId(long sessionKey, ushort packetId)
    {
        if (packetId == 0 || !_sessions.TryGetValue(sessionKey, out var session))
        {
            _strays++;
            return;
        }

        lock (session.Gate) session.AddReceivedId(packetId);
    }
}
