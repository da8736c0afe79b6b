using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Testing.Broker;

/// <summary>Whole packets of well-behaved clients.</summary>
public static class WirePackets
{
    /// <summary>CONNECT. In v3 the expiry is ignored.</summary>
    public static byte[] Connect(
        ProtocolVersion version, string clientId, bool cleanStart = true, uint sessionExpiry = 0, ushort keepAlive = 0, ushort receiveMaximum = 0,
        uint maximumPacketSize = 0, ushort topicAliasMaximum = 0, string? userName = null, TestWill? will = null, byte[]? password = null)
    {
        var writer = new ConnectWriter
        {
            Version = version,
            CleanStart = cleanStart,
            KeepAlive = keepAlive,
            ClientId = Encoding.UTF8.GetBytes(clientId),
            HasUserName = userName is not null,
            UserName = userName is null ? default : Encoding.UTF8.GetBytes(userName),
            HasPassword = password is not null,
            Password = password,
            HasWill = will is not null,
            WillQoS = will?.QoS ?? QualityOfService.AtMostOnce,
            WillRetain = will?.Retain ?? false,
            WillTopic = will is null ? default : Encoding.UTF8.GetBytes(will.Topic),
            WillPayload = will is null ? default : Encoding.UTF8.GetBytes(will.Payload),
            WillProperties = will?.Properties,
            SessionExpiryInterval = sessionExpiry,
            ReceiveMaximum = receiveMaximum,
            MaximumPacketSize = maximumPacketSize,
            TopicAliasMaximum = topicAliasMaximum,
        };
        var bytes = new byte[writer.Measure()];
        return bytes[..writer.Write(bytes)];
    }

    /// <summary>SUBSCRIBE of one filter.</summary>
    public static byte[] Subscribe(
        ProtocolVersion version, ushort packetId, string filter, QualityOfService qos, bool noLocal = false, bool retainAsPublished = false,
        RetainHandling retainHandling = RetainHandling.SendAtSubscribe, uint identifier = 0)
    {
        var writer = new SubscribeWriter
        {
            Version = version,
            PacketId = packetId,
            SubscriptionIdentifier = identifier,
            Subscriptions = new[] { new SubscriptionRequest(Encoding.UTF8.GetBytes(filter), qos, noLocal, retainAsPublished, retainHandling) },
        };
        var bytes = new byte[writer.Measure()];
        return bytes[..writer.Write(bytes)];
    }

    /// <summary>UNSUBSCRIBE of some filters.</summary>
    public static byte[] Unsubscribe(ProtocolVersion version, ushort packetId, params string[] filters)
    {
        var writer = new UnsubscribeWriter
        {
            Version = version,
            PacketId = packetId,
            TopicFilters = filters.Select(filter => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(filter))).ToArray(),
        };
        var bytes = new byte[writer.Measure()];
        return bytes[..writer.Write(bytes)];
    }

    /// <summary>PUBLISH; <paramref name="properties"/> are encoded v5 properties without their length.</summary>
    public static byte[] Publish(
        ProtocolVersion version, string topic, string payload, QualityOfService qos = QualityOfService.AtMostOnce, ushort packetId = 1,
        bool retain = false, bool dup = false, byte[]? properties = null)
    {
        var writer = new PublishWriter
        {
            Version = version,
            Dup = dup,
            QoS = qos,
            Retain = retain,
            TopicName = Encoding.UTF8.GetBytes(topic),
            PacketId = qos == QualityOfService.AtMostOnce ? (ushort)0 : packetId,
            ForwardableProperties = properties,
            Payload = Encoding.UTF8.GetBytes(payload),
        };
        var bytes = new byte[writer.Measure()];
        return bytes[..writer.Write(bytes)];
    }

    /// <summary>PUBACK, PUBREC, PUBREL or PUBCOMP.</summary>
    public static byte[] Ack(PacketType type, ushort packetId, ProtocolVersion version, ReasonCode reasonCode = ReasonCode.Success)
    {
        var bytes = new byte[AcknowledgementWriter.MaximumBareLength];
        return bytes[..AcknowledgementWriter.Write(bytes, type, packetId, version, reasonCode)];
    }
}
