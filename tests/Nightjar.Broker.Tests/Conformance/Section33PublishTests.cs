using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>PUBLISH, section 3.3: header, topic name, forwarded properties, answers.</summary>
public sealed class Section33PublishTests
{
    private static readonly ProtocolVersion[] Standards = [ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50];

    public static TheoryData<ProtocolVersion, byte> QoS3 => Versions.With<byte>(Standards, 0x36, 0x37, 0x3E);

    public static TheoryData<ProtocolVersion, string> Wildcards => Versions.With(Standards, "#", "+", "a/#", "a/+/b", "a#", "+a");

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.3.1-1")]
    [Statement("MQTT-3.3.1-1 v3.1.1")]
    public async Task Dup_OnRedelivery_IsSet(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        broker.Broker.Publish("t", "one"u8, QualityOfService.AtLeastOnce);
        broker.Broker.Publish("t", "two"u8, QualityOfService.ExactlyOnce);
        for (var i = 1; i <= 2; i++)
        {
            var first = await client.ReceivePublishAsync();
            Assert.Equal((false, i), (first.Dup, first.PacketId));
        }

        client.Abort();
        await broker.WaitForConnectionsAsync(0);
        client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 100);

        foreach (var (id, payload) in ((int, string)[])[(1, "one"), (2, "two")])
        {
            var again = await client.ReceiveAndAcknowledgeAsync();
            Assert.Equal((true, id, payload), (again.Dup, again.PacketId, again.Payload));
        }

        await client.ExpectNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.3.1-2")]
    [Statement("MQTT-3.3.1-2 v3.1.1")]
    public async Task Dup_AtQoS0_IsNeitherAcceptedNorSent(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("s", version);
        await subscriber.SubscribeAsync("t");
        var client = await broker.ConnectAsync("c", version);
        await client.PublishAsync("t", "a", QualityOfService.AtLeastOnce, dup: true);
        var received = await subscriber.ReceivePublishAsync();
        Assert.Equal((QualityOfService.AtMostOnce, false), (received.QoS, received.Dup));
        await client.ExpectAsync("40 02 0001");

        await client.SendAsync(Raw.Packet(0x38, Raw.Field("t"), Raw.BlockOf(version), Raw.Utf8("b")));
        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
        await subscriber.ExpectNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.3.1-3")]
    [Statement("MQTT-3.3.1-3 v3.1.1")]
    public async Task Dup_OfThePublisher_IsNotPassedOn(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("s", version);
        await subscriber.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        var client = await broker.ConnectAsync("c", version);
        await client.PublishAsync("t", "a", QualityOfService.AtLeastOnce, 1, dup: true);
        await client.PublishAsync("t", "b", QualityOfService.ExactlyOnce, 2, dup: true);
        Assert.False((await subscriber.ReceiveAndAcknowledgeAsync()).Dup);
        Assert.False((await subscriber.ReceiveAndAcknowledgeAsync()).Dup);
    }

    [Theory]
    [MemberData(nameof(QoS3))]
    [Statement("MQTT-3.3.1-4")]
    [Statement("MQTT-3.3.1-4 v3.1.1")]
    public async Task QoS_Three_Closes(ProtocolVersion version, byte header)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SendAsync(Raw.Packet(header, Raw.Field("t"), Raw.Hex("0001"), Raw.BlockOf(version)));
        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
    }

    [Theory]
    [MemberData(nameof(Wildcards))]
    [Statement("MQTT-3.3.2-2")]
    [Statement("MQTT-3.3.2-2 v3.1.1")]
    public async Task TopicName_WithWildcard_Closes(ProtocolVersion version, string topic)
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await broker.ConnectAsync("w", version);
        await witness.SubscribeAsync("#");
        var client = await broker.ConnectAsync("c", version);
        await client.SendAsync(Raw.Packet(0x30, Raw.Field(topic), Raw.BlockOf(version)));
        await client.ExpectDisconnectAsync(ReasonCode.TopicNameInvalid);
        await witness.ExpectNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.3.2-1")]
    [Statement("MQTT-3.3.2-1 v3.1.1")]
    public async Task TopicName_FirstAndUtf8_IsForwardedAsItIs(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("#", QualityOfService.AtLeastOnce);
        foreach (var topic in (string[])["a", "/", "//", " a b ", "ä/Ω/漢/😀", "a/" + new string('x', 60_000)])
        {
            var expected = Raw.Packet(0x32, Raw.Field(topic), Raw.Hex("0001"), Raw.BlockOf(version), [7]);
            await client.SendAsync(expected);
            var received = await client.ReceiveAsync();
            Assert.Equal(0x40, (await client.ReceiveAsync())[0]);
            var id = received.AsSpan().IndexOf(Raw.Field(topic)) + Raw.Field(topic).Length;
            await client.SendAsync(Raw.Packet(0x40, received[id..(id + 2)]));
            (received[id], received[id + 1]) = (0, 1);
            Assert.Equal(expected, received);
        }

        await client.SendAsync(Raw.Packet(0x30, Raw.Hex("0005 74")));
        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
    }

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.3.2-3")]
    [Statement("MQTT-3.3.2-3 v3.1.1")]
    public async Task TopicName_Sent_MatchesTheFilter(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("a/+/c");
        await client.SubscribeAsync("b/#");
        string[] topics = ["a/b/c", "a//c", "b", "b/c/d"];
        foreach (var topic in (string[])[.. topics, "a/b", "a/b/c/d", "A/b/c", "a/b/c/", "/b", "bb", "a/c"]) broker.Broker.Publish(topic, "m"u8);
        foreach (var topic in topics) Assert.Equal(topic, (await client.ReceivePublishAsync()).Topic);
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.3.2-4")]
    [Statement("MQTT-3.3.2-15")]
    [Statement("MQTT-3.3.2-16")]
    [Statement("MQTT-3.3.2-17")]
    [Statement("MQTT-3.3.2-18")]
    [Statement("MQTT-3.3.2-20")]
    public async Task Properties_AreForwardedUnchangedLiveQueuedAndRetained()
    {
        await using var broker = await TestBroker.StartAsync();
        var live = await broker.ConnectAsync("live");
        var second = await broker.ConnectAsync("second");
        var offline = await broker.ConnectAsync("offline", cleanStart: false, sessionExpiry: 100);
        foreach (var client in (WireClient[])[live, second, offline]) await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await offline.DisconnectAsync();
        await broker.WaitForConnectionsAsync(2);
        byte[] properties =
        [
            .. Raw.UserProperty("z", "1"), 0x09, .. Raw.Field(0, 255, 0, 1), .. Raw.UserProperty("a", "2"), .. Raw.Hex("01 01"), .. Raw.UserProperty("z", "1"),
            0x08, .. Raw.Field("answer/Ω"), .. Raw.UserProperty("", ""), 0x03, .. Raw.Field("text/plain"), .. Raw.UserProperty("long", new string('v', 1000)),
        ];
        var publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QualityOfService.AtLeastOnce, retain: true, properties: properties);
        await publisher.ExpectAsync("40 02 0001");

        offline = await broker.ConnectAsync("offline", cleanStart: false, sessionExpiry: 100);
        var late = await broker.ConnectAsync("late");
        await late.SubscribeAsync("t", QualityOfService.AtLeastOnce);

        foreach (var client in (WireClient[])[live, second, offline, late])
        {
            var received = await client.ReceiveAndAcknowledgeAsync();
            Assert.Equal("m", received.Payload);
            Assert.Equal(properties, received.Properties);
        }
    }

    [Theory]
    [InlineData("01 00")]
    [InlineData("01 01")]
    [InlineData("09 0000")]
    [InlineData("03 0000")]
    [Statement("MQTT-3.3.2-4")]
    [Statement("MQTT-3.3.2-16")]
    [Statement("MQTT-3.3.2-20")]
    public async Task Property_Alone_IsForwardedAsItIs(string property)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync("t");
        await client.PublishAsync("t", "m", properties: Raw.Hex(property));
        Assert.Equal(Raw.Hex(property), (await client.ReceivePublishAsync()).Properties);
    }

    [Theory]
    [InlineData("08 0001 23")]
    [InlineData("08 0003 612F2B")]
    [Statement("MQTT-3.3.2-14")]
    public async Task ResponseTopic_WithWildcard_Closes(string property)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.PublishAsync("t", "m", properties: Raw.Hex(property));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData("0B 01")]
    [InlineData("0B FFFFFF7F")]
    [Statement("MQTT-3.3.4-6")]
    public async Task SubscriptionIdentifier_FromAClient_Closes(string property)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.PublishAsync("t", "m", properties: Raw.Hex(property));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData("01 02")]
    [InlineData("01 00 01 00")]
    [InlineData("11 00000001")]
    [InlineData("02 00000001 02 00000001")]
    [InlineData("18 00000001")]
    [Statement("T3-01")]
    [Statement("T3-02")]
    [Statement("T3-09")]
    public async Task Property_AgainstTheProtocol_Closes(string property)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.PublishAsync("t", "m", properties: Raw.Hex(property));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.3.4-1")]
    [Statement("MQTT-3.3.4-1 v3.1.1")]
    public async Task Publish_IsAnsweredByItsQoS(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("s", version);
        await subscriber.SubscribeAsync("t");
        var client = await broker.ConnectAsync("c", version);
        await client.PublishAsync("t", "0");
        await client.ExpectNothingAsync();
        await client.PublishAsync("t", "1", QualityOfService.AtLeastOnce, 3);
        await client.ExpectAsync("40 02 0003");
        await client.PublishAsync("t", "2", QualityOfService.ExactlyOnce, 4);
        await client.ExpectAsync("50 02 0004");
        await client.ExpectNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    public async Task Publish_WithoutSubscribers_IsAnsweredWith0x10InVersion5(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.PublishAsync("t", "1", QualityOfService.AtLeastOnce, 3);
        await client.ExpectAsync(version == ProtocolVersion.Mqtt50 ? "40 03 0003 10" : "40 02 0003");
        await client.PublishAsync("t", "2", QualityOfService.ExactlyOnce, 4);
        await client.ExpectAsync(version == ProtocolVersion.Mqtt50 ? "50 03 0004 10" : "50 02 0004");
        await client.SendAsync("62 02 0004");
        await client.ExpectAsync("70 02 0004");
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.3.5-2 v3.1.1")]
    public async Task Publish_NotAuthorized_IsAcknowledgedAndDropped(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync(authorizer: new DenyingAuthorizer("t"));
        var subscriber = await broker.ConnectAsync("s", version);
        await subscriber.SubscribeAsync("#");
        var client = await broker.ConnectAsync("c", version);
        await client.PublishAsync("t", "0", retain: true);
        await client.PublishAsync("t", "1", QualityOfService.AtLeastOnce, 3);
        await client.ExpectAsync(version == ProtocolVersion.Mqtt50 ? "40 03 0003 87" : "40 02 0003");
        await client.PublishAsync("t", "2", QualityOfService.ExactlyOnce, 4);
        await client.ExpectAsync(version == ProtocolVersion.Mqtt50 ? "50 03 0004 87" : "50 02 0004");
        await client.SendAsync("62 02 0004");
        await client.ExpectAsync(version == ProtocolVersion.Mqtt50 ? "70 03 0004 92" : "70 02 0004");
        await subscriber.ExpectNothingAsync();
        Assert.Equal(0, broker.Broker.RetainedCount);
    }
}
