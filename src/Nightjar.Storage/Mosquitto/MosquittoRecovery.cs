using System.Text;
using Nightjar.Broker.Persistence;
using Nightjar.Protocol;

namespace Nightjar.Storage.Mosquitto;

/// <summary>
/// Hands what a file of Mosquitto holds to a sink, in the words of our stores. QoS 2 messages that a client has sent and not released are
/// the one difference of substance: Mosquitto passes them on at PUBREL, we do at PUBLISH. So they are passed on here, behind what is queued,
/// and their packet ids wait for PUBREL.
/// </summary>
internal sealed class MosquittoRecovery
{
    private readonly MosquittoContent _content;
    private readonly IMosquittoMessages _messages;
    private readonly TimeProvider _time;
    private readonly Dictionary<long, List<Outgoing>> _deliveries = [];

    // Ids by topic name.
    private readonly Dictionary<string, long> _retained = new(StringComparer.Ordinal);

    internal MosquittoRecovery(MosquittoContent content, IMosquittoMessages messages, TimeProvider time)
    {
        _content = content;
        _messages = messages;
        _time = time;
    }

    internal void Run(IRecoverySink sink)
    {
        var sessions = _content.Sessions.FindAll(IsDurable);
        foreach (var session in sessions) _deliveries.Add(session.Key, OutgoingOf(session));
        FindRetained();
        foreach (var session in sessions) PassOnUnreleased(session, sessions);

        foreach (var id in _deliveries.Values.SelectMany(list => list).Where(delivery => delivery.State != DeliveryState.Received).Select(delivery => delivery.MessageId).Distinct())
            sink.OnMessage(_messages.Read(id).Record);
        foreach (var id in _retained.Values) sink.OnRetained(_messages.Read(id).Record);
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var session in sessions) sink.OnSession(new SessionClaim(session.Key, 0), RecordOf(session, now));
        foreach (var session in sessions)
        {
            foreach (var subscription in session.Subscriptions) sink.OnSubscription(session.Key, subscription.TopicFilter, subscription.Options, subscription.Identifier);
        }

        foreach (var session in sessions) HandOver(session, sink);
    }

    private static SessionRecord RecordOf(MosquittoSession session, long now) => new(
        session.ClientId,
        session.UserName,
        session.ExpiryInterval,
        // The file tells it of sessions that end some time. Of the others it is better to count from now than from long ago.
        session.LeftAt == 0 ? now : session.LeftAt * 1000);

    private void HandOver(MosquittoSession session, IRecoverySink sink)
    {
        if (session.Will is { } will) sink.OnWill(session.Key, will.Message.Record, will.DelayInterval, will.ExpiryInterval);
        long number = 0;
        foreach (var delivery in _deliveries[session.Key])
        {
            var identifiers = delivery.SubscriptionIdentifiers;
            var record = new DeliveryRecord(
                ++number,
                delivery.QoS,
                delivery.Retain,
                identifiers is [var single] ? single : 0,
                identifiers is { Length: > 1 } ? identifiers : null,
                delivery.ShareName,
                delivery.ShareFilter);
            sink.OnDelivery(session.Key, delivery.State == DeliveryState.Received ? 0 : delivery.MessageId, record, delivery.State, delivery.PacketId);
        }

        foreach (var packetId in session.Incoming.Where(IsUnreleased).Select(delivery => delivery.PacketId).Distinct())
            sink.OnReceivedId(session.Key, packetId);
    }

    private bool IsDurable(MosquittoSession session)
    {
        if (session.ExpiryInterval != 0) return true;
        _content.Remark($"client '{session.ClientId}': its session ends with its connection, so nothing is kept of it.");
        return false;
    }

    private List<Outgoing> OutgoingOf(MosquittoSession session)
    {
        var result = new List<Outgoing>(session.Outgoing.Count);
        var packetIds = new HashSet<ushort>();
        foreach (var delivery in session.Outgoing)
        {
            var state = StateOf(delivery);
            if (state != DeliveryState.Received && !_messages.Contains(delivery.MessageId))
            {
                _content.Remark($"client '{session.ClientId}': a delivery names message {delivery.MessageId}, which the file does not have; it is left out.");
                continue;
            }

            if (state != DeliveryState.Queued && !packetIds.Add(delivery.PacketId))
            {
                _content.Remark($"client '{session.ClientId}': two deliveries have packet id {delivery.PacketId}; the second one is sent under a new id.");
                if (state == DeliveryState.Received) continue;
                state = DeliveryState.Queued;
            }

            result.Add(new Outgoing(
                delivery.MessageId, (QualityOfService)delivery.QoS, delivery.Retain, state, state == DeliveryState.Queued ? (ushort)0 : delivery.PacketId, delivery.SubscriptionIdentifiers));
        }

        return result;
    }

    private static DeliveryState StateOf(in MosquittoDelivery delivery) => delivery.PacketId == 0 || delivery.QoS == 0
        ? DeliveryState.Queued
        : delivery.State switch
        {
            MosquittoState.PublishQoS1 or MosquittoState.AwaitingPubAck or MosquittoState.PublishQoS2 or MosquittoState.AwaitingPubRec => DeliveryState.Sent,
            MosquittoState.SendPubRelAgain or MosquittoState.AwaitingPubComp => DeliveryState.Received,
            // A queued message has its packet id already, and nobody has seen it.
            _ => DeliveryState.Queued,
        };

    private void FindRetained()
    {
        foreach (var id in _content.Retained)
        {
            if (!_messages.Contains(id)) _content.Remark($"a retained message is message {id}, which the file does not have; it is left out.");
            else Retain(_messages.Read(id));
        }
    }

    private void Retain(MosquittoMessage message)
    {
        var topic = Encoding.UTF8.GetString(message.TopicName);
        if (message.Payload.Length > 0) _retained[topic] = message.Id;
        else _retained.Remove(topic);
    }

    private static bool IsUnreleased(MosquittoDelivery delivery) =>
        delivery.PacketId != 0 && delivery.State is not (MosquittoState.SendPubCompAgain or MosquittoState.Invalid);

    private void PassOnUnreleased(MosquittoSession publisher, List<MosquittoSession> sessions)
    {
        foreach (var delivery in publisher.Incoming)
        {
            if (!IsUnreleased(delivery)) continue;
            if (!_messages.Contains(delivery.MessageId))
            {
                _content.Remark($"client '{publisher.ClientId}': it published message {delivery.MessageId}, which the file does not have; only its packet id {delivery.PacketId} is kept.");
                continue;
            }

            var message = _messages.Read(delivery.MessageId);
            if (message.Retain) Retain(message);
            PassOn(message, publisher, sessions);
        }
    }

    private void PassOn(MosquittoMessage message, MosquittoSession publisher, List<MosquittoSession> sessions)
    {
        var groups = new HashSet<string>(StringComparer.Ordinal);
        foreach (var session in sessions)
        {
            foreach (var subscription in session.Subscriptions)
            {
                byte[]? shareName = null, shareFilter = null;
                if (SharedSubscription.TryParse(subscription.TopicFilter, out var shared))
                {
                    shareName = shared.ShareName.ToArray();
                    shareFilter = shared.TopicFilter.ToArray();
                }

                if (!TopicFilter.Matches(shareFilter ?? subscription.TopicFilter, message.TopicName)) continue;
                // No Local; then one member of each group.
                if (session == publisher && (subscription.Options & 4) != 0) continue;
                if (shareName is not null && !groups.Add(Encoding.UTF8.GetString(subscription.TopicFilter))) continue;
                _deliveries[session.Key].Add(new Outgoing(
                    message.Id,
                    (QualityOfService)Math.Min(message.QoS, subscription.Options & 3),
                    message.Retain && (subscription.Options & 8) != 0,
                    DeliveryState.Queued,
                    0,
                    subscription.Identifier == 0 ? null : [subscription.Identifier],
                    shareName,
                    shareFilter));
            }
        }
    }

    private readonly record struct Outgoing(
        long MessageId, QualityOfService QoS, bool Retain, DeliveryState State, ushort PacketId, uint[]? SubscriptionIdentifiers, byte[]? ShareName = null, byte[]? ShareFilter = null);
}
