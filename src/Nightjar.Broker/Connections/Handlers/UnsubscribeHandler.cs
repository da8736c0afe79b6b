using System.Text;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections.Handlers;

/// <summary>UNSUBSCRIBE (§3.10): exact filters only; messages already being sent are completed [MQTT-3.10.4-3].</summary>
internal static class UnsubscribeHandler
{
    internal static void Handle(ClientConnection connection, in Frame frame, BatchContext context)
    {
        if (!UnsubscribePacket.TryRead(frame, connection.Version, out var packet, out var error))
        {
            connection.Fail(error);
            return;
        }

        var codes = new ReasonCode[packet.EntryCount];
        long ticket = 0;
        var index = 0;
        foreach (var filter in packet) codes[index++] = Unsubscribe(connection, filter, context, ref ticket);
        var length = UnsubAckWriter.Measure(connection.Version, codes.Length);
        var scratch = context.EnsureScratch(length);
        connection.Write(scratch.AsSpan(0, UnsubAckWriter.Write(scratch, connection.Version, packet.PacketId, codes)), ticket, context);
    }

    private static ReasonCode Unsubscribe(ClientConnection connection, ReadOnlySpan<byte> topicFilter, BatchContext context, ref long ticket)
    {
        var core = connection.Core;
        var session = connection.Session!;
        // What cannot be mounted cannot have been subscribed to.
        if (connection.Mount is { } mount && !mount.TryMountFilter(topicFilter, context, out topicFilter)) return ReasonCode.NoSubscriptionExisted;
        var filter = topicFilter;
        ReadOnlySpan<byte> shareName = default;
        if (SharedSubscription.TryParse(topicFilter, out var shared))
        {
            shareName = shared.ShareName;
            filter = shared.TopicFilter;
        }

        if (!core.Environment.Gate.May(connection.Identity, AccessAction.Unsubscribe, filter)) return ReasonCode.NotAuthorized;
        lock (session.Gate)
        {
            if (!ReferenceEquals(session.Link, connection.Link)) return ReasonCode.UnspecifiedError;
            var removed = core.Router.Subscriptions.Remove(session, filter, shareName);
            if (removed is null) return ReasonCode.NoSubscriptionExisted;
            session.Subscriptions.Remove(removed);
            if (session.IsStored) ticket = Math.Max(ticket, core.Environment.Stores.Sessions.RemoveSubscription(session.StoreClaim, topicFilter));
        }

        var log = core.Environment.Log;
        if (log.IsEnabled(Microsoft.Extensions.Logging.LogLevel.Debug) && connection.TryTakeLogLine()) BrokerLog.Unsubscribed(log, connection.ClientIdText, Encoding.UTF8.GetString(topicFilter));
        return ReasonCode.Success;
    }
}
