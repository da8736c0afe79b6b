using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>SUBSCRIBE and SUBACK (§3.8, §3.9).</summary>
public sealed class SubscribeTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-3.8.1-1")]
    [Statement("MQTT-3.8.1-1 v3.1.1")]
    public async Task Subscribe_WithOtherFlagsThan0010_IsMalformed(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        for (var flags = 0; flags < 16; flags++)
        {
            if (flags == 2) continue;
            var client = await broker.ConnectAsync("c", version);
            var packet = Raw.Subscribe(version, 1, ("a", 0));
            packet[0] = (byte)(0x80 | flags);
            await client.SendAsync(packet);
            await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
        }
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, "FF", ReasonCode.MalformedPacket)]
    [InlineData(ProtocolVersion.Mqtt50, "FF", ReasonCode.MalformedPacket)]
    [InlineData(ProtocolVersion.Mqtt50, "EDA080", ReasonCode.MalformedPacket)]
    [InlineData(ProtocolVersion.Mqtt311, "EDA080", ReasonCode.MalformedPacket)]
    [InlineData(ProtocolVersion.Mqtt50, "610062", ReasonCode.MalformedPacket)]
    [InlineData(ProtocolVersion.Mqtt311, "C080", ReasonCode.MalformedPacket)]
    [Statement("MQTT-3.8.3-1")]
    [Statement("MQTT-3.8.3-1 v3.1.1")]
    [Statement("MQTT-4.7.3-2")]
    [Statement("MQTT-4.7.3-2 v3.1.1")]
    public async Task Subscribe_WithAFilterThatIsNotUtf8_IsMalformed(ProtocolVersion version, string filter, ReasonCode code)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        var bytes = Raw.Hex(filter);
        await client.SendAsync(Raw.Packet(0x82, Raw.Hex(version == ProtocolVersion.Mqtt50 ? "0001 00" : "0001"), [0, (byte)bytes.Length], bytes, [0]));
        await client.ExpectDisconnectAsync(code);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31, "82 02 0001")]
    [InlineData(ProtocolVersion.Mqtt311, "82 02 0001")]
    [InlineData(ProtocolVersion.Mqtt50, "82 03 0001 00")]
    [Statement("MQTT-3.8.3-2")]
    [Statement("MQTT-3.8.3-3 v3.1.1")]
    [Statement("MQTT-4.8.0-1 v3.1.1")]
    public async Task Subscribe_WithoutFilters_IsAProtocolError(ProtocolVersion version, string packet)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SendAsync(packet);
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt50, 0x40)]
    [InlineData(ProtocolVersion.Mqtt50, 0x80)]
    [InlineData(ProtocolVersion.Mqtt50, 0xC1)]
    [InlineData(ProtocolVersion.Mqtt311, 0x04)]
    [InlineData(ProtocolVersion.Mqtt311, 0x08)]
    [InlineData(ProtocolVersion.Mqtt311, 0x10)]
    [InlineData(ProtocolVersion.Mqtt311, 0x80)]
    [InlineData(ProtocolVersion.Mqtt311, 0x03)]
    [Statement("MQTT-3.8.3-5")]
    [Statement("MQTT-3.8.3-4 v3.1.1")]
    public async Task Subscribe_WithReservedOptionBits_IsMalformed(ProtocolVersion version, byte options)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SendAsync(Raw.Subscribe(version, 1, ("a", options)));
        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
    }

    [Fact]
    [Statement("T3-08")]
    [Statement("MQTT-3.8.3-4")]
    public async Task Subscribe_WithRetainHandling3QoS3OrNoLocalOnShared_IsAProtocolError()
    {
        await using var broker = await TestBroker.StartAsync();
        foreach (var (filter, options) in new[] { ("a", (byte)0x30), ("a", (byte)0x03), ("$share/g/a", (byte)0x04) })
        {
            var client = await broker.ConnectAsync("c");
            await client.SendAsync(Raw.Subscribe(ProtocolVersion.Mqtt50, 1, (filter, options)));
            await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
        }
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-3.8.4-1")]
    [Statement("MQTT-3.8.4-2")]
    [Statement("MQTT-3.8.4-5")]
    [Statement("MQTT-3.8.4-6")]
    [Statement("MQTT-3.8.4-7")]
    [Statement("MQTT-3.9.3-1")]
    [Statement("MQTT-3.8.4-1 v3.1.1")]
    [Statement("MQTT-3.8.4-2 v3.1.1")]
    [Statement("MQTT-3.8.4-4 v3.1.1")]
    [Statement("MQTT-3.8.4-5 v3.1.1")]
    [Statement("MQTT-3.9.3-1 v3.1.1")]
    public async Task Subscribe_ToManyFilters_GetsOneSubAckWithOneCodeEachInOrder(ProtocolVersion version)
    {
        var refused = version == ProtocolVersion.Mqtt50 ? "97" : "80";
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumSubscriptionsPerClient = 4 });
        var client = await broker.OpenAsync(version);
        await client.SendAsync(version == ProtocolVersion.Mqtt50 ? Raw.Connect5("c", "17 00") : WirePackets.Connect(version, "c"));
        await client.ReceiveAsync();
        await client.SendAsync(Raw.Subscribe(version, 0xFEDC, ("a", 2), ("b", 0), ("c/+", 1), ("d/#", 2), ("e", 1), ("b", 1)));
        var properties = version == ProtocolVersion.Mqtt50 ? "00" : "";
        var length = version == ProtocolVersion.Mqtt50 ? "09" : "08";
        await client.ExpectAsync($"90 {length} FEDC {properties} 02 00 01 02 {refused} 01");

        // They act as as many SUBSCRIBEs: the last of the same filter holds, the refused one does not exist.
        foreach (var (topic, qos) in new[] { ("a", 2), ("b", 1), ("c/1", 1), ("d", 2) })
        {
            broker.Broker.Publish(topic, "m"u8, QualityOfService.ExactlyOnce);
            var publish = await client.ReceiveAndAcknowledgeAsync();
            Assert.Equal((topic, (QualityOfService)qos), (publish.Topic, publish.QoS));
        }

        Assert.Equal(ReasonCode.NoMatchingSubscribers, broker.Broker.Publish("e", "m"u8));
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-3.8.4-8")]
    [Statement("MQTT-3.8.4-6 v3.1.1")]
    public async Task Delivery_HasTheLowerOfPublishedAndGrantedQoS(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        foreach (var granted in Enum.GetValues<QualityOfService>())
        {
            var client = await broker.ConnectAsync($"c{granted}", version);
            Assert.Equal((byte)granted, await client.SubscribeAsync("a", granted));
            foreach (var published in Enum.GetValues<QualityOfService>())
            {
                broker.Broker.Publish("a", "m"u8, published);
                Assert.Equal((QualityOfService)Math.Min((int)published, (int)granted), (await client.ReceiveAndAcknowledgeAsync()).QoS);
            }

            await client.DisconnectAsync();
        }
    }

    [Theory]
    [InlineData(QualityOfService.AtMostOnce, 0)]
    [InlineData(QualityOfService.AtLeastOnce, 1)]
    [InlineData(QualityOfService.ExactlyOnce, 2)]
    [Statement("MQTT-3.9.3-2")]
    [Statement("MQTT-3.8.4-7")]
    public async Task SubAck_OnAListenerWithLowerMaximumQoS_CarriesWhatIsGranted(QualityOfService maximum, byte granted)
    {
        var listener = new ListenerOptions { EndPoint = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0), MaximumQoS = maximum };
        await using var broker = await TestBroker.StartAsync(listener: listener);
        var client = await broker.ConnectAsync("c");
        Assert.Equal(granted, await client.SubscribeAsync("a", QualityOfService.ExactlyOnce));
        broker.Broker.Publish("a", "m"u8, QualityOfService.ExactlyOnce);
        Assert.Equal(maximum, (await client.ReceiveAndAcknowledgeAsync()).QoS);
    }

    [Fact]
    [Statement("MQTT-3.9.3-2")]
    [Statement("MQTT-3.9.3-2 v3.1.1")]
    public async Task SubAck_OfRefusals_CarriesListedCodesOnly()
    {
        await using var broker = await TestBroker.StartAsync(
            new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumTopicLevels = 3 }, authorizer: new DenyTopics("secret"));
        var modern = await broker.ConnectAsync("five");
        Assert.Equal(0x87, await modern.SubscribeAsync("secret"));
        Assert.Equal(0x8F, await modern.SubscribeAsync("a/b/c/d"));
        foreach (var version in new[] { ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311 })
        {
            var old = await broker.ConnectAsync($"three{version}", version);
            Assert.Equal(0x80, await old.SubscribeAsync("secret"));
            Assert.Equal(0x80, await old.SubscribeAsync("a/b/c/d"));
        }
    }

    [Fact]
    [Statement("MQTT-3.8.3-3")]
    public async Task NoLocal_KeepsOwnMessagesBackAndOnlyThose()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        var other = await broker.ConnectAsync("o");
        await client.SubscribeAsync("a/#", QualityOfService.ExactlyOnce, noLocal: true);
        await other.SubscribeAsync("a/#");
        await client.PublishAsync("a/1", "own", QualityOfService.AtLeastOnce);
        await client.ExpectAsync("40 02 0001");
        await client.ExpectNothingAsync();
        Assert.Equal("own", (await other.ReceivePublishAsync()).Payload);
        await other.PublishAsync("a/1", "other");
        Assert.Equal("other", (await client.ReceivePublishAsync()).Payload);
        Assert.Equal("other", (await other.ReceivePublishAsync()).Payload);

        // The client id counts, not the connection.
        var again = await broker.ConnectAsync("c2", cleanStart: false, sessionExpiry: 100);
        await again.SubscribeAsync("b", QualityOfService.AtLeastOnce, noLocal: true);
        await again.DisconnectAsync();
        again = await broker.ConnectAsync("c2", cleanStart: false, sessionExpiry: 100);
        await again.PublishAsync("b", "own", QualityOfService.AtLeastOnce);
        await again.ExpectAsync("40 02 0001");
        await again.ExpectNothingAsync();
    }
}
