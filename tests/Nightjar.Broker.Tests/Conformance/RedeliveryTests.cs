using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>What is sent again after a reconnect, with which id and flag, and what never is (§4.4).</summary>
public sealed class RedeliveryTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.4.0-1")]
    [Statement("MQTT-3.3.1-1")]
    [Statement("MQTT-4.3.2-3")]
    [Statement("MQTT-4.3.3-3")]
    [Statement("MQTT-4.4.0-1 v3.1.1")]
    [Statement("MQTT-4.6.0-1 v3.1.1")]
    [Statement("MQTT-3.3.1-1 v3.1.1")]
    [Statement("MQTT-4.3.2-1 v3.1.1")]
    [Statement("MQTT-4.3.3-1 v3.1.1")]
    [Statement("MQTT-2.3.1-4 v3.1.1")]
    public async Task Reconnect_WithMessagesInEveryState_ResendsInOrderWithOriginalIds(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await DurableAsync(broker, version);
        await client.SubscribeAsync("a/+", QualityOfService.ExactlyOnce);
        var qos = new[] { QualityOfService.AtLeastOnce, QualityOfService.ExactlyOnce, QualityOfService.ExactlyOnce, QualityOfService.AtLeastOnce, QualityOfService.ExactlyOnce };
        for (var i = 0; i < qos.Length; i++) broker.Broker.Publish($"a/{i + 1}", "m"u8, qos[i]);
        for (ushort id = 1; id <= 5; id++)
        {
            var first = await client.ReceivePublishAsync();
            Assert.Equal(($"a/{id}", id, false, qos[id - 1]), (first.Topic, first.PacketId, first.Dup, first.QoS));
        }

        // 1: QoS 1 unacknowledged. 2: QoS 2 before PUBREC. 3: after PUBREC. 4: QoS 1 acknowledged. 5: completed.
        await client.SendAsync("50 02 0003 40 02 0004 50 02 0005");
        await client.ExpectAsync("62 02 0003");
        await client.ExpectAsync("62 02 0005");
        await client.SendAsync("70 02 0005");
        await client.ExpectNothingAsync();

        for (var round = 0; round < 2; round++)
        {
            client = await BreakAndReconnectAsync(broker, client);
            await ExpectAgainAsync(client, "a/1", 1, QualityOfService.AtLeastOnce);
            await ExpectAgainAsync(client, "a/2", 2, QualityOfService.ExactlyOnce);
            await client.ExpectAsync("62 02 0003");
            await client.ExpectNothingAsync();
        }

        // New messages get new ids behind them, and a first transmission has DUP 0.
        broker.Broker.Publish("a/6", "m"u8, QualityOfService.AtLeastOnce);
        var next = await client.ReceivePublishAsync();
        Assert.Equal(("a/6", (ushort)6, false), (next.Topic, next.PacketId, next.Dup));
        await client.SendAsync("40 02 0001 50 02 0002 70 02 0003 40 02 0006");
        await client.ExpectAsync("62 02 0002");
        await client.SendAsync("70 02 0002");
        client = await BreakAndReconnectAsync(broker, client, barrier: true);
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.4.0-1")]
    [Statement("MQTT-4.4.0-1 v3.1.1")]
    public async Task UnacknowledgedMessages_WhileConnected_AreNeverSentAgain(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await DurableAsync(broker, version);
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "1"u8, QualityOfService.AtLeastOnce);
        broker.Broker.Publish("a", "2"u8, QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "3"u8, QualityOfService.ExactlyOnce);
        for (var i = 0; i < 3; i++) await client.ReceivePublishAsync();
        await client.SendAsync("50 02 0003");
        await client.ExpectAsync("62 02 0003");
        foreach (var seconds in new[] { 1, 20, 60, 3600, 86_400 })
        {
            broker.Advance(TimeSpan.FromSeconds(seconds));
            await client.ExpectNothingAsync();
        }
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.3.3-6")]
    [Statement("MQTT-4.3.3-5")]
    [Statement("MQTT-4.3.3-1 v3.1.1")]
    public async Task PubRel_Unanswered_IsResentAtEachReconnectAndPublishNeverMore(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await DurableAsync(broker, version);
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "m"u8, QualityOfService.ExactlyOnce);
        await client.ReceivePublishAsync();
        await client.SendAsync("50 02 0001");
        await client.ExpectAsync("62 02 0001");
        for (var i = 0; i < 3; i++)
        {
            client = await BreakAndReconnectAsync(broker, client);
            await client.ExpectAsync("62 02 0001");
            await client.ExpectNothingAsync();
        }

        // A client that repeats PUBREC gets PUBREL again, and no PUBLISH.
        await client.SendAsync("50 02 0001");
        await client.ExpectAsync("62 02 0001");
        await client.SendAsync("70 02 0001");
        client = await BreakAndReconnectAsync(broker, client, barrier: true);
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.4.0-1")]
    [Statement("MQTT-4.6.0-5")]
    [Statement("MQTT-4.4.0-1 v3.1.1")]
    [Statement("MQTT-4.6.0-1 v3.1.1")]
    public async Task Reconnect_WithQueueBehindTheWindow_ResendsFirstThenContinuesInOrder(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync(new Configuration.BrokerOptions { SysInterval = TimeSpan.Zero, MaximumInflightMessages = 3 });
        var client = await DurableAsync(broker, version);
        await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        for (var i = 1; i <= 8; i++) broker.Broker.Publish("a", System.Text.Encoding.UTF8.GetBytes($"{i}"), QualityOfService.AtLeastOnce);
        for (var i = 1; i <= 3; i++) Assert.Equal($"{i}", (await client.ReceivePublishAsync()).Payload);
        await client.SendAsync("40 02 0002");
        Assert.Equal("4", (await client.ReceivePublishAsync()).Payload);

        client = await BreakAndReconnectAsync(broker, client);
        foreach (var (payload, id) in new[] { ("1", 1), ("3", 3), ("4", 4) })
        {
            var again = await client.ReceivePublishAsync();
            Assert.Equal((payload, (ushort)id, true), (again.Payload, again.PacketId, again.Dup));
        }

        await client.ExpectNothingAsync();
        foreach (var (acknowledged, payload) in new[] { (1, "5"), (3, "6"), (4, "7"), (5, "8") })
        {
            await client.SendAsync(WirePackets.Ack(PacketType.PubAck, (ushort)acknowledged, version));
            var fresh = await client.ReceivePublishAsync();
            Assert.Equal((payload, false), (fresh.Payload, fresh.Dup));
        }
    }

    [Fact]
    [Statement("MQTT-4.4.0-1")]
    [Statement("MQTT-4.9.0-2")]
    public async Task Reconnect_WithASmallerReceiveMaximum_ResendsWithinIt()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100, receiveMaximum: 5);
        await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        for (var i = 1; i <= 7; i++) broker.Broker.Publish("a", System.Text.Encoding.UTF8.GetBytes($"{i}"), QualityOfService.AtLeastOnce);
        for (var i = 1; i <= 5; i++) await client.ReceivePublishAsync();
        client.Abort();
        await broker.WaitForConnectionsAsync(0);
        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100, receiveMaximum: 2);
        await ExpectAgainAsync(client, "a", 1, QualityOfService.AtLeastOnce);
        await ExpectAgainAsync(client, "a", 2, QualityOfService.AtLeastOnce);
        for (ushort id = 3; id <= 7; id++)
        {
            await client.ExpectNothingAsync();
            await client.SendAsync(WirePackets.Ack(PacketType.PubAck, (ushort)(id - 2), ProtocolVersion.Mqtt50));
            var publish = await client.ReceivePublishAsync();
            Assert.Equal((id, id <= 5), (publish.PacketId, publish.Dup));
        }
    }

    [Fact]
    [Statement("MQTT-4.3.3-7")]
    [Statement("MQTT-4.3.3-13")]
    public async Task Message_ThatExpiresAfterItWasSent_GoesThroughItsHandshake()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await DurableAsync(broker, ProtocolVersion.Mqtt50);
        var publisher = await broker.ConnectAsync("p");
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        await publisher.PublishAsync("a", "m", QualityOfService.ExactlyOnce, properties: Raw.Hex("02 0000000A"));
        Assert.Equal(10u, (await client.ReceivePublishAsync()).MessageExpiryInterval);
        broker.Advance(TimeSpan.FromSeconds(20));
        client.Abort();
        await broker.WaitForConnectionsAsync(1);
        client = await DurableAsync(broker, ProtocolVersion.Mqtt50);
        await ExpectAgainAsync(client, "a", 1, QualityOfService.ExactlyOnce);
        broker.Advance(TimeSpan.FromSeconds(20));
        await client.SendAsync("50 02 0001");
        await client.ExpectAsync("62 02 0001");
        broker.Advance(TimeSpan.FromSeconds(20));
        await client.SendAsync("70 02 0001");
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-4.3.3-9")]
    [Statement("MQTT-4.4.0-2")]
    public async Task Message_RefusedWithPubRec80_IsNotSentAgain()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await DurableAsync(broker, ProtocolVersion.Mqtt50);
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "1"u8, QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "2"u8, QualityOfService.AtLeastOnce);
        await client.ReceivePublishAsync();
        await client.ReceivePublishAsync();
        await client.SendAsync("50 03 0001 80 40 03 0002 80");
        await client.ExpectNothingAsync();
        client = await BreakAndReconnectAsync(broker, client);
        await client.ExpectNothingAsync();
    }

    private static Task<WireClient> DurableAsync(TestBroker broker, ProtocolVersion version) =>
        broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 1000);

    private static async Task<WireClient> BreakAndReconnectAsync(TestBroker broker, WireClient client, bool barrier = false)
    {
        if (barrier) await client.ExpectNothingAsync();
        client.Abort();
        await broker.WaitForConnectionsAsync(0);
        var again = await DurableAsync(broker, client.Version);
        Assert.Equal(client.Version != ProtocolVersion.Mqtt31, again.SessionPresent);
        return again;
    }

    private static async Task ExpectAgainAsync(WireClient client, string topic, ushort packetId, QualityOfService qos)
    {
        var publish = await client.ReceivePublishAsync();
        Assert.Equal((topic, packetId, true, qos), (publish.Topic, publish.PacketId, publish.Dup, publish.QoS));
    }
}
