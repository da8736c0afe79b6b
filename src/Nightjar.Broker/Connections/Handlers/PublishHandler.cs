using System.Runtime.CompilerServices;
using System.Text;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Routing;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections.Handlers;

/// <summary>PUBLISH from a client (§3.3): the hot path, steps 4 to 9 of the map in <c>src/README.md</c>.</summary>
internal static class PublishHandler
{
    internal static void Handle(ClientConnection connection, in Frame frame, BatchContext context)
    {
        if (!PublishPacket.TryRead(frame, connection.Version, PacketDirection.ToServer, out var packet, out var error))
        {
            connection.Fail(error);
            return;
        }

        context.Counters.PublishReceived++;
        context.Counters.PublishBytesReceived += packet.Payload.Length;
        if (packet.QoS > connection.Listener.MaximumQoS)
        {
            connection.Close(DisconnectCause.QoSNotSupported, ReasonCode.QoSNotSupported, "MQTT-3.2.2-11");
            return;
        }

        if (packet.Retain && !connection.Core.Environment.Options.RetainAvailable)
        {
            connection.Close(DisconnectCause.RetainNotSupported, ReasonCode.RetainNotSupported, "MQTT-3.2.2-14");
            return;
        }

        if (packet.Properties.HasTopicAlias || connection.Mount is not null)
        {
            HandleResolved(connection, packet, context);
            return;
        }

        // A local that nobody is given a reference to stays in registers.
        var topicName = packet.TopicName;
        var route = connection.Routes.Find(connection.Core, topicName, context);
        if (route is null) connection.FailLevels();
        else Accept(connection, packet, topicName, route, context);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void HandleResolved(ClientConnection connection, in PublishPacket packet, BatchContext context)
    {
        if (TryResolve(connection, packet, out var topicName, out var route, context)) Accept(connection, packet, topicName, route, context);
    }

    // The topic name of the packet or of its alias, and where it goes. A route that is known has had its levels counted before.
    private static bool TryResolve(ClientConnection connection, in PublishPacket packet, out ReadOnlySpan<byte> topicName, out Route route, BatchContext context)
    {
        topicName = packet.TopicName;
        route = null!;
        if (connection.Mount is { } mount && !topicName.IsEmpty && !mount.TryMount(topicName, context, out topicName))
        {
            connection.Close(DisconnectCause.TopicNameInvalid, ReasonCode.TopicNameInvalid, "longer than 65535 bytes below the mount point");
            return false;
        }

        if (!packet.Properties.HasTopicAlias)
        {
            var found = connection.Routes.Find(connection.Core, topicName, context);
            if (found is null)
            {
                connection.FailLevels();
                return false;
            }

            route = found;
            return true;
        }

        return TryResolveAlias(connection, packet.Properties.TopicAlias, ref topicName, ref route, context);
    }

    private static bool TryResolveAlias(ClientConnection connection, ushort alias, ref ReadOnlySpan<byte> topicName, ref Route route, BatchContext context)
    {
        var aliases = connection.Aliases;
        if (aliases is null || alias > aliases.Maximum)
        {
            connection.Close(DisconnectCause.TopicAliasInvalid, ReasonCode.TopicAliasInvalid, "MQTT-3.2.2-17");
            return false;
        }

        if (topicName.IsEmpty)
        {
            if (aliases.Get(alias) is not { } known)
            {
                connection.Close(DisconnectCause.ProtocolError, ReasonCode.ProtocolError, "topic alias was never set");
                return false;
            }

            topicName = known.TopicName;
            if (connection.Core.Router.IsCurrent(known))
            {
                route = known;
                return true;
            }
        }
        else if (!TopicName.IsValid(topicName, connection.Core.Environment.Options.MaximumTopicLevels))
        {
            connection.FailLevels();
            return false;
        }

        route = connection.Core.Router.GetRoute(topicName, context);
        aliases.Set(alias, route);
        return true;
    }

    private static void Accept(ClientConnection connection, in PublishPacket packet, ReadOnlySpan<byte> topicName, Route route, BatchContext context)
    {
        var options = connection.Core.Environment.Options;
        if (options.MemoryLimit > 0 && !IsAdmitted(connection, packet, topicName, context)) return;
        if (packet.QoS == QualityOfService.ExactlyOnce)
        {
            if (!TryBeginQoS2(connection, packet.PacketId, context)) return;
        }
        else if (packet.QoS == QualityOfService.AtLeastOnce && connection.PendingPubAcks > 0 && IsOverReceiveMaximum(connection))
        {
            return;
        }

        // Passed on and noted as received in one: of either without the other the client's repetition would make a second message, or none.
        var isGroup = packet.QoS == QualityOfService.ExactlyOnce && connection.Session!.IsStored;
        if (!isGroup)
        {
            Pass(connection, packet, topicName, route, context);
            return;
        }

        using var group = new StoreGroup(connection.Core.Environment.Stores.Messages);
        Pass(connection, packet, topicName, route, context);
    }

    private static void Pass(ClientConnection connection, in PublishPacket packet, ReadOnlySpan<byte> topicName, Route route, BatchContext context)
    {
        var options = connection.Core.Environment.Options;
        long ticket = 0;
        var refusal = PublishRefusal.None;
        ReasonCode code;
        var isControl = topicName[0] == (byte)'$' && TopicRoot.IsControl(topicName);
        // What comes behind a message that will be sent again must not overtake it, nor its answer [MQTT-4.6.0-2].
        if (packet.QoS != QualityOfService.AtMostOnce && connection.OwesAnswer)
        {
            code = ReasonCode.QuotaExceeded;
            refusal = PublishRefusal.StoreFailed;
        }
        // A request that is kept would be one again for whoever subscribes.
        else if (!connection.Routes.MayWrite(connection.Core.Environment.Gate, connection.Identity, route, topicName) || (isControl && packet.Retain))
        {
            code = ReasonCode.NotAuthorized;
            LogDenied(connection, packet, topicName);
        }
        else if (options.MaximumPayloadSize > 0 && packet.Payload.Length > options.MaximumPayloadSize)
        {
            code = ReasonCode.ImplementationSpecificError;
            connection.CountLimit(BrokerLimit.MaximumPayloadSize);
            context.Counters.PublishDropped++;
        }
        else if (isControl)
        {
            context.Leave();
            code = connection.Core.Control.TryTake(connection, topicName, packet.Payload, context) ? ReasonCode.Success : ReasonCode.QuotaExceeded;
        }
        else if (CanGather(connection, packet, topicName, route))
        {
            context.Gather(route.Receivers, connection.Session!, connection.Version, connection.Identity, topicName, packet.Payload);
            return;
        }
        else
        {
            code = Publish(connection, packet, topicName, route, context, out ticket, out refusal);
        }

        if (ticket != 0 || (packet.QoS == QualityOfService.ExactlyOnce && connection.Session!.IsStored)) connection.OnFedStore();
        if (packet.QoS == QualityOfService.AtMostOnce) return;
        if (isControl && code == ReasonCode.QuotaExceeded) refusal = PublishRefusal.RequestLimit;
        if (ticket == IMessageStore.Refused || (refusal == PublishRefusal.StoreFailed && !connection.IsVersion5)) Withhold(connection, packet, context);
        else Answer(connection, packet, code, refusal, ticket, context);
    }

    // Whether the message is one that every receiver gets in the same form and that nobody keeps.
    private static bool CanGather(ClientConnection connection, in PublishPacket packet, ReadOnlySpan<byte> topicName, Route route)
    {
        var options = connection.Core.Environment.Options;
        return packet.QoS == QualityOfService.AtMostOnce && route.CanGather && !packet.Retain
            && packet.Properties.Raw.IsEmpty
            && topicName.Length + packet.Payload.Length <= MessageRun.LongestMessage
            && !options.UpgradeOutgoingQoS && !options.QueueQoS0Messages
            && connection.Core.Events.Published is null;
    }

    // Before v5 there is no answer that says no, and yes would be a lie: the client keeps the message, and is asked for it again when the store is back.
    private static void Withhold(ClientConnection connection, in PublishPacket packet, BatchContext context)
    {
        context.Leave();
        connection.OweAnswer();
        if (packet.QoS != QualityOfService.ExactlyOnce) return;
        var session = connection.Session!;
        lock (session.Gate) session.RemoveReceivedId(packet.PacketId);
    }

    // Before a packet id is taken: a message that is not held is not acknowledged either, and may be sent again. What clears a retained
    // message is always let in, because it makes room.
    private static bool IsAdmitted(ClientConnection connection, in PublishPacket packet, ReadOnlySpan<byte> topicName, BatchContext context)
    {
        if (packet.Retain && packet.Payload.IsEmpty) return true;
        var size = PublishedMessage.FootprintOf((long)topicName.Length + packet.Properties.ForwardableLength + packet.Payload.Length);
        if (connection.Core.Environment.AdmitsMemory(size, context)) return true;
        context.Counters.PublishDropped++;
        connection.OnMemoryShort();
        return false;
    }

    private static ReasonCode Publish(
        ClientConnection connection, in PublishPacket packet, ReadOnlySpan<byte> topicName, Route route, BatchContext context, out long ticket, out PublishRefusal refusal)
    {
        var core = connection.Core;
        var session = connection.Session!;
        var properties = packet.Properties;
        // Not by an initializer, which fills a second one and copies it.
        var publication = new Publication(core.Environment.Messages);
        publication.TopicName = topicName;
        publication.Payload = packet.Payload;
        publication.QoS = packet.QoS;
        publication.Retain = packet.Retain;
        publication.Publisher = session;
        publication.Origin = connection.Identity;
        publication.Refusable = packet.QoS != QualityOfService.AtMostOnce;
        publication.IsVersion5 = connection.IsVersion5;
        publication.IsAlone = packet.QoS != QualityOfService.ExactlyOnce && route.Receivers.Length == 1 && route.Groups.Length == 0;
        publication.NeedsRecord = packet.QoS == QualityOfService.ExactlyOnce && session.IsStored;
        if (properties.Raw.Length > 0)
        {
            publication.Properties = Forwardable(properties, context);
            if (properties.HasMessageExpiryInterval) publication.ExpiresAt = core.Environment.ExpiryOf(properties.MessageExpiryInterval);
        }

        var code = core.Router.Publish(ref publication, route, context);
        ticket = publication.Ticket;
        refusal = publication.Refusal;
        publication.Dispose();
        if (core.Events.Published is { } handler)
        {
            context.Leave();
            Announce(connection, handler, packet, topicName);
        }

        return code;
    }

    private static ReadOnlySpan<byte> Forwardable(scoped in PublishProperties properties, BatchContext context)
    {
        var length = properties.ForwardableLength;
        if (length == properties.Raw.Length) return properties.Raw;
        if (length == 0) return default;
        var scratch = context.EnsureScratch(length);
        return scratch.AsSpan(0, properties.CopyForwardable(scratch));
    }

    // The packet id is taken before the message goes anywhere: a repetition gets PUBREC and no second onward copy [MQTT-4.3.3-10].
    private static bool TryBeginQoS2(ClientConnection connection, ushort packetId, BatchContext context)
    {
        var session = connection.Session!;
        bool known;
        context.Leave();
        lock (session.Gate)
        {
            if (!ReferenceEquals(session.Link, connection.Link)) return false;
            known = session.HasReceivedId(packetId);
            if (!known && session.ReceivedIdCount + connection.PendingPubAcks < connection.ReceiveMaximum) session.AddReceivedId(packetId);
            else if (!known) packetId = 0;
        }

        if (known)
        {
            connection.Acknowledge(PacketType.PubRec, packetId, ReasonCode.Success, 0, context);
            return false;
        }

        return packetId != 0 || !IsOverReceiveMaximum(connection);
    }

    private static bool IsOverReceiveMaximum(ClientConnection connection)
    {
        if (connection.Session!.ReceivedIdCount + connection.PendingPubAcks < connection.ReceiveMaximum) return false;
        connection.Close(DisconnectCause.ReceiveMaximumExceeded, ReasonCode.ReceiveMaximumExceeded, "MQTT-3.3.4-7");
        return true;
    }

    private static void Answer(ClientConnection connection, in PublishPacket packet, ReasonCode code, PublishRefusal refusal, long ticket, BatchContext context)
    {
        // v3 has no reason codes: what was refused is acknowledged as if fine [MQTT-3.3.5-2 v3.1.1].
        if (!connection.IsVersion5) code = ReasonCode.Success;
        if (packet.QoS == QualityOfService.AtLeastOnce)
        {
            if (code == ReasonCode.QuotaExceeded) connection.Refuse(PacketType.PubAck, packet.PacketId, code, ReasonOf(refusal), context);
            else connection.Acknowledge(PacketType.PubAck, packet.PacketId, code, ticket, context);
            return;
        }

        var session = connection.Session!;
        context.Leave();
        lock (session.Gate)
        {
            // After PUBREC 0x80 or above the packet id is free again [MQTT-4.3.3-9].
            if (code >= ReasonCode.UnspecifiedError) session.RemoveReceivedId(packet.PacketId);
            else if (session.IsStored && session.HasReceivedId(packet.PacketId))
                ticket = Math.Max(ticket, connection.Core.Environment.Stores.Messages.AddReceivedId(session.StoreClaim, packet.PacketId));
        }

        if (ticket == IMessageStore.Refused) connection.OweAnswer();
        else if (code == ReasonCode.QuotaExceeded) connection.Refuse(PacketType.PubRec, packet.PacketId, code, ReasonOf(refusal), context);
        else connection.Acknowledge(PacketType.PubRec, packet.PacketId, code, ticket, context);
    }

    // What a client is told with 0x97.
    private static ReadOnlySpan<byte> ReasonOf(PublishRefusal refusal) => refusal switch
    {
        PublishRefusal.QueueFull => "queue of a subscriber is full"u8,
        PublishRefusal.StoreFailed => "the broker cannot write to its store"u8,
        PublishRefusal.RequestLimit => "limit of control requests reached"u8,
        _ => "limit of retained messages reached"u8,
    };

    private static void Announce(ClientConnection connection, Action<MessagePublishedEventArgs> handler, in PublishPacket packet, ReadOnlySpan<byte> topicName)
    {
        var args = new MessagePublishedEventArgs(
            connection.Session!.ClientId, Encoding.UTF8.GetString(topicName), packet.Payload.ToArray(), packet.QoS, packet.Retain);
        EventCaller.Call(connection.Core.Environment.Log, handler, args);
    }

    private static void LogDenied(ClientConnection connection, in PublishPacket packet, ReadOnlySpan<byte> topicName)
    {
        var log = connection.Core.Environment.Log;
        if (!log.IsEnabled(Microsoft.Extensions.Logging.LogLevel.Debug) || !connection.TryTakeLogLine()) return;
        BrokerLog.DeniedPublish(
            log, connection.ClientIdText, packet.Dup ? 1 : 0, (int)packet.QoS, packet.Retain ? 1 : 0, packet.PacketId, Encoding.UTF8.GetString(topicName), packet.Payload.Length);
    }
}
