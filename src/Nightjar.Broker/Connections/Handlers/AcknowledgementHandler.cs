using System.Buffers.Binary;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections.Handlers;

/// <summary>PUBACK, PUBREC, PUBREL, PUBCOMP from a client (§3.4 to §3.7).</summary>
internal static class AcknowledgementHandler
{
    /// <summary>Bytes of an acknowledgement without a reason code.</summary>
    internal const int BareLength = 4;

    // Publishers wait for the gate meanwhile.
    private const int LongestRun = CompletedDeliveries.Capacity;

    // Bytes to the packet whose message is asked for meanwhile: what stands there need not be a PUBACK.
    private const int Ahead = 4 * BareLength;

    internal static void Handle(ClientConnection connection, in Frame frame, BatchContext context)
    {
        if (!AcknowledgementPacket.TryRead(frame, connection.Version, out var packet, out var error))
        {
            connection.Fail(error);
            return;
        }

        if (packet.Type == PacketType.PubRel) HandlePubRel(connection, packet.PacketId, context);
        else HandleDelivery(connection, packet, context);
    }

    /// <summary>Handles PUBACKs that stand one behind the other, as they do when a client takes many messages at once, under one hold of the session's gate.</summary>
    /// <param name="connection">The client.</param>
    /// <param name="source">Unread bytes.</param>
    /// <param name="context">The batch.</param>
    /// <returns>How many were handled. Those with anything unusual about them are left to <see cref="Handle"/>.</returns>
    internal static int HandleRun(ClientConnection connection, ReadOnlySpan<byte> source, BatchContext context)
    {
        var session = connection.Session!;
        var count = 0;
        context.Leave();
        lock (session.Gate)
        {
            if (!ReferenceEquals(session.Link, connection.Link)) return 0;
            while (count < LongestRun && source.Length >= BareLength && source[0] == (byte)PacketType.PubAck << 4 && source[1] == BareLength - 2)
            {
                if (source.Length >= Ahead + BareLength) session.ExpectPubAck(BinaryPrimitives.ReadUInt16BigEndian(source[(Ahead + 2)..]));
                if (session.OnPubAckOfRun(BinaryPrimitives.ReadUInt16BigEndian(source[2..]), context) != AcknowledgementResult.Accepted) break;
                source = source[BareLength..];
                count++;
            }

            session.EndRun(context);
        }

        context.Counters.ReceivedByType[(int)PacketType.PubAck] += count;
        return count;
    }

    // The message went on when PUBLISH came; PUBREL ends the life of its packet id [MQTT-4.3.3-11].
    private static void HandlePubRel(ClientConnection connection, ushort packetId, BatchContext context)
    {
        var session = connection.Session!;
        bool known;
        long ticket = 0;
        lock (session.Gate)
        {
            if (!ReferenceEquals(session.Link, connection.Link)) return;
            known = session.RemoveReceivedId(packetId);
            if (known && session.IsStored) ticket = connection.Core.Environment.Stores.Messages.RemoveReceivedId(session.StoreClaim, packetId);
        }

        connection.Acknowledge(PacketType.PubComp, packetId, known ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound, ticket, context);
    }

    private static void HandleDelivery(ClientConnection connection, in AcknowledgementPacket packet, BatchContext context)
    {
        var session = connection.Session!;
        AcknowledgementResult result;
        long ticket = 0;
        lock (session.Gate)
        {
            if (!ReferenceEquals(session.Link, connection.Link)) return;
            result = packet.Type switch
            {
                PacketType.PubAck => session.OnPubAck(packet.PacketId, context),
                PacketType.PubRec => session.OnPubRec(packet.PacketId, packet.ReasonCode, context, out ticket),
                _ => session.OnPubComp(packet.PacketId, context),
            };
        }

        if (result == AcknowledgementResult.Mismatch)
        {
            connection.Close(DisconnectCause.ProtocolError, ReasonCode.ProtocolError, "acknowledgement does not belong to the QoS of the message");
            return;
        }

        if (packet.Type != PacketType.PubRec || packet.ReasonCode >= ReasonCode.UnspecifiedError) return;
        // An unknown id is answered too, so that a client that remembers more than the broker comes to an end with it.
        var code = result == AcknowledgementResult.Accepted ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound;
        connection.Acknowledge(PacketType.PubRel, packet.PacketId, code, ticket, context);
    }
}
