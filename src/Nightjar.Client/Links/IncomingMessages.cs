using Nightjar.Protocol;

namespace Nightjar.Client.Links;

/// <summary>Received PUBLISH packets: aliases, receive maximum, duplicates, delivery and acknowledgement in order.</summary>
internal sealed class IncomingMessages
{
    private readonly ClientLink _link;
    private readonly byte[]?[] _aliases;
    private readonly int _receiveMaximum;

    internal IncomingMessages(ClientLink link)
    {
        _link = link;
        _aliases = link.IsVersion5 && link.Options.TopicAliasMaximum > 0 ? new byte[]?[link.Options.TopicAliasMaximum + 1] : [];
        _receiveMaximum = link.IsVersion5 ? link.Options.ReceiveMaximum : int.MaxValue;
    }

    private AcknowledgementQueue Queue => _link.Client.Acknowledgements;

    internal bool TryHandlePublish(in Frame frame, out ProtocolError error)
    {
        if (!PublishPacket.TryRead(in frame, _link.Version, PacketDirection.ToClient, out PublishPacket packet, out error)) return false;
        if (!TryResolveTopic(in packet, out ReadOnlySpan<byte> topicName, out error)) return false;
        _link.Encoder.TraceReceivedPublish(in packet, topicName);
        if (packet.QoS == QualityOfService.AtMostOnce)
        {
            Deliver(in packet, topicName);
            return true;
        }

        bool duplicate;
        lock (_link.Gate)
        {
            duplicate = packet.QoS == QualityOfService.ExactlyOnce && _link.Session.HasReceived(packet.PacketId);
            if (duplicate) _link.Encoder.WriteAcknowledgementLocked(PacketType.PubRec, packet.PacketId, ReasonCode.Success);
            else if (Queue.Unacknowledged >= _receiveMaximum) error = new ProtocolError(ReasonCode.ReceiveMaximumExceeded, "MQTT-3.3.4-9");
            else Queue.AddLocked(packet.PacketId, packet.QoS);
        }

        if (duplicate || error.ReasonCode != ReasonCode.Success) return duplicate;
        Deliver(in packet, topicName);
        if (_link.Options.ManualAcknowledgement) return true;
        lock (_link.Gate) Queue.AcknowledgeLocked(_link, packet.PacketId, ReasonCode.Success);
        return true;
    }

    internal bool TryHandlePubRel(in Frame frame, out ProtocolError error)
    {
        if (!AcknowledgementPacket.TryRead(in frame, _link.Version, out AcknowledgementPacket packet, out error)) return false;
        _link.Encoder.TraceReceived(PacketType.PubRel, packet.PacketId, (byte)packet.ReasonCode);
        lock (_link.Gate)
        {
            bool known = _link.Session.RemoveReceived(packet.PacketId);
            if (known) Queue.CompleteLocked(packet.PacketId);
            if (_link.IsClosed) return true;
            _link.Encoder.WriteAcknowledgementLocked(PacketType.PubComp, packet.PacketId, known ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound);
        }

        return true;
    }

    private void Deliver(in PublishPacket packet, ReadOnlySpan<byte> topicName)
    {
        ReceivedMessageHandler? handler = _link.Client.MessageReceived;
        if (handler is null) return;
        var message = new ReceivedMessage
        {
            TopicName = topicName,
            Payload = packet.Payload,
            QoS = packet.QoS,
            Retain = packet.Retain,
            Dup = packet.Dup,
            PacketId = packet.PacketId,
            Properties = packet.Properties,
        };
        handler(_link.Client, in message);
    }

    /// <summary>Puts the topic of a known alias in place of an empty one, and remembers new ones [MQTT-3.3.2-10].</summary>
    private bool TryResolveTopic(in PublishPacket packet, out ReadOnlySpan<byte> topicName, out ProtocolError error)
    {
        error = default;
        topicName = packet.TopicName;
        ushort alias = packet.Properties.TopicAlias;
        if (alias == 0) return true;
        if (alias >= _aliases.Length)
        {
            error = new ProtocolError(ReasonCode.TopicAliasInvalid, "MQTT-3.1.2-26");
            return false;
        }

        if (!topicName.IsEmpty)
        {
            if (!topicName.SequenceEqual(_aliases[alias])) _aliases[alias] = topicName.ToArray();
            return true;
        }

        topicName = _aliases[alias];
        if (!topicName.IsEmpty) return true;
        error = new ProtocolError(ReasonCode.ProtocolError, "topic alias is not known");
        return false;
    }
}
