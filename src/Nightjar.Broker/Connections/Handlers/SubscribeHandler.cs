using System.Text;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Broker.Subscriptions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections.Handlers;

/// <summary>SUBSCRIBE (§3.8): one code per filter in order, then the retained messages.</summary>
internal static class SubscribeHandler
{
    internal static void Handle(ClientConnection connection, in Frame frame, BatchContext context)
    {
        if (!SubscribePacket.TryRead(frame, connection.Version, out var packet, out var error))
        {
            connection.Fail(error);
            return;
        }

        var codes = new ReasonCode[packet.EntryCount];
        if (connection.Core.Environment.Stores.Condition.IsFailed && connection.Session!.IsStored)
        {
            // A subscription that the next start does not know is none.
            Array.Fill(codes, Refusal(connection, ReasonCode.QuotaExceeded));
            WriteSubAck(connection, packet.PacketId, codes, "the broker cannot write to its store"u8, 0, context);
            return;
        }

        List<RetainedDelivery>? retained = null;
        long ticket = 0;
        var index = 0;
        foreach (var entry in packet)
            codes[index++] = Subscribe(connection, entry, packet.SubscriptionIdentifier, context, ref retained, ref ticket);

        var session = connection.Session!;
        WriteSubAck(connection, packet.PacketId, codes, "limit of subscriptions reached"u8, ticket, context);
        if (retained is null) return;
        lock (session.Gate)
        {
            if (!ReferenceEquals(session.Link, connection.Link)) return;
            foreach (var delivery in retained) session.AddRetained(delivery);
            if (session.Pump(context)) session.MorePending = true;
        }
    }

    private static ReasonCode Subscribe(
        ClientConnection connection, in SubscribeEntry entry, uint identifier, BatchContext context, ref List<RetainedDelivery>? retained, ref long ticket)
    {
        var core = connection.Core;
        var options = core.Environment.Options;
        var session = connection.Session!;
        var topicFilter = entry.TopicFilter;
        if (connection.Mount is { } mount && !mount.TryMountFilter(topicFilter, context, out topicFilter)) return Refusal(connection, ReasonCode.TopicFilterInvalid);
        var filter = topicFilter;
        byte[]? shareName = null;
        if (SharedSubscription.TryParse(filter, out var shared))
        {
            shareName = shared.ShareName.ToArray();
            filter = shared.TopicFilter;
        }

        if (!TopicFilter.IsValid(filter, options.MaximumTopicLevels)) return Invalid(connection, filter);
        if (!core.Environment.Gate.May(connection.Identity, AccessAction.Subscribe, filter)) return Refusal(connection, ReasonCode.NotAuthorized);
        // Each SUBSCRIBE, repeated ones too, has the retained messages sent again: what waits for a slow reader is bounded as well, at twice
        // the subscriptions, so that a client may repeat all it has.
        if (options.MaximumSubscriptionsPerClient > 0 && session.PendingRetained + (retained?.Count ?? 0) >= 2L * options.MaximumSubscriptionsPerClient)
            return AtLimit(connection);
        var granted = entry.MaximumQoS > connection.Listener.MaximumQoS ? connection.Listener.MaximumQoS : entry.MaximumQoS;
        var subscription = new Subscription(
            session, core.Router.Subscriptions.Intern(filter), shareName, granted, entry.NoLocal || connection.IsBridge, entry.RetainAsPublished || connection.IsBridge, entry.RetainHandling, identifier);
        if (!TryAdd(connection, session, subscription, topicFilter, ref ticket, out var isNew)) return AtLimit(connection);
        Log(connection, topicFilter, entry.MaximumQoS);
        var wantsRetained = shareName is null && options.RetainAvailable
            && (entry.RetainHandling == RetainHandling.SendAtSubscribe || (entry.RetainHandling == RetainHandling.SendIfNew && isNew));
        // Asked after the subscription is in the trie: what is retained from now on is delivered by it.
        if (wantsRetained && core.Router.Retained.MayMatch(filter)) (retained ??= []).Add(new RetainedDelivery(core.Router.Retained.Match(subscription.TopicFilter), subscription));
        return (ReasonCode)granted;
    }

    private static bool TryAdd(
        ClientConnection connection, Session session, Subscription subscription, ReadOnlySpan<byte> topicFilter, ref long ticket, out bool isNew)
    {
        var core = connection.Core;
        var maximum = core.Environment.Options.MaximumSubscriptionsPerClient;
        lock (session.Gate)
        {
            isNew = false;
            // Taken over meanwhile: the session's subscriptions are no longer this connection's business, nor is its SUBACK read.
            if (!ReferenceEquals(session.Link, connection.Link)) return false;
            var trie = core.Router.Subscriptions;
            var replaced = trie.Add(subscription);
            isNew = replaced is null;
            if (replaced is not null)
            {
                session.Subscriptions.Remove(replaced);
            }
            else if (maximum > 0 && session.Subscriptions.Count >= maximum)
            {
                trie.Remove(session, subscription.TopicFilter, subscription.ShareName);
                return false;
            }

            session.Subscriptions.Add(subscription);
            if (!session.IsStored) return true;
            var stored = core.Environment.Stores.Sessions.AddSubscription(
                session.StoreClaim, topicFilter, subscription.Options, subscription.SubscriptionIdentifier);
            ticket = Math.Max(ticket, stored);
            return true;
        }
    }

    private static ReasonCode Invalid(ClientConnection connection, ReadOnlySpan<byte> filter)
    {
        if (TopicFilter.IsValid(filter, int.MaxValue)) connection.CountLimit(BrokerLimit.MaximumTopicLevels);
        return Refusal(connection, ReasonCode.TopicFilterInvalid);
    }

    private static ReasonCode AtLimit(ClientConnection connection)
    {
        connection.CountLimit(BrokerLimit.MaximumSubscriptionsPerClient);
        return Refusal(connection, ReasonCode.QuotaExceeded);
    }

    // v3.1.1 knows one failure code; v3.1 none: there the requested QoS is granted in words only, as Mosquitto does with 0x80.
    private static ReasonCode Refusal(ClientConnection connection, ReasonCode code) => connection.IsVersion5 ? code : ReasonCode.UnspecifiedError;

    // With a word why when a filter was refused with 0x97, where the client may be told [MQTT-3.9.2-1].
    private static void WriteSubAck(ClientConnection connection, ushort packetId, ReadOnlySpan<ReasonCode> codes, ReadOnlySpan<byte> reason, long ticket, BatchContext context)
    {
        if (!codes.Contains(ReasonCode.QuotaExceeded)) reason = default;
        if (!connection.MayExplain(SubAckWriter.Measure(connection.Version, codes.Length, reason))) reason = default;
        var scratch = context.EnsureScratch(SubAckWriter.Measure(connection.Version, codes.Length, reason));
        connection.Write(scratch.AsSpan(0, SubAckWriter.Write(scratch, connection.Version, packetId, codes, reason)), ticket, context);
    }

    private static void Log(ClientConnection connection, ReadOnlySpan<byte> topicFilter, QualityOfService qos)
    {
        var log = connection.Core.Environment.Log;
        if (log.IsEnabled(Microsoft.Extensions.Logging.LogLevel.Debug) && connection.TryTakeLogLine())
            BrokerLog.Subscribed(log, connection.ClientIdText, (int)qos, Encoding.UTF8.GetString(topicFilter));
    }
}
