using System.Text;

namespace Nightjar.Protocol.Tests.Fuzzing;

/// <summary>Makes valid packets of every type, version and shape, in canonical form: what the writers make of them.</summary>
internal sealed class RandomPackets(Random random)
{
    private const string Alphabet = "abcXYZ019 _-.$äß€漢😀";

    private static readonly Rune[] Runes = [.. Alphabet.EnumerateRunes()];
    private static readonly ReasonCode[] PublishCodes = [ReasonCode.Success, ReasonCode.NoMatchingSubscribers, ReasonCode.QuotaExceeded];
    private static readonly ReasonCode[] SubscribeCodes = [ReasonCode.GrantedQoS0, ReasonCode.GrantedQoS2, ReasonCode.UnspecifiedError];

    private readonly byte[] _buffer = new byte[256 * 1024];

    /// <summary>One packet.</summary>
    internal byte[] Next(ProtocolVersion version)
    {
        int length = random.Next(13) switch
        {
            0 => Connect(version),
            1 => ConnAck(version),
            2 or 3 or 4 => Publish(version),
            5 => Acknowledgement(version),
            6 => Subscribe(version),
            7 => SubAckWriter.Write(
                _buffer, version, PacketId(), [Pick(SubscribeCodes), Pick(SubscribeCodes)], Reason(version), Pairs(version)),
            8 => Unsubscribe(version),
            9 => UnsubAckWriter.Write(_buffer, version, PacketId(), [ReasonCode.NoSubscriptionExisted], Reason(version), Pairs(version)),
            10 => Disconnect(version),
            11 when version == ProtocolVersion.Mqtt50 => Auth(),
            _ => Chance() ? PingWriter.WriteRequest(_buffer) : PingWriter.WriteResponse(_buffer),
        };
        return _buffer[..length];
    }

    private int Connect(ProtocolVersion version)
    {
        bool hasUserName = Chance();
        bool hasWill = Chance();
        bool hasMethod = version == ProtocolVersion.Mqtt50 && Chance();
        return new ConnectWriter
        {
            Version = version,
            IsBridge = version != ProtocolVersion.Mqtt50 && Chance(),
            CleanStart = Chance(),
            KeepAlive = (ushort)random.Next(65_536),
            ClientId = Text(23),
            HasUserName = hasUserName,
            UserName = hasUserName ? Text(30) : [],
            HasPassword = hasUserName && Chance(),
            Password = hasUserName ? Bytes(30) : [],
            HasWill = hasWill,
            WillQoS = hasWill ? (QualityOfService)random.Next(3) : 0,
            WillRetain = hasWill && Chance(),
            WillTopic = hasWill ? Topic() : [],
            WillPayload = hasWill ? Bytes(200) : [],
            WillProperties = hasWill ? Forwardable(version) : [],
            SessionExpiryInterval = Chance() && version == ProtocolVersion.Mqtt50 ? (uint)random.Next() : 0,
            ReceiveMaximum = Chance() && version == ProtocolVersion.Mqtt50 ? PacketId() : (ushort)0,
            AuthenticationMethod = hasMethod ? Text(10, 1) : [],
            AuthenticationData = hasMethod ? Bytes(40) : [],
            UserProperties = Pairs(version),
        }.Write(_buffer);
    }

    private int ConnAck(ProtocolVersion version) => new ConnAckWriter
    {
        Version = version,
        SessionPresent = Chance(),
        TopicAliasMaximum = (ushort)random.Next(20),
        ServerKeepAlive = Chance() ? (ushort)random.Next(65_536) : null,
        AssignedClientIdentifier = Text(23),
        SessionExpiryInterval = Chance() ? (uint)random.Next() : null,
        MaximumQoS = Chance() ? (QualityOfService)random.Next(2) : null,
        RetainAvailable = Chance() ? Chance() : null,
        ReasonString = Reason(version),
        UserProperties = Pairs(version),
        MaximumPacketSize = (uint)random.Next(1_000_000),
        ReceiveMaximum = PacketId(),
    }.Write(_buffer);

    private int Publish(ProtocolVersion version)
    {
        var qos = (QualityOfService)random.Next(3);
        ushort alias = version == ProtocolVersion.Mqtt50 && Chance() ? PacketId() : (ushort)0;
        return new PublishWriter
        {
            Version = version,
            Dup = qos != QualityOfService.AtMostOnce && Chance(),
            QoS = qos,
            Retain = Chance(),
            TopicName = alias != 0 && Chance() ? [] : Topic(),
            PacketId = PacketId(),
            TopicAlias = alias,
            HasMessageExpiryInterval = Chance(),
            MessageExpiryInterval = (uint)random.Next(),
            SubscriptionIdentifiers = Chance() ? [(uint)random.Next(1, 300), (uint)random.Next(1, VariableByteInteger.MaximumValue)] : [],
            ForwardableProperties = Forwardable(version),
            Payload = Bytes(random.Next(20) == 0 ? 100_000 : 200),
        }.Write(_buffer);
    }

    private int Acknowledgement(ProtocolVersion version)
    {
        var type = (PacketType)random.Next((int)PacketType.PubAck, (int)PacketType.PubComp + 1);
        ReasonCode code = type is PacketType.PubAck or PacketType.PubRec
            ? Pick(PublishCodes)
            : Chance() ? ReasonCode.PacketIdentifierNotFound : ReasonCode.Success;
        return AcknowledgementWriter.Write(_buffer, type, PacketId(), version, code, Reason(version), Pairs(version));
    }

    private int Subscribe(ProtocolVersion version)
    {
        var subscriptions = new SubscriptionRequest[random.Next(1, 6)];
        for (int i = 0; i < subscriptions.Length; i++)
        {
            var options = new SubscriptionRequest(Filter(), (QualityOfService)random.Next(3));
            bool noLocal = !SharedSubscription.IsShared(options.TopicFilter.Span) && Chance();
            var handling = (RetainHandling)random.Next(3);
            subscriptions[i] = version == ProtocolVersion.Mqtt50
                ? options with { NoLocal = noLocal, RetainAsPublished = Chance(), RetainHandling = handling }
                : options;
        }

        return new SubscribeWriter
        {
            Version = version,
            PacketId = PacketId(),
            SubscriptionIdentifier = Chance() ? (uint)random.Next(1, VariableByteInteger.MaximumValue) : 0,
            UserProperties = Pairs(version),
            Subscriptions = subscriptions,
        }.Write(_buffer);
    }

    private int Unsubscribe(ProtocolVersion version) => new UnsubscribeWriter
    {
        Version = version,
        PacketId = PacketId(),
        UserProperties = Pairs(version),
        TopicFilters = [Filter(), Filter()],
    }.Write(_buffer);

    private int Disconnect(ProtocolVersion version) => new DisconnectWriter
    {
        Version = version,
        ReasonCode = version == ProtocolVersion.Mqtt50 && Chance() ? ReasonCode.DisconnectWithWillMessage : ReasonCode.NormalDisconnection,
        SessionExpiryInterval = version == ProtocolVersion.Mqtt50 && Chance() ? (uint)random.Next() : null,
        ReasonString = Reason(version),
        UserProperties = Pairs(version),
    }.Write(_buffer);

    private int Auth() => new AuthWriter
    {
        ReasonCode = ReasonCode.ContinueAuthentication,
        AuthenticationMethod = Text(10, 1),
        AuthenticationData = Bytes(40),
        ReasonString = Text(20),
        UserProperties = Pairs(ProtocolVersion.Mqtt50),
    }.Write(_buffer);

    private byte[] Forwardable(ProtocolVersion version)
    {
        if (version != ProtocolVersion.Mqtt50 || Chance()) return [];
        byte[] buffer = new byte[2000];
        var writer = new PropertyWriter(buffer);
        if (Chance()) writer.AddEncoded(Pairs(version));
        if (Chance()) writer.AddByte(PropertyId.PayloadFormatIndicator, (byte)random.Next(2));
        if (Chance()) writer.AddBytes(PropertyId.ResponseTopic, Topic());
        if (Chance()) writer.AddBytes(PropertyId.CorrelationData, Bytes(20));
        if (Chance()) writer.AddEncoded(Pairs(version));
        if (Chance()) writer.AddBytes(PropertyId.ContentType, Text(20));
        return writer.Written.ToArray();
    }

    private byte[] Pairs(ProtocolVersion version)
    {
        if (version != ProtocolVersion.Mqtt50) return [];
        byte[] buffer = new byte[1000];
        var writer = new PropertyWriter(buffer);
        for (int i = random.Next(4); i > 0; i--) writer.AddUserProperty(Text(10), Text(20));
        return writer.Written.ToArray();
    }

    private byte[] Reason(ProtocolVersion version) => version == ProtocolVersion.Mqtt50 && Chance() ? Text(20) : [];

    private byte[] Topic() => random.Next(3) == 0 ? Text(40, 1) : [.. Text(8, 1), (byte)'/', .. Text(12)];

    private byte[] Filter() => random.Next(5) switch
    {
        0 => "#"u8.ToArray(),
        1 => [.. "+/"u8, .. Text(10)],
        2 => [.. "$share/"u8, .. Text(5, 1), (byte)'/', .. Topic()],
        3 => [.. Topic(), .. "/#"u8],
        _ => Topic(),
    };

    private byte[] Text(int maximumRunes, int minimumRunes = 0)
    {
        var text = new StringBuilder();
        for (int i = random.Next(minimumRunes, maximumRunes + 1); i > 0; i--) text.Append(Pick(Runes).ToString());
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private byte[] Bytes(int maximum)
    {
        byte[] bytes = new byte[random.Next(maximum + 1)];
        random.NextBytes(bytes);
        return bytes;
    }

    private ushort PacketId() => (ushort)random.Next(1, 65_536);

    private bool Chance() => random.Next(2) == 0;

    private T Pick<T>(T[] values) => values[random.Next(values.Length)];
}
