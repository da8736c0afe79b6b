namespace Nightjar.Protocol.Tests.Fuzzing;

/// <summary>Reads a packet and writes it again from nothing but what its reader gave.</summary>
internal static class PacketCopier
{
    /// <summary>Copies one packet.</summary>
    /// <returns>Bytes written; -1 when the reader refused the packet.</returns>
    internal static int Copy(in Frame frame, ProtocolVersion version, Span<byte> destination, out ProtocolError error)
    {
        switch (frame.Type)
        {
            case PacketType.Connect:
                return ConnectPacket.TryRead(in frame, out ConnectPacket connect, out error) ? Write(in connect, destination) : -1;
            case PacketType.ConnAck:
                return ConnAckPacket.TryRead(in frame, version, out ConnAckPacket connAck, out error)
                    ? Write(in connAck, version, destination)
                    : -1;
            case PacketType.Publish:
                return PublishPacket.TryRead(in frame, version, PacketDirection.ToClient, out PublishPacket publish, out error)
                    ? Write(in publish, version, destination) : -1;
            case PacketType.Subscribe:
                return SubscribePacket.TryRead(in frame, version, out SubscribePacket subscribe, out error)
                    ? Write(in subscribe, version, destination)
                    : -1;
            case PacketType.SubAck:
                return SubAckPacket.TryRead(in frame, version, out SubAckPacket subAck, out error)
                    ? SubAckWriter.Write(
                        destination, version, subAck.PacketId, [subAck[0], subAck[1]], subAck.ReasonString, Pairs(subAck.UserProperties))
                    : -1;
            case PacketType.Unsubscribe:
                return UnsubscribePacket.TryRead(in frame, version, out UnsubscribePacket unsubscribe, out error)
                    ? Write(in unsubscribe, version, destination) : -1;
            case PacketType.UnsubAck:
                return UnsubAckPacket.TryRead(in frame, version, out UnsubAckPacket unsubAck, out error)
                    ? UnsubAckWriter.Write(
                        destination, version, unsubAck.PacketId, unsubAck.Count == 0 ? [] : [unsubAck[0]], unsubAck.ReasonString,
                        Pairs(unsubAck.UserProperties))
                    : -1;
            case PacketType.PingReq or PacketType.PingResp:
                if (!PingPacket.TryRead(in frame, out error)) return -1;
                return frame.Type == PacketType.PingReq ? PingWriter.WriteRequest(destination) : PingWriter.WriteResponse(destination);
            case PacketType.Disconnect:
                return DisconnectPacket.TryRead(in frame, version, out DisconnectPacket disconnect, out error)
                    ? Write(in disconnect, version, destination)
                    : -1;
            case PacketType.Auth:
                return AuthPacket.TryRead(in frame, version, out AuthPacket auth, out error) ? Write(in auth, destination) : -1;
            default:
                return AcknowledgementPacket.TryRead(in frame, version, out AcknowledgementPacket ack, out error)
                    ? AcknowledgementWriter.Write(
                        destination, ack.Type, ack.PacketId, version, ack.ReasonCode, ack.ReasonString, Pairs(ack.UserProperties))
                    : -1;
        }
    }

    private static int Write(in ConnectPacket packet, Span<byte> destination) => new ConnectWriter
    {
        Version = packet.Version,
        IsBridge = packet.IsBridge,
        CleanStart = packet.CleanStart,
        KeepAlive = packet.KeepAlive,
        ClientId = packet.ClientId,
        HasUserName = packet.HasUserName,
        UserName = packet.UserName,
        HasPassword = packet.HasPassword,
        Password = packet.Password,
        HasWill = packet.HasWill,
        WillQoS = packet.WillQoS,
        WillRetain = packet.WillRetain,
        WillTopic = packet.WillTopic,
        WillPayload = packet.WillPayload,
        WillProperties = packet.WillProperties.Raw,
        SessionExpiryInterval = packet.SessionExpiryInterval,
        ReceiveMaximum = HasProperty(packet.Properties, PropertyId.ReceiveMaximum) ? packet.ReceiveMaximum : (ushort)0,
        MaximumPacketSize = packet.MaximumPacketSize == uint.MaxValue ? 0 : packet.MaximumPacketSize,
        TopicAliasMaximum = packet.TopicAliasMaximum,
        RequestResponseInformation = packet.RequestResponseInformation,
        RequestProblemInformation = packet.RequestProblemInformation ? null : false,
        AuthenticationMethod = packet.AuthenticationMethod,
        AuthenticationData = packet.AuthenticationData,
        UserProperties = Pairs(packet.UserProperties),
    }.Write(destination);

    private static int Write(in ConnAckPacket packet, ProtocolVersion version, Span<byte> destination) => new ConnAckWriter
    {
        Version = version,
        SessionPresent = packet.SessionPresent,
        ReasonCode = packet.ReasonCode,
        ReturnCode = packet.ReturnCode,
        TopicAliasMaximum = packet.TopicAliasMaximum,
        ServerKeepAlive = packet.HasServerKeepAlive ? packet.ServerKeepAlive : null,
        AssignedClientIdentifier = packet.AssignedClientIdentifier,
        SessionExpiryInterval = packet.HasSessionExpiryInterval ? packet.SessionExpiryInterval : null,
        MaximumQoS = packet.MaximumQoS == QualityOfService.ExactlyOnce ? null : packet.MaximumQoS,
        RetainAvailable = HasProperty(packet.Properties, PropertyId.RetainAvailable) ? packet.RetainAvailable : null,
        ReasonString = packet.ReasonString,
        UserProperties = Pairs(packet.UserProperties),
        MaximumPacketSize = packet.MaximumPacketSize == uint.MaxValue ? 0 : packet.MaximumPacketSize,
        ReceiveMaximum = HasProperty(packet.Properties, PropertyId.ReceiveMaximum) ? packet.ReceiveMaximum : (ushort)0,
    }.Write(destination);

    private static int Write(in PublishPacket packet, ProtocolVersion version, Span<byte> destination)
    {
        byte[] forwardable = new byte[packet.Properties.ForwardableLength];
        packet.Properties.CopyForwardable(forwardable);
        List<uint> identifiers = [];
        foreach (uint identifier in packet.Properties.SubscriptionIdentifiers) identifiers.Add(identifier);
        return new PublishWriter
        {
            Version = version,
            Dup = packet.Dup,
            QoS = packet.QoS,
            Retain = packet.Retain,
            TopicName = packet.TopicName,
            PacketId = packet.PacketId,
            TopicAlias = packet.Properties.TopicAlias,
            HasMessageExpiryInterval = packet.Properties.HasMessageExpiryInterval,
            MessageExpiryInterval = packet.Properties.MessageExpiryInterval,
            ForwardableProperties = forwardable,
            SubscriptionIdentifiers = identifiers.ToArray(),
            Payload = packet.Payload,
        }.Write(destination);
    }

    private static int Write(in SubscribePacket packet, ProtocolVersion version, Span<byte> destination)
    {
        List<SubscriptionRequest> requests = [];
        foreach (SubscribeEntry e in packet)
            requests.Add(new SubscriptionRequest(e.TopicFilter.ToArray(), e.MaximumQoS, e.NoLocal, e.RetainAsPublished, e.RetainHandling));
        Xunit.Assert.Equal(packet.EntryCount, requests.Count);
        return new SubscribeWriter
        {
            Version = version,
            PacketId = packet.PacketId,
            SubscriptionIdentifier = packet.SubscriptionIdentifier,
            UserProperties = Pairs(packet.UserProperties),
            Subscriptions = requests.ToArray(),
        }.Write(destination);
    }

    private static int Write(in UnsubscribePacket packet, ProtocolVersion version, Span<byte> destination)
    {
        List<ReadOnlyMemory<byte>> filters = [];
        foreach (ReadOnlySpan<byte> filter in packet) filters.Add(filter.ToArray());
        Xunit.Assert.Equal(packet.EntryCount, filters.Count);
        return new UnsubscribeWriter
        {
            Version = version,
            PacketId = packet.PacketId,
            UserProperties = Pairs(packet.UserProperties),
            TopicFilters = filters.ToArray(),
        }.Write(destination);
    }

    private static int Write(in DisconnectPacket packet, ProtocolVersion version, Span<byte> destination) => new DisconnectWriter
    {
        Version = version,
        ReasonCode = packet.ReasonCode,
        SessionExpiryInterval = packet.HasSessionExpiryInterval ? packet.SessionExpiryInterval : null,
        ReasonString = packet.ReasonString,
        ServerReference = packet.ServerReference,
        UserProperties = Pairs(packet.UserProperties),
    }.Write(destination);

    private static int Write(in AuthPacket packet, Span<byte> destination) => new AuthWriter
    {
        ReasonCode = packet.ReasonCode,
        AuthenticationMethod = packet.AuthenticationMethod,
        AuthenticationData = packet.AuthenticationData,
        ReasonString = packet.ReasonString,
        UserProperties = Pairs(packet.UserProperties),
    }.Write(destination);

    private static byte[] Pairs(UserPropertyEnumerable pairs)
    {
        byte[] buffer = new byte[70_000];
        var writer = new PropertyWriter(buffer);
        foreach (UserProperty pair in pairs) writer.AddUserProperty(pair.Name, pair.Value);
        return writer.Written.ToArray();
    }

    private static bool HasProperty(ReadOnlySpan<byte> block, PropertyId id)
    {
        while (!block.IsEmpty)
        {
            if (block[0] == (byte)id) return true;
            block = block[PropertyBlock.LengthOfFirst(block)..];
        }

        return false;
    }
}
