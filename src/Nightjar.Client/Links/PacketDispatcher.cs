using System.Text;
using Nightjar.Client.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Client.Links;

/// <summary>Handles the packets that a server sends. Runs on the receive loop only.</summary>
internal sealed class PacketDispatcher(ClientLink link)
{
    private readonly IncomingMessages _messages = new(link);
    private AuthenticationChallenge? _challenge;

    /// <summary>An AUTH 0x18 waits for its answer, which may take time: reading pauses.</summary>
    internal bool HasChallenge => _challenge is not null;

    internal AuthenticationChallenge? TakeChallenge()
    {
        AuthenticationChallenge? challenge = _challenge;
        _challenge = null;
        return challenge;
    }

    /// <summary>Handles one packet.</summary>
    /// <returns>False when the connection is being closed and nothing more is to be read.</returns>
    internal bool Dispatch(in Frame frame)
    {
        if (!link.Facts.IsAccepted && frame.Type is not (PacketType.ConnAck or PacketType.Auth)) return Unexpected(frame.Type);
        ProtocolError error;
        bool valid = frame.Type switch
        {
            PacketType.Publish => _messages.TryHandlePublish(in frame, out error),
            PacketType.PubAck => TryHandlePubAck(in frame, out error),
            PacketType.PubRec => TryHandlePubRec(in frame, out error),
            PacketType.PubRel => _messages.TryHandlePubRel(in frame, out error),
            PacketType.PubComp => TryHandlePubComp(in frame, out error),
            PacketType.SubAck => TryHandleSubAck(in frame, out error),
            PacketType.UnsubAck => TryHandleUnsubAck(in frame, out error),
            PacketType.PingResp => TryHandlePingResp(in frame, out error),
            PacketType.ConnAck => TryHandleConnAck(in frame, out error),
            PacketType.Disconnect when link.IsVersion5 => TryHandleDisconnect(in frame, out error),
            PacketType.Auth when link.IsVersion5 => TryHandleAuth(in frame, out error),
            _ => IsUnexpected(out error),
        };
        if (!valid) link.Fail(in error);
        return !link.IsClosed;
    }

    private static string? ToText(ReadOnlySpan<byte> value) => value.IsEmpty ? null : Encoding.UTF8.GetString(value);

    private static bool IsUnexpected(out ProtocolError error)
    {
        error = new ProtocolError(ReasonCode.ProtocolError, "packet type that a server does not send");
        return false;
    }

    private bool Unexpected(PacketType type)
    {
        link.Fail(new ProtocolError(ReasonCode.ProtocolError, type == PacketType.Reserved ? "reserved packet type" : "packet before CONNACK"));
        return false;
    }

    private bool TryHandleConnAck(in Frame frame, out ProtocolError error)
    {
        if (!ConnAckPacket.TryRead(in frame, link.Version, out ConnAckPacket packet, out error)) return false;
        if (link.Facts.HasConnAck) return IsUnexpected(out error);
        ConnectResult facts = ConnectResultReader.Read(in packet, link.Options);
        link.Encoder.TraceReceived(PacketType.ConnAck, 0, facts.Code, facts.ClientId);
        if (facts.IsAccepted && facts.SessionPresent && link.Options.CleanStart)
        {
            error = new ProtocolError(ReasonCode.ProtocolError, "MQTT-3.2.2-4");
            return false;
        }

        if (!facts.IsAccepted)
        {
            var cause = new DisconnectCause(DisconnectKind.Refused, (ReasonCode)facts.Code, facts.ReasonString, facts.ServerReference);
            facts = facts with { Cause = cause };
            link.Close(cause, sendDisconnect: false);
        }

        link.Accept(facts);
        return true;
    }

    private bool TryHandlePubAck(in Frame frame, out ProtocolError error)
    {
        if (!AcknowledgementPacket.TryRead(in frame, link.Version, out AcknowledgementPacket packet, out error)) return false;
        link.Encoder.TraceReceived(PacketType.PubAck, packet.PacketId, (byte)packet.ReasonCode);
        lock (link.Gate)
        {
            if (!link.Session.TryGet(packet.PacketId, out OutgoingPublish publish)) return true;
            if (publish.Message.QoS != QualityOfService.AtLeastOnce) return IsUnexpected(out error);
            FinishLocked(publish, in packet);
        }

        return true;
    }

    private bool TryHandlePubRec(in Frame frame, out ProtocolError error)
    {
        if (!AcknowledgementPacket.TryRead(in frame, link.Version, out AcknowledgementPacket packet, out error)) return false;
        link.Encoder.TraceReceived(PacketType.PubRec, packet.PacketId, (byte)packet.ReasonCode);
        lock (link.Gate)
        {
            bool known = link.Session.TryGet(packet.PacketId, out OutgoingPublish publish);
            if (known && publish.Message.QoS != QualityOfService.ExactlyOnce) return IsUnexpected(out error);
            if (packet.ReasonCode >= ReasonCode.UnspecifiedError)
            {
                if (known) FinishLocked(publish, in packet);
                return true;
            }

            if (known && publish.State == DeliveryState.Published) link.Session.Release(publish);
            if (link.IsClosed) return true;
            link.Encoder.WriteAcknowledgementLocked(PacketType.PubRel, packet.PacketId, known ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound);
        }

        return true;
    }

    private bool TryHandlePubComp(in Frame frame, out ProtocolError error)
    {
        if (!AcknowledgementPacket.TryRead(in frame, link.Version, out AcknowledgementPacket packet, out error)) return false;
        link.Encoder.TraceReceived(PacketType.PubComp, packet.PacketId, (byte)packet.ReasonCode);
        lock (link.Gate)
        {
            if (!link.Session.TryGet(packet.PacketId, out OutgoingPublish publish)) return true;
            if (publish.State != DeliveryState.Released) return IsUnexpected(out error);
            FinishLocked(publish, in packet);
        }

        return true;
    }

    private void FinishLocked(OutgoingPublish publish, in AcknowledgementPacket packet)
    {
        link.Session.Remove(publish);
        bool refused = packet.ReasonCode >= ReasonCode.UnspecifiedError && !(publish.IsReleaseRepeated && packet.ReasonCode == ReasonCode.PacketIdentifierNotFound);
        publish.Complete(new PublishResult(refused ? PublishOutcome.Refused : PublishOutcome.Acknowledged, packet.ReasonCode, ToText(packet.ReasonString)));
        link.SendQuota++;
        link.PumpLocked();
    }

    private bool TryHandleSubAck(in Frame frame, out ProtocolError error)
    {
        if (!SubAckPacket.TryRead(in frame, link.Version, out SubAckPacket packet, out error)) return false;
        var codes = new ReasonCode[packet.Count];
        for (int i = 0; i < codes.Length; i++) codes[i] = packet[i];
        return TryAnswer(PacketType.SubAck, packet.PacketId, codes, out error);
    }

    private bool TryHandleUnsubAck(in Frame frame, out ProtocolError error)
    {
        if (!UnsubAckPacket.TryRead(in frame, link.Version, out UnsubAckPacket packet, out error)) return false;
        ReasonCode[]? codes = link.IsVersion5 ? new ReasonCode[packet.Count] : null;
        for (int i = 0; i < codes?.Length; i++) codes[i] = packet[i];
        return TryAnswer(PacketType.UnsubAck, packet.PacketId, codes, out error);
    }

    private bool TryAnswer(PacketType type, ushort packetId, ReasonCode[]? codes, out ProtocolError error)
    {
        error = default;
        link.Encoder.TraceReceived(type, packetId, 0);
        PendingRequest? request;
        lock (link.Gate)
        {
            if (!link.Session.TryRemoveRequest(packetId, out request)) return true;
        }

        codes ??= new ReasonCode[request.Count];
        bool matches = request.Answer == type && codes.Length == request.Count;
        request.Complete(matches ? new SubscribeResult(true, packetId, codes) : SubscribeResult.Unanswered);
        if (!matches) error = new ProtocolError(ReasonCode.ProtocolError, "answer does not match the request");
        return matches;
    }

    private bool TryHandlePingResp(in Frame frame, out ProtocolError error)
    {
        if (!PingPacket.TryRead(in frame, out error)) return false;
        link.Encoder.TraceReceived(PacketType.PingResp, 0, 0);
        link.KeepAlive.OnPingResp();
        return true;
    }

    private bool TryHandleDisconnect(in Frame frame, out ProtocolError error)
    {
        if (!DisconnectPacket.TryRead(in frame, link.Version, PacketDirection.ToClient, out DisconnectPacket packet, out error)) return false;
        link.Encoder.TraceReceived(PacketType.Disconnect, 0, (byte)packet.ReasonCode);
        var cause = new DisconnectCause(DisconnectKind.ServerDisconnect, packet.ReasonCode, ToText(packet.ReasonString), ToText(packet.ServerReference));
        link.Close(cause, sendDisconnect: false);
        return true;
    }

    private bool TryHandleAuth(in Frame frame, out ProtocolError error)
    {
        if (!AuthPacket.TryRead(in frame, link.Version, PacketDirection.ToClient, out AuthPacket packet, out error)) return false;
        link.Encoder.TraceReceived(PacketType.Auth, 0, (byte)packet.ReasonCode);
        string method = Encoding.UTF8.GetString(packet.AuthenticationMethod);
        bool expected = link.Options.AuthenticationMethod == method && link.Options.AuthenticationHandler is not null
            && packet.ReasonCode is ReasonCode.Success or ReasonCode.ContinueAuthentication;
        if (!expected)
        {
            error = new ProtocolError(ReasonCode.ProtocolError, "MQTT-4.12.0-5");
            return false;
        }

        var challenge = new AuthenticationChallenge(packet.ReasonCode, method, packet.AuthenticationData.ToArray());
        if (packet.ReasonCode == ReasonCode.ContinueAuthentication) _challenge = challenge;
        else link.EndReauthentication(challenge);
        return true;
    }
}
