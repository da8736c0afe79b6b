using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>The broker as sender (§4.3) and its send quota (§4.9).</summary>
public sealed class QoSSenderTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.3.1-1")]
    [Statement("MQTT-3.3.1-2")]
    [Statement("MQTT-4.3.1-1 v3.1.1")]
    [Statement("MQTT-3.3.1-2 v3.1.1")]
    public async Task QoS0_IsSentOnceWithDup0AndNoId(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("a", QualityOfService.AtMostOnce);
        broker.Broker.Publish("a", "m"u8, QualityOfService.ExactlyOnce);
        await client.ExpectAsync(version == ProtocolVersion.Mqtt50 ? "30 05 0001 61 00 6D" : "30 04 0001 61 6D");
        client.Abort();
        await broker.WaitForConnectionsAsync(0);
        client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 100);
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.3.2-1")]
    [Statement("MQTT-4.3.2-2")]
    [Statement("MQTT-4.3.3-1")]
    [Statement("MQTT-4.3.3-2")]
    [Statement("MQTT-2.2.1-4")]
    [Statement("MQTT-4.3.2-1 v3.1.1")]
    [Statement("MQTT-4.3.3-1 v3.1.1")]
    [Statement("MQTT-2.3.1-4 v3.1.1")]
    public async Task PacketIds_WhileSomeStayInUse_AreNeverZeroAndNeverUsedTwice(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        // Every fifth message stays unacknowledged for a while; all first transmissions have DUP 0.
        var inUse = new Queue<ushort>();
        for (var i = 0; i < 500; i++)
        {
            broker.Broker.Publish("a", "m"u8, QualityOfService.AtLeastOnce);
            var publish = await client.ReceivePublishAsync();
            Assert.False(publish.Dup);
            Assert.NotEqual(0, publish.PacketId);
            Assert.DoesNotContain(publish.PacketId, inUse);
            inUse.Enqueue(publish.PacketId);
            if (i % 5 == 0 && inUse.Count < 19) continue;
            await client.SendAsync(WirePackets.Ack(PacketType.PubAck, i % 2 == 0 ? inUse.Dequeue() : Newest(inUse), version));
        }
    }

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    [Statement("MQTT-4.9.0-1")]
    [Statement("MQTT-4.9.0-2")]
    [Statement("MQTT-4.9.0-3")]
    [Statement("MQTT-3.3.4-9")]
    [Statement("MQTT-3.3.4-10")]
    public async Task SendQuota_IsNeverExceededAndRestoredByEachEnd(QualityOfService qos)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", receiveMaximum: 3);
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        await client.SubscribeAsync("zero");
        for (var i = 1; i <= 10; i++) broker.Broker.Publish("a", System.Text.Encoding.UTF8.GetBytes($"{i}"), qos);
        for (var i = 1; i <= 3; i++) Assert.Equal($"{i}", (await client.ReceivePublishAsync()).Payload);

        // At 0 everything but QoS 1 and 2 goes on: QoS 0, SUBSCRIBE, UNSUBSCRIBE, PUBLISH from the client, PING.
        await client.ExpectNothingAsync();
        broker.Broker.Publish("zero", "0"u8);
        Assert.Equal("0", (await client.ReceivePublishAsync()).Payload);
        Assert.Equal(0, await client.SubscribeAsync("other"));
        await client.UnsubscribeAsync("other");
        await client.PublishAsync("other", "m", QualityOfService.AtLeastOnce);
        await client.ExpectAsync("40 03 0001 10");

        for (ushort id = 1; id <= 7; id++)
        {
            await FinishAsync(client, id, qos);
            Assert.Equal($"{id + 3}", (await client.ReceivePublishAsync()).Payload);
            await client.ExpectNothingAsync();
        }
    }

    [Fact]
    [Statement("MQTT-4.9.0-2")]
    [Statement("MQTT-3.3.4-9")]
    public async Task SendQuota_AfterPubRec_IsRestoredByPubCompOnly()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", receiveMaximum: 1);
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "1"u8, QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "2"u8, QualityOfService.AtLeastOnce);
        await client.ReceivePublishAsync();
        await client.SendAsync("50 02 0001");
        await client.ExpectAsync("62 02 0001");
        await client.ExpectNothingAsync();
        await client.SendAsync("70 02 0001");
        Assert.Equal("2", (await client.ReceivePublishAsync()).Payload);
    }

    [Fact]
    [Statement("MQTT-4.9.0-2")]
    public async Task SendQuota_OfAcknowledgementsForUnknownIds_DoesNotRise()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", receiveMaximum: 2);
        await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        await client.SendAsync("40 02 0001 40 02 0007 70 02 0009");
        await client.ExpectNothingAsync();
        for (var i = 1; i <= 5; i++) broker.Broker.Publish("a", "m"u8, QualityOfService.AtLeastOnce);
        await client.ReceivePublishAsync();
        await client.ReceivePublishAsync();
        await client.SendAsync("40 02 0009 40 02 0008");
        await client.ExpectNothingAsync();
        await client.SendAsync("40 02 0001 40 02 0001 40 02 0001");
        Assert.Equal(3, (await client.ReceivePublishAsync()).PacketId);
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-4.9.0-1")]
    public async Task SendQuota_BeforeVersion5OrAboveTheBrokersLimit_IsTheBrokersLimit()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumInflightMessages = 2 });
        var old = await broker.ConnectAsync("old", ProtocolVersion.Mqtt311);
        var modern = await broker.ConnectAsync("new", receiveMaximum: 100);
        await old.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        await modern.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        for (var i = 1; i <= 4; i++) broker.Broker.Publish("a", "m"u8, QualityOfService.AtLeastOnce);
        foreach (var client in new[] { old, modern })
        {
            await client.ReceivePublishAsync();
            await client.ReceivePublishAsync();
            await client.ExpectNothingAsync();
        }
    }

    // Takes the newest out, so that acknowledgements come in another order than messages.
    private static ushort Newest(Queue<ushort> ids)
    {
        for (var left = ids.Count - 1; left > 0; left--) ids.Enqueue(ids.Dequeue());
        return ids.Dequeue();
    }

    private static async Task FinishAsync(WireClient client, ushort id, QualityOfService qos)
    {
        if (qos == QualityOfService.AtLeastOnce)
        {
            await client.SendAsync($"40 02 {id:X4}");
            return;
        }

        await client.SendAsync($"50 02 {id:X4}");
        await client.ExpectAsync($"62 02 {id:X4}");
        await client.SendAsync($"70 02 {id:X4}");
    }
}
