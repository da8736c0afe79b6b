using System.Net;
using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Message Expiry Interval and Topic Alias, section 3.3.2.3.</summary>
public sealed class Section33ExpiryAndAliasTests
{
    [Theory]
    [InlineData(9, true)]
    [InlineData(11, false)]
    [Statement("MQTT-3.3.2-5")]
    public async Task Expiry_BeforeDelivery_DeletesTheCopy(int seconds, bool delivered)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        await client.DisconnectAsync();
        var publisher = await broker.ConnectAsync("p");
        await broker.WaitForConnectionsAsync(1);
        foreach (var qos in (QualityOfService[])[QualityOfService.AtLeastOnce, QualityOfService.ExactlyOnce])
            await publisher.PublishAsync("t", $"{qos}", qos, (ushort)qos, properties: Raw.Hex("02 0000000A"));
        await publisher.PublishAsync("t", "forever", QualityOfService.AtLeastOnce, 3);
        await publisher.ExpectAsync("40 02 0001");
        await publisher.ExpectAsync("50 02 0002");
        await publisher.ExpectAsync("40 02 0003");

        broker.Advance(TimeSpan.FromSeconds(seconds));
        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);

        if (delivered)
        {
            Assert.Equal(("AtLeastOnce", 1U), Expiring(await client.ReceivePublishAsync()));
            Assert.Equal(("ExactlyOnce", 1U), Expiring(await client.ReceivePublishAsync()));
        }

        Assert.Equal(("forever", null), Expiring(await client.ReceivePublishAsync()));
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.3.2-5")]
    public async Task Expiry_OfAMessageOfTheApplication_IsToldAndKept()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("t", QualityOfService.AtMostOnce);
        broker.Broker.Publish("t", "told"u8, expiry: TimeSpan.FromSeconds(20));
        Assert.Equal(("told", 20U), Expiring(await client.ReceivePublishAsync()));
        await client.SubscribeAsync("u", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        broker.Broker.Publish("u", "gone"u8, QualityOfService.AtLeastOnce, expiry: TimeSpan.FromSeconds(20));
        broker.Broker.Publish("u", "left"u8, QualityOfService.AtLeastOnce);
        broker.Advance(TimeSpan.FromSeconds(21));
        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        Assert.Equal(("left", null), Expiring(await client.ReceivePublishAsync()));
    }

    [Fact]
    [Statement("MQTT-3.3.2-5")]
    [Statement("MQTT-3.3.2-6")]
    public async Task Expiry_BehindAFullWindow_CountsTheWaiting()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", receiveMaximum: 1);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("t", "first", QualityOfService.AtLeastOnce, 1);
        await publisher.PublishAsync("t", "short", QualityOfService.AtLeastOnce, 2, properties: Raw.Hex("02 00000005"));
        await publisher.PublishAsync("t", "long", QualityOfService.AtLeastOnce, 3, properties: Raw.Hex("02 00000064"));
        for (var i = 0; i < 3; i++) Assert.Equal(0x40, (await publisher.ReceiveAsync())[0]);
        var first = await client.ReceivePublishAsync();

        broker.Advance(TimeSpan.FromSeconds(6));
        await client.SendAsync(WirePackets.Ack(PacketType.PubAck, first.PacketId, client.Version));

        Assert.Equal(("long", 94U), Expiring(await client.ReceiveAndAcknowledgeAsync()));
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.3.2-6")]
    public async Task Expiry_Live_IsForwardedAsReceivedToEverySubscriber()
    {
        await using var broker = await TestBroker.StartAsync();
        var clients = new List<WireClient>();
        foreach (var id in (string[])["a", "b"]) clients.Add(await broker.ConnectAsync(id));
        foreach (var client in clients) await client.SubscribeAsync("t");
        var publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", properties: [.. Raw.UserProperty("k", "v"), .. Raw.Hex("02 FFFFFFFF")]);
        foreach (var client in clients)
        {
            var received = await client.ReceivePublishAsync();
            Assert.Equal(uint.MaxValue, received.MessageExpiryInterval);
            Assert.Equal([.. Raw.Hex("02 FFFFFFFF"), .. Raw.UserProperty("k", "v")], received.Properties);
        }
    }

    [Fact]
    [Statement("MQTT-3.3.2-5")]
    [Statement("MQTT-3.3.2-6")]
    public async Task Expiry_OfARetainedMessage_CountsDownAndEnds()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", retain: true, properties: Raw.Hex("02 00000064"));
        await publisher.ExpectNothingAsync();
        var client = await broker.ConnectAsync("c");
        broker.Advance(TimeSpan.FromSeconds(40));
        await client.SubscribeAsync("t");
        Assert.Equal(("m", 60U), Expiring(await client.ReceivePublishAsync()));
        broker.Advance(TimeSpan.FromSeconds(60));
        await client.SubscribeAsync("t");
        await client.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(0, broker.Broker.RetainedCount);
    }

    [Fact]
    [Statement("MQTT-3.3.2-5")]
    public async Task Expiry_AfterTheFirstSending_IsStillResent()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        var publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QualityOfService.ExactlyOnce, properties: Raw.Hex("02 0000000A"));
        await client.ReceivePublishAsync();
        client.Abort();
        await broker.WaitForConnectionsAsync(1);
        broker.Advance(TimeSpan.FromSeconds(20));
        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        var again = await client.ReceiveAndAcknowledgeAsync();
        Assert.Equal(("m", true), (again.Payload, again.Dup));
    }

    [Fact]
    [Statement("MQTT-3.3.2-12")]
    [Statement("MQTT-3.3.2-9")]
    public async Task TopicAlias_EveryOneUpToTheMaximum_IsAccepted()
    {
        await using var broker = await TestBroker.StartAsync(listener: new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), MaximumTopicAlias = 65_535 });
        var subscriber = await broker.ConnectAsync("s");
        await subscriber.SubscribeAsync("#");
        var client = await broker.ConnectAsync("c");
        Assert.Equal(Raw.Hex("20 0E 00 00 0B 22 FFFF 27 001E8480 21 0014"), client.ConnAck);
        int[] aliases = [1, 2, 3, 256, 1000, 65_534, 65_535];
        foreach (var alias in aliases) await client.PublishAsync($"t/{alias}", "set", properties: Raw.Hex($"23 {alias:X4}"));
        foreach (var alias in aliases) await client.PublishAsync("", "use", properties: Raw.Hex($"23 {alias:X4}"));
        foreach (var payload in (string[])["set", "use"])
        {
            foreach (var alias in aliases)
            {
                var received = await subscriber.ReceivePublishAsync();
                Assert.Equal(($"t/{alias}", payload, null), (received.Topic, received.Payload, received.TopicAlias));
            }
        }
    }

    [Fact]
    public async Task TopicAlias_SetAgain_NamesTheNewTopic()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync("#");
        var alias = Raw.Hex("23 0001");
        foreach (var (sent, expected) in ((string, string)[])[("a", "a"), ("", "a"), ("b", "b"), ("", "b")])
        {
            await client.PublishAsync(sent, "m", properties: alias);
            Assert.Equal(expected, (await client.ReceivePublishAsync()).Topic);
        }

        // A subscription made later holds for a topic that the alias has carried before.
        var late = await broker.ConnectAsync("late");
        await late.SubscribeAsync("b");
        await client.PublishAsync("", "m", properties: alias);
        Assert.Equal("b", (await late.ReceivePublishAsync()).Topic);
    }

    [Theory]
    [InlineData("", "23 0000", ReasonCode.TopicAliasInvalid)]
    [InlineData("t", "23 0000", ReasonCode.TopicAliasInvalid)]
    [InlineData("", "23 0001", ReasonCode.ProtocolError)]
    [InlineData("", "01 00", ReasonCode.ProtocolError)]
    [InlineData("t", "23 0001 23 0001", ReasonCode.ProtocolError)]
    [Statement("MQTT-3.3.2-8")]
    [Statement("T3-06")]
    public async Task TopicAlias_ZeroUnknownOrMissing_Closes(string topic, string properties, ReasonCode code)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.PublishAsync(topic, "m", properties: Raw.Hex(properties));
        await client.ExpectDisconnectAsync(code);
    }

    [Fact]
    [Statement("MQTT-3.3.2-7")]
    public async Task TopicAlias_OfAnEarlierConnection_IsUnknown()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        await client.PublishAsync("t", "m", properties: Raw.Hex("23 0001"));
        await client.PublishAsync("", "m", properties: Raw.Hex("23 0001"));
        await client.ExpectNothingAsync();
        client.Abort();
        await broker.WaitForConnectionsAsync(0);
        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        Assert.True(client.SessionPresent);
        await client.PublishAsync("", "m", properties: Raw.Hex("23 0001"));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    [Statement("MQTT-3.3.2-7")]
    public async Task TopicAlias_OfTheBroker_IsSetAnewOnEachConnection()
    {
        await using var broker = await TestBroker.StartAsync();
        for (var connection = 0; connection < 2; connection++)
        {
            var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100, topicAliasMaximum: 5);
            if (connection == 0) await client.SubscribeAsync("#");
            broker.Broker.Publish("t", "m"u8);
            await client.ExpectAsync("30 08 0001 74 03 23 0001 6D");
            broker.Broker.Publish("t", "m"u8);
            await client.ExpectAsync("30 07 0000 03 23 0001 6D");
            client.Abort();
            await broker.WaitForConnectionsAsync(0);
        }
    }

    [Fact]
    [Statement("MQTT-3.3.2-11")]
    public async Task TopicAlias_InWhichTheFirstMessageDoesNotFit_IsNotTaken()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", maximumPacketSize: 40, topicAliasMaximum: 1);
        await client.SubscribeAsync("#");
        broker.Broker.Publish("t", new byte[50]);
        broker.Broker.Publish("t", "m"u8);
        await client.ExpectAsync("30 08 0001 74 03 23 0001 6D");
    }

    private static (string Payload, uint? Expiry) Expiring(ReceivedPublish publish) => (publish.Payload, publish.MessageExpiryInterval);
}
