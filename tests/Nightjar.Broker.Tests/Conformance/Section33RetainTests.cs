using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>RETAIN, section 3.3.1.3.</summary>
public sealed class Section33RetainTests
{
    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.3.1-5")]
    [Statement("MQTT-3.3.1-5 v3.1.1")]
    [Statement("MQTT-3.3.1-6 v3.1.1")]
    [Statement("MQTT-3.3.1-7 v3.1.1")]
    [Statement("MQTT-3.3.1-8 v3.1.1")]
    public async Task Retain_ReplacesTheMessageOfItsTopicWithItsQoS(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.PublishAsync("a/1", "old", QualityOfService.AtMostOnce, retain: true);
        await client.PublishAsync("a/2", "old", QualityOfService.AtLeastOnce, 1, retain: true);
        await client.PublishAsync("a/3", "kept", QualityOfService.AtLeastOnce, 2, retain: true);
        await client.PublishAsync("b", "elsewhere", retain: true);
        await client.PublishAsync("a/1", "new", QualityOfService.AtLeastOnce, 3, retain: true);
        await client.PublishAsync("a/2", "new", QualityOfService.AtMostOnce, retain: true);
        for (var i = 0; i < 3; i++) Assert.Equal(0x40, (await client.ReceiveAsync())[0]);

        await client.SubscribeAsync("a/+", QualityOfService.ExactlyOnce);

        var received = new List<(string, string, QualityOfService, bool)>();
        for (var i = 0; i < 3; i++)
        {
            var publish = await client.ReceiveAndAcknowledgeAsync();
            received.Add((publish.Topic, publish.Payload, publish.QoS, publish.Retain));
        }

        Assert.Equal(
            [("a/1", "new", QualityOfService.AtLeastOnce, true), ("a/2", "new", QualityOfService.AtMostOnce, true), ("a/3", "kept", QualityOfService.AtLeastOnce, true)],
            received.Order());
        await client.ExpectNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.3.1-6")]
    [Statement("MQTT-3.3.1-7")]
    [Statement("MQTT-3.3.1-10 v3.1.1")]
    [Statement("MQTT-3.3.1-11 v3.1.1")]
    public async Task Retain_EmptyPayload_IsDeliveredDeletesAndIsNotStored(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("s", version);
        var client = await broker.ConnectAsync("c", version);
        await client.PublishAsync("t", "kept", retain: true);
        await client.ExpectNothingAsync();
        await subscriber.SubscribeAsync("#");
        Assert.Equal("kept", (await subscriber.ReceivePublishAsync()).Payload);

        await client.PublishAsync("t", "", retain: true);
        await client.PublishAsync("never", "", retain: true);

        foreach (var topic in (string[])["t", "never"])
        {
            var live = await subscriber.ReceivePublishAsync();
            Assert.Equal((topic, "", false), (live.Topic, live.Payload, live.Retain));
        }

        Assert.Equal(0, broker.Broker.RetainedCount);
        await client.SubscribeAsync("#");
        await client.ExpectNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.3.1-8")]
    [Statement("MQTT-3.3.1-12 v3.1.1")]
    public async Task RetainZero_TouchesNoRetainedMessage(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.PublishAsync("t", "kept", retain: true);
        await client.PublishAsync("t", "passing");
        await client.PublishAsync("t", "");
        await client.PublishAsync("other", "passing");
        await client.SubscribeAsync("#");
        Assert.Equal("kept", (await client.ReceivePublishAsync()).Payload);
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(RetainHandling.SendAtSubscribe, true, true)]
    [InlineData(RetainHandling.SendIfNew, true, false)]
    [InlineData(RetainHandling.DoNotSend, false, false)]
    [Statement("MQTT-3.3.1-9")]
    [Statement("MQTT-3.3.1-10")]
    [Statement("MQTT-3.3.1-11")]
    public async Task RetainHandling_DecidesWhenRetainedMessagesAreSent(RetainHandling handling, bool atFirst, bool atSecond)
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Broker.Publish("a/1", "1"u8, retain: true);
        broker.Broker.Publish("a/2", "2"u8, retain: true);
        var client = await broker.ConnectAsync("c");

        foreach (var sent in (bool[])[atFirst, atSecond, atSecond])
        {
            await client.SubscribeAsync("a/+", retainHandling: handling);
            for (var i = 0; i < (sent ? 2 : 0); i++) Assert.True((await client.ReceivePublishAsync()).Retain);
            await client.ExpectNothingAsync();
        }

        // After UNSUBSCRIBE it is new again.
        await client.UnsubscribeAsync("a/+");
        await client.SubscribeAsync("a/+", retainHandling: handling);
        for (var i = 0; i < (atFirst ? 2 : 0); i++) await client.ReceivePublishAsync();
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.3.1-10")]
    public async Task RetainHandlingSendIfNew_SubscriptionOfAResumedSession_IsNotNew()
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Broker.Publish("t", "kept"u8, retain: true);
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("t", retainHandling: RetainHandling.SendIfNew);
        await client.ReceivePublishAsync();
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce, retainHandling: RetainHandling.SendIfNew);
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [Statement("MQTT-3.3.1-12")]
    [Statement("MQTT-3.3.1-13")]
    [Statement("MQTT-3.3.1-9")]
    public async Task RetainAsPublished_DecidesTheFlagOfForwardedMessages(QualityOfService qos)
    {
        await using var broker = await TestBroker.StartAsync();
        var plain = await broker.ConnectAsync("plain");
        var asPublished = await broker.ConnectAsync("asPublished");
        await plain.SubscribeAsync("t", qos);
        await asPublished.SubscribeAsync("t", qos, retainAsPublished: true);
        foreach (var (retain, payload) in ((bool, string)[])[(true, "a"), (false, "b"), (true, "")])
        {
            broker.Broker.Publish("t", Raw.Utf8(payload), qos, retain);
            var first = await plain.ReceiveAndAcknowledgeAsync();
            var second = await asPublished.ReceiveAndAcknowledgeAsync();
            Assert.Equal((payload, false), (first.Payload, first.Retain));
            Assert.Equal((payload, retain), (second.Payload, second.Retain));
        }

        // What is sent because of the subscription has RETAIN 1 either way.
        broker.Broker.Publish("t", "kept"u8, qos, true);
        await plain.ReceiveAndAcknowledgeAsync();
        await asPublished.ReceiveAndAcknowledgeAsync();
        await plain.SubscribeAsync("t", qos);
        await asPublished.SubscribeAsync("t", qos, retainAsPublished: true);
        Assert.True((await plain.ReceiveAndAcknowledgeAsync()).Retain);
        Assert.True((await asPublished.ReceiveAndAcknowledgeAsync()).Retain);
    }

    [Fact]
    [Statement("MQTT-3.3.1-13")]
    public async Task RetainAsPublished_QueuedMessages_KeepTheFlag()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce, retainAsPublished: true);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        broker.Broker.Publish("t", "retained"u8, QualityOfService.AtLeastOnce, true);
        broker.Broker.Publish("t", "passing"u8, QualityOfService.AtLeastOnce);
        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        Assert.True((await client.ReceiveAndAcknowledgeAsync()).Retain);
        Assert.False((await client.ReceiveAndAcknowledgeAsync()).Retain);
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.3.1-9 v3.1.1")]
    [Statement("MQTT-3.3.1-8 v3.1.1")]
    public async Task Retain_LiveForward_HasRetainZero(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("t");
        await client.PublishAsync("t", "m", retain: true);
        Assert.False((await client.ReceivePublishAsync()).Retain);
        await client.SubscribeAsync("t");
        Assert.True((await client.ReceivePublishAsync()).Retain);
    }
}
