using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>The broker as receiver of QoS 1 and QoS 2 (§4.3.2, §4.3.3). Who acknowledges when it comes to stores is in the Persistence tests.</summary>
public sealed class QoSReceiverTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.3.2-5")]
    [Statement("MQTT-4.3.2-2 v3.1.1")]
    public async Task QoS1_SameIdAfterPubAck_IsANewMessageWhateverDupSays(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("s", version);
        var publisher = await broker.ConnectAsync("p", version);
        await subscriber.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        foreach (var dup in new[] { false, false, true, true })
        {
            await publisher.PublishAsync("a", "m", QualityOfService.AtLeastOnce, packetId: 9, dup: dup);
            await publisher.ExpectAsync("40 02 0009");
            var received = await subscriber.ReceiveAndAcknowledgeAsync();
            // The DUP flag of the publisher says nothing about this transmission.
            Assert.Equal(("m", false), (received.Payload, received.Dup));
        }

        await subscriber.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.3.3-10")]
    [Statement("MQTT-4.3.3-11")]
    [Statement("MQTT-4.3.3-12")]
    [Statement("MQTT-4.3.3-2 v3.1.1")]
    public async Task QoS2_RepeatedBeforePubRel_GetsPubRecAndNoSecondOnwardCopy(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("s", version);
        var publisher = await broker.ConnectAsync("p", version);
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        foreach (var dup in new[] { false, true, false, true })
        {
            await publisher.PublishAsync("a", "first", QualityOfService.ExactlyOnce, packetId: 9, dup: dup);
            await publisher.ExpectAsync("50 02 0009");
        }

        Assert.Equal("first", (await subscriber.ReceiveAndAcknowledgeAsync()).Payload);
        await subscriber.ExpectNothingAsync();
        await publisher.SendAsync("62 02 0009");
        await publisher.ExpectAsync("70 02 0009");

        // After PUBCOMP the same id is a new message.
        await publisher.PublishAsync("a", "second", QualityOfService.ExactlyOnce, packetId: 9, dup: true);
        await publisher.ExpectAsync("50 02 0009");
        Assert.Equal("second", (await subscriber.ReceiveAndAcknowledgeAsync()).Payload);
        await subscriber.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.3.3-10")]
    [Statement("MQTT-4.1.0-1")]
    [Statement("MQTT-4.3.3-2 v3.1.1")]
    [Statement("MQTT-4.1.0-1 v3.1.1")]
    public async Task QoS2_RepeatedAfterAReconnect_IsStillTheSameMessage(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("s", version);
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        var publisher = await broker.ConnectAsync("p", version, cleanStart: false, sessionExpiry: 100);
        await publisher.PublishAsync("a", "m", QualityOfService.ExactlyOnce, packetId: 9);
        await publisher.ExpectAsync("50 02 0009");
        Assert.Equal("m", (await subscriber.ReceiveAndAcknowledgeAsync()).Payload);
        publisher.Abort();
        await broker.WaitForConnectionsAsync(1);
        publisher = await broker.ConnectAsync("p", version, cleanStart: false, sessionExpiry: 100);
        await publisher.PublishAsync("a", "m", QualityOfService.ExactlyOnce, packetId: 9, dup: true);
        await publisher.ExpectAsync("50 02 0009");
        await subscriber.ExpectNothingAsync();
        publisher.Abort();
        await broker.WaitForConnectionsAsync(1);
        publisher = await broker.ConnectAsync("p", version, cleanStart: false, sessionExpiry: 100);
        await publisher.SendAsync("62 02 0009");
        await publisher.ExpectAsync("70 02 0009");

        // A session that ends takes the id with it.
        await publisher.PublishAsync("a", "m2", QualityOfService.ExactlyOnce, packetId: 10);
        await publisher.ExpectAsync("50 02 000A");
        Assert.Equal("m2", (await subscriber.ReceiveAndAcknowledgeAsync()).Payload);
        publisher.Abort();
        await broker.WaitForConnectionsAsync(1);
        publisher = await broker.ConnectAsync("p", version);
        await publisher.PublishAsync("a", "m3", QualityOfService.ExactlyOnce, packetId: 10, dup: true);
        await publisher.ExpectAsync("50 02 000A");
        Assert.Equal("m3", (await subscriber.ReceiveAndAcknowledgeAsync()).Payload);
    }

    [Fact]
    [Statement("MQTT-4.3.3-9")]
    public async Task QoS2_RefusedWithPubRec80_LeavesTheIdFree()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("s");
        var publisher = await broker.ConnectAsync("p");
        await subscriber.SubscribeAsync("#", QualityOfService.ExactlyOnce);
        await publisher.PublishAsync("$SYS/x", "refused", QualityOfService.ExactlyOnce, packetId: 9);
        await publisher.ExpectAsync("50 03 0009 87");
        await publisher.PublishAsync("a", "new", QualityOfService.ExactlyOnce, packetId: 9);
        await publisher.ExpectAsync("50 02 0009");
        Assert.Equal("new", (await subscriber.ReceiveAndAcknowledgeAsync()).Payload);
        await publisher.PublishAsync("$SYS/x", "refused", QualityOfService.ExactlyOnce, packetId: 10);
        await publisher.ExpectAsync("50 03 000A 87");
        await publisher.SendAsync("62 02 000A");
        await publisher.ExpectAsync("70 03 000A 92");
    }

    [Fact]
    [Statement("MQTT-4.3.3-13")]
    public async Task QoS2_WhoseMessageExpiredBeforePubRel_IsCompleted()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("a", "m", QualityOfService.ExactlyOnce, properties: Raw.Hex("02 00000001"));
        await publisher.ExpectAsync("50 03 0001 10");
        broker.Advance(TimeSpan.FromSeconds(10));
        await publisher.PublishAsync("a", "m", QualityOfService.ExactlyOnce, dup: true, properties: Raw.Hex("02 00000001"));
        await publisher.ExpectAsync("50 02 0001");
        await publisher.SendAsync("62 02 0001");
        await publisher.ExpectAsync("70 02 0001");
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-2.2.1-5")]
    [Statement("MQTT-2.3.1-6 v3.1.1")]
    [Statement("MQTT-4.6.0-2 v3.1.1")]
    [Statement("MQTT-4.6.0-3 v3.1.1")]
    [Statement("MQTT-4.6.0-4 v3.1.1")]
    public async Task Acknowledgements_OfManyMessages_EchoIdsInTheOrderReceived(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("s", version);
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        var publisher = await broker.ConnectAsync("p", version);
        ushort[] once = [7, 3, 65535, 1], exactly = [8, 4, 65534, 2];
        foreach (var id in once) await publisher.PublishAsync("a", "m", QualityOfService.AtLeastOnce, id);
        foreach (var id in exactly) await publisher.PublishAsync("a", "m", QualityOfService.ExactlyOnce, id);
        foreach (var id in once) await publisher.ExpectAsync($"40 02 {id:X4}");
        foreach (var id in exactly) await publisher.ExpectAsync($"50 02 {id:X4}");
        foreach (var id in exactly) await publisher.SendAsync($"62 02 {id:X4}");
        foreach (var id in exactly) await publisher.ExpectAsync($"70 02 {id:X4}");

        // Towards the subscriber PUBREL goes in the order of its PUBRECs.
        for (var i = 0; i < 8; i++) await subscriber.ReceivePublishAsync();
        await subscriber.SendAsync("50 02 0007 50 02 0005 50 02 0008");
        foreach (var id in new[] { 7, 5, 8 }) await subscriber.ExpectAsync($"62 02 {id:X4}");
    }
}
