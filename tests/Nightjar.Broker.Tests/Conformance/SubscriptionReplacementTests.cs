using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>A SUBSCRIBE with a filter that the session has already (§3.8.4).</summary>
public sealed class SubscriptionReplacementTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-3.8.4-3")]
    [Statement("MQTT-3.8.4-4")]
    [Statement("MQTT-3.8.4-3 v3.1.1")]
    public async Task Subscribe_WithTheSameFilter_ReplacesAndResendsRetained(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Broker.Publish("a/1", "kept"u8, QualityOfService.ExactlyOnce, retain: true);
        var client = await broker.ConnectAsync("c", version);
        Assert.Equal(0, await client.SubscribeAsync("a/+", QualityOfService.AtMostOnce));
        await ExpectRetainedAsync(client, QualityOfService.AtMostOnce);
        Assert.Equal(2, await client.SubscribeAsync("a/+", QualityOfService.ExactlyOnce));
        await ExpectRetainedAsync(client, QualityOfService.ExactlyOnce);
        Assert.Equal(1, await client.SubscribeAsync("a/+", QualityOfService.AtLeastOnce));
        await ExpectRetainedAsync(client, QualityOfService.AtLeastOnce);

        // One subscription is left, with the last maximum QoS, and one UNSUBSCRIBE ends it.
        broker.Broker.Publish("a/1", "live"u8, QualityOfService.ExactlyOnce);
        Assert.Equal(QualityOfService.AtLeastOnce, (await client.ReceiveAndAcknowledgeAsync()).QoS);
        await client.ExpectNothingAsync();
        await client.UnsubscribeAsync("a/+");
        broker.Broker.Publish("a/1", "gone"u8, QualityOfService.ExactlyOnce);
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.8.4-3")]
    public async Task Subscribe_WithTheSameFilter_ReplacesOptionsAndIdentifier()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync("a", noLocal: true, identifier: 5);
        await client.PublishAsync("a", "own");
        await client.ExpectNothingAsync();
        await client.SubscribeAsync("a", retainAsPublished: true, identifier: 300);
        await client.PublishAsync("a", "own", retain: true);
        var publish = await client.ReceivePublishAsync();
        Assert.True(publish.Retain);
        Assert.Equal([300u], publish.SubscriptionIdentifiers);
        await client.SubscribeAsync("a", retainHandling: RetainHandling.DoNotSend);
        await client.PublishAsync("a", "own", retain: true);
        publish = await client.ReceivePublishAsync();
        Assert.False(publish.Retain);
        Assert.Empty(publish.SubscriptionIdentifiers);
    }

    [Fact]
    [Statement("MQTT-3.8.4-4")]
    public async Task Subscribe_AgainWithRetainHandling1Or2_ResendsNothing()
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Broker.Publish("a", "kept"u8, retain: true);
        var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync("a", retainHandling: RetainHandling.DoNotSend);
        await client.ExpectNothingAsync();
        await client.SubscribeAsync("a", retainHandling: RetainHandling.SendIfNew);
        await client.ExpectNothingAsync();
        await client.SubscribeAsync("a");
        await ExpectRetainedAsync(client, QualityOfService.AtMostOnce);
        await client.UnsubscribeAsync("a");
        await client.SubscribeAsync("a", retainHandling: RetainHandling.SendIfNew);
        await ExpectRetainedAsync(client, QualityOfService.AtMostOnce);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-3.8.4-4")]
    [Statement("MQTT-3.8.4-3 v3.1.1")]
    public async Task Subscribe_AgainWhileMessagesFlow_LosesNone(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        var publishing = Task.Run(() =>
        {
            for (var i = 0; i < 500; i++) broker.Broker.Publish("a", System.Text.Encoding.UTF8.GetBytes($"{i}"), QualityOfService.AtLeastOnce);
        });
        for (var i = 0; i < 50; i++) await client.SendAsync(WirePackets.Subscribe(version, 9, "a", QualityOfService.AtLeastOnce));

        int expected = 0, subAcks = 0;
        while (expected < 500 || subAcks < 50)
        {
            var packet = await client.ReceiveAsync();
            if (packet[0] >> 4 == (int)PacketType.SubAck)
            {
                subAcks++;
                continue;
            }

            var publish = ReceivedPublish.Read(packet, version);
            Assert.Equal($"{expected++}", publish.Payload);
            await client.SendAsync(WirePackets.Ack(PacketType.PubAck, publish.PacketId, version));
        }

        await publishing;
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.8.4-3")]
    public async Task Subscribe_ToFiltersThatDifferInAnyCharacter_ReplacesNothing()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        string[] filters = ["a", "A", "a/", "/a", "+", "#", "a/#", "$share/g/a"];
        foreach (var filter in filters) await client.SubscribeAsync(filter);
        broker.Broker.Publish("a", "m"u8);
        // a, +, #, a/# and the shared one: each keeps its own copy.
        for (var i = 0; i < 5; i++) Assert.Equal("m", (await client.ReceivePublishAsync()).Payload);
        await client.ExpectNothingAsync();
    }

    private static async Task ExpectRetainedAsync(WireClient client, QualityOfService qos)
    {
        var publish = await client.ReceiveAndAcknowledgeAsync();
        Assert.Equal(("kept", true, qos, false), (publish.Payload, publish.Retain, publish.QoS, publish.Dup));
    }
}
