using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Client.Links;

/// <summary>Writes packets into the output of one connection, and tells the trace. Guarded by the client's gate; nothing is committed here.</summary>
internal sealed class PacketEncoder(ClientLink link)
{
    private ProtocolVersion Version => link.Options.Version;

    internal void WriteConnectLocked()
    {
        MqttClientOptions options = link.Options;
        MqttWill? will = options.Will;
        var writer = new ConnectWriter
        {
            Version = options.Version,
            IsBridge = options.IsBridge,
            CleanStart = options.CleanStart,
            KeepAlive = options.KeepAlive,
            ClientId = Encoding.UTF8.GetBytes(options.ClientId),
            HasUserName = options.UserName is not null,
            UserName = Encoding.UTF8.GetBytes(options.UserName ?? ""),
            HasPassword = options.Password is not null,
            Password = (options.Password ?? default).Span,
            HasWill = will is not null,
            WillQoS = will?.QoS ?? default,
            WillRetain = will?.Retain ?? false,
            WillTopic = will is null ? default : will.TopicName.Span,
            WillPayload = will is null ? default : will.Payload.Span,
            WillProperties = will is null ? default : EncodeWillProperties(will),
            SessionExpiryInterval = options.SessionExpiryInterval,
            ReceiveMaximum = options.ReceiveMaximum == ushort.MaxValue ? (ushort)0 : options.ReceiveMaximum,
            MaximumPacketSize = options.MaximumPacketSize == uint.MaxValue ? 0 : options.MaximumPacketSize,
            TopicAliasMaximum = options.TopicAliasMaximum,
            RequestResponseInformation = options.RequestResponseInformation,
            RequestProblemInformation = options.RequestProblemInformation ? null : false,
            AuthenticationMethod = Encoding.UTF8.GetBytes(options.AuthenticationMethod ?? ""),
            AuthenticationData = options.AuthenticationData.Span,
            UserProperties = options.UserProperties.Span,
        };
        int length = writer.Measure();
        Written(writer.Write(Reserve(length)));
        TraceSent(PacketType.Connect, 0, 0);
    }

    /// <summary>Writes a PUBLISH; false when it is larger than the server's Maximum Packet Size [MQTT-3.2.2-15].</summary>
    internal bool TryWritePublishLocked(MqttPublish message, ushort packetId, bool dup)
    {
        ReadOnlySpan<byte> topicName = message.TopicName.Span;
        ushort alias = message.TopicAlias;
        if (alias == 0) alias = TakeAlias(topicName, dup, out topicName);
        var writer = new PublishWriter
        {
            Version = Version,
            Dup = dup,
            QoS = message.QoS,
            Retain = message.Retain,
            TopicName = topicName,
            PacketId = packetId,
            TopicAlias = alias,
            HasMessageExpiryInterval = message.MessageExpiryInterval is not null,
            MessageExpiryInterval = message.MessageExpiryInterval ?? 0,
            ForwardableProperties = message.Properties.Span,
            Payload = message.Payload.Span,
        };
        return TryWrite(in writer, message.TopicName.Span);
    }

    internal bool TryWriteAtMostOnceLocked(ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> payload, bool retain, ReadOnlySpan<byte> properties)
    {
        ushort alias = TakeAlias(topicName, false, out ReadOnlySpan<byte> topicToSend);
        var writer = new PublishWriter
        {
            Version = Version,
            Retain = retain,
            TopicName = topicToSend,
            TopicAlias = alias,
            ForwardableProperties = properties,
            Payload = payload,
        };
        return TryWrite(in writer, topicName);
    }

    internal void WriteAcknowledgementLocked(PacketType type, ushort packetId, ReasonCode reasonCode)
    {
        Written(AcknowledgementWriter.Write(Reserve(AcknowledgementWriter.MaximumBareLength), type, packetId, Version, reasonCode));
        TraceSent(type, packetId, (byte)reasonCode);
    }

    internal bool TryWriteSubscribeLocked(ushort packetId, ReadOnlySpan<SubscriptionRequest> subscriptions, uint identifier, ReadOnlySpan<byte> userProperties)
    {
        var writer = new SubscribeWriter
        {
            Version = Version,
            PacketId = packetId,
            SubscriptionIdentifier = link.IsVersion5 ? identifier : 0,
            UserProperties = userProperties,
            Subscriptions = subscriptions,
        };
        int length = writer.Measure();
        if ((uint)length > link.Facts.MaximumPacketSize) return false;
        Written(writer.Write(Reserve(length)));
        foreach (SubscriptionRequest request in subscriptions) Trace(PacketType.Subscribe, packetId, OptionsOf(in request), request.TopicFilter.Span);
        return true;
    }

    internal bool TryWriteUnsubscribeLocked(ushort packetId, ReadOnlySpan<ReadOnlyMemory<byte>> topicFilters, ReadOnlySpan<byte> userProperties)
    {
        var writer = new UnsubscribeWriter { Version = Version, PacketId = packetId, UserProperties = userProperties, TopicFilters = topicFilters };
        int length = writer.Measure();
        if ((uint)length > link.Facts.MaximumPacketSize) return false;
        Written(writer.Write(Reserve(length)));
        foreach (ReadOnlyMemory<byte> filter in topicFilters) Trace(PacketType.Unsubscribe, packetId, 0, filter.Span);
        return true;
    }

    internal void WritePingReqLocked()
    {
        Written(PingWriter.WriteRequest(Reserve(PingWriter.Length)));
        TraceSent(PacketType.PingReq, 0, 0);
    }

    internal void WriteAuthLocked(ReasonCode reasonCode, ReadOnlySpan<byte> authenticationData)
    {
        var writer = new AuthWriter
        {
            ReasonCode = reasonCode,
            AuthenticationMethod = Encoding.UTF8.GetBytes(link.Options.AuthenticationMethod ?? ""),
            AuthenticationData = authenticationData,
        };
        Written(writer.Write(Reserve(writer.Measure())));
        TraceSent(PacketType.Auth, 0, (byte)reasonCode);
    }

    internal void WriteDisconnectLocked(ReasonCode reasonCode, uint? sessionExpiryInterval, ReadOnlySpan<byte> userProperties)
    {
        var writer = new DisconnectWriter
        {
            Version = Version,
            ReasonCode = reasonCode,
            SessionExpiryInterval = sessionExpiryInterval,
            UserProperties = userProperties,
        };
        int length = writer.Measure();
        if ((uint)length > link.Facts.MaximumPacketSize) writer = new DisconnectWriter { Version = Version, ReasonCode = reasonCode };
        Written(writer.Write(Reserve(length)));
        TraceSent(PacketType.Disconnect, 0, (byte)reasonCode);
    }

    internal void TraceReceived(PacketType type, ushort packetId, byte code, string? clientId = null) =>
        link.Options.Trace?.Invoke(new PacketTrace { Type = type, PacketId = packetId, Code = code, ClientId = clientId ?? link.Facts.ClientId });

    internal void TraceReceivedPublish(in PublishPacket packet, ReadOnlySpan<byte> topicName)
    {
        if (link.Options.Trace is not { } trace) return;
        trace(new PacketTrace
        {
            Type = PacketType.Publish,
            PacketId = packet.PacketId,
            Flags = FlagsOf(packet.Dup, packet.QoS, packet.Retain),
            Topic = topicName,
            PayloadLength = packet.Payload.Length,
            ClientId = link.Facts.ClientId,
        });
    }

    private static byte FlagsOf(bool dup, QualityOfService qos, bool retain) => (byte)((dup ? 8 : 0) | ((int)qos << 1) | (retain ? 1 : 0));

    private static byte OptionsOf(in SubscriptionRequest request) => (byte)((int)request.MaximumQoS | (request.NoLocal ? 0b0100 : 0)
        | (request.RetainAsPublished ? 0b1000 : 0) | ((int)request.RetainHandling << 4));

    private static byte[] EncodeWillProperties(MqttWill will)
    {
        var builder = new PropertyBlockBuilder();
        if (will.DelayInterval != 0) builder.AddUInt32(PropertyId.WillDelayInterval, will.DelayInterval);
        if (will.MessageExpiryInterval is { } expiry) builder.AddUInt32(PropertyId.MessageExpiryInterval, expiry);
        return [.. builder.ToArray(), .. will.Properties.Span];
    }

    private ushort TakeAlias(ReadOnlySpan<byte> topicName, bool dup, out ReadOnlySpan<byte> topicToSend)
    {
        topicToSend = topicName;
        if (!link.Options.UseTopicAliases || dup || link.Facts.TopicAliasMaximum == 0) return 0;
        ushort alias = link.Aliases.Take(topicName, link.Facts.TopicAliasMaximum, out bool known);
        if (known) topicToSend = default;
        return alias;
    }

    private bool TryWrite(in PublishWriter writer, ReadOnlySpan<byte> topicName)
    {
        int length = writer.Measure();
        if ((uint)length > link.Facts.MaximumPacketSize) return false;
        Written(writer.Write(Reserve(length)));
        if (link.Options.Trace is { } trace)
        {
            trace(new PacketTrace
            {
                IsOutgoing = true,
                Type = PacketType.Publish,
                PacketId = writer.PacketId,
                Flags = FlagsOf(writer.Dup, writer.QoS, writer.Retain),
                Topic = topicName,
                PayloadLength = writer.Payload.Length,
                ClientId = link.Facts.ClientId,
            });
        }

        return true;
    }

    private Span<byte> Reserve(int length) => link.Connection.Output.GetSpan(length);

    private void Written(int length)
    {
        link.Connection.Output.Advance(length);
        link.KeepAlive.OnSent();
    }

    private void TraceSent(PacketType type, ushort packetId, byte code) =>
        link.Options.Trace?.Invoke(new PacketTrace { IsOutgoing = true, Type = type, PacketId = packetId, Code = code, ClientId = link.Facts.ClientId });

    private void Trace(PacketType type, ushort packetId, byte flags, ReadOnlySpan<byte> topic) => link.Options.Trace?.Invoke(
        new PacketTrace { IsOutgoing = true, Type = type, PacketId = packetId, Flags = flags, Topic = topic, ClientId = link.Facts.ClientId });
}
