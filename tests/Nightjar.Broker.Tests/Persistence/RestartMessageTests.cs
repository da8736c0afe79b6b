using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>What a restart keeps of messages: waiting, in flight, received, retained.</summary>
public abstract class RestartMessageTests(StoreKind kind)
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, false)]
    [InlineData(ProtocolVersion.Mqtt311, true)]
    [InlineData(ProtocolVersion.Mqtt50, false)]
    [InlineData(ProtocolVersion.Mqtt50, true)]
    public async Task QueuedMessages_AfterRestart_ComeInOrder(ProtocolVersion version, bool crash)
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var client = await broker.ConnectAsync("s", version);
        await client.SubscribeAsync("q/#", QualityOfService.ExactlyOnce);
        await client.DisconnectAsync();
        await broker.Current.WaitForConnectionsAsync(0);
        await PublishAsync(broker, "q", 1, 50);
        await broker.RestartAsync(crash);
        await PublishAsync(broker, "q", 51, 60);
        await broker.RestartAsync(crash);

        client = await broker.ConnectAsync("s", version);
        for (int i = 1, released = 0; released < 30;)
        {
            var packet = await client.ReceiveAsync();
            if ((PacketType)(packet[0] >> 4) == PacketType.PubRel)
            {
                await client.SendAsync(WirePackets.Ack(PacketType.PubComp, (ushort)((packet[2] << 8) | packet[3]), version));
                released++;
                continue;
            }

            var publish = ReceivedPublish.Read(packet, version);
            Assert.Equal(($"{i}", QosOf(i++), false), (publish.Payload, publish.QoS, publish.Dup));
            await client.SendAsync(WirePackets.Ack(publish.QoS == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec, publish.PacketId, version));
        }

        await client.ExpectNothingAsync();
        Assert.Equal(0, broker.Store.MessageCount);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task MessagesInFlight_AfterCrash_AreSentAgainWithDupAndTheirPacketIds(ProtocolVersion version)
    {
        await using var broker = await RestartingBroker.StartAsync(kind, new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumInflightMessages = 5 });
        var client = await broker.ConnectAsync("s", version);
        await client.SubscribeAsync("q/#", QualityOfService.ExactlyOnce, identifier: version == ProtocolVersion.Mqtt50 ? 11u : 0);
        await PublishAsync(broker, "q", 1, 8);
        var sent = new List<ReceivedPublish>();
        for (var i = 0; i < 5; i++) sent.Add(await client.ReceivePublishAsync());
        // The first of QoS 1 is done, the first of QoS 2 goes one step on.
        await client.SendAsync(WirePackets.Ack(PacketType.PubAck, sent[0].PacketId, version));
        sent.Add(await client.ReceivePublishAsync());
        await client.SendAsync(WirePackets.Ack(PacketType.PubRec, sent[1].PacketId, version));
        await client.ExpectAsync(Convert.ToHexString(WirePackets.Ack(PacketType.PubRel, sent[1].PacketId, version)));

        await broker.RestartAsync(crash: true);

        client = await broker.ConnectAsync("s", version);
        await client.ExpectAsync(Convert.ToHexString(WirePackets.Ack(PacketType.PubRel, sent[1].PacketId, version)));
        foreach (var before in sent.Skip(2))
        {
            var again = await client.ReceivePublishAsync();
            Assert.Equal((before.Payload, before.PacketId, before.QoS, true), (again.Payload, again.PacketId, again.QoS, again.Dup));
            Assert.Equal(before.SubscriptionIdentifiers, again.SubscriptionIdentifiers);
        }

        await client.ExpectNothingAsync();
        await client.SendAsync(WirePackets.Ack(PacketType.PubComp, sent[1].PacketId, version));
        var next = await client.ReceivePublishAsync();
        Assert.Equal(("7", false), (next.Payload, next.Dup));
        Assert.DoesNotContain(next.PacketId, sent.Skip(2).Select(publish => publish.PacketId));
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task AcknowledgedHandshake_AfterCrash_LeavesNothing()
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var client = await broker.ConnectAsync("s");
        await client.SubscribeAsync("q/#", QualityOfService.ExactlyOnce);
        await PublishAsync(broker, "q", 1, 2);
        await client.ReceiveAndAcknowledgeAsync();
        await client.ReceiveAndAcknowledgeAsync();
        await client.ExpectNothingAsync();
        await broker.RestartAsync(crash: true);

        Assert.Equal(0, broker.Store.MessageCount);
        client = await broker.ConnectAsync("s");
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, false)]
    [InlineData(ProtocolVersion.Mqtt50, true)]
    public async Task ReceivedQoS2Message_RepeatedAfterRestart_IsNotDoubled(ProtocolVersion version, bool crash)
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var subscriber = await broker.ConnectAsync("s");
        await subscriber.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var publisher = await broker.ConnectAsync("p", version);
        foreach (ushort id in (ushort[])[300, 301])
        {
            await publisher.PublishAsync("t", $"{id}", QualityOfService.ExactlyOnce, packetId: id);
            await publisher.ExpectAsync($"50 02 {id:X4}");
        }

        await publisher.SendAsync("62 02 01 2D");
        await publisher.ExpectAsync("70 02 01 2D");
        for (var i = 0; i < 2; i++) await subscriber.ReceiveAndAcknowledgeAsync();
        await subscriber.ExpectNothingAsync();

        await broker.RestartAsync(crash);

        subscriber = await broker.ConnectAsync("s");
        publisher = await broker.ConnectAsync("p", version);
        await publisher.PublishAsync("t", "300", QualityOfService.ExactlyOnce, packetId: 300, dup: true);
        await publisher.ExpectAsync("50 02 01 2C");
        await subscriber.ExpectNothingAsync();
        await publisher.SendAsync("62 02 01 2C");
        await publisher.ExpectAsync("70 02 01 2C");
        await publisher.PublishAsync("t", "new", QualityOfService.ExactlyOnce, packetId: 301);
        await publisher.ExpectAsync("50 02 01 2D");
        Assert.Equal("new", (await subscriber.ReceiveAndAcknowledgeAsync()).Payload);
        await subscriber.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MessageExpiry_AcrossRestarts_GoesOn(bool crash)
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var client = await broker.ConnectAsync("s");
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        var publisher = await broker.ConnectAsync("p", clean: true, expiry: 0);
        await publisher.PublishAsync("t", "short", QualityOfService.AtLeastOnce, packetId: 1, retain: true, properties: [0x02, 0, 0, 0, 50]);
        await publisher.PublishAsync("t", "long", QualityOfService.AtLeastOnce, packetId: 2, properties: [0x02, 0, 0, 0, 100]);
        await publisher.PublishAsync("u", "kept", QualityOfService.AtLeastOnce, packetId: 3, retain: true, properties: [0x02, 0, 0, 0, 100]);
        for (var i = 0; i < 3; i++) await publisher.ReceiveAsync();
        broker.Advance(TimeSpan.FromSeconds(20));
        await broker.RestartAsync(crash, down: TimeSpan.FromSeconds(20));
        broker.Advance(TimeSpan.FromSeconds(20));

        client = await broker.ConnectAsync("s");
        var queued = await client.ReceiveAndAcknowledgeAsync();
        Assert.Equal(("long", 40u), (queued.Payload, queued.MessageExpiryInterval!.Value));
        await client.ExpectNothingAsync();
        await client.SubscribeAsync("#");
        var retained = await client.ReceivePublishAsync();
        Assert.Equal(("kept", 40u), (retained.Payload, retained.MessageExpiryInterval!.Value));
        await client.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(0, broker.Current.Broker.RetainedCount);
        Assert.Equal(0, broker.Store.RetainedCount);
        Assert.Equal(0, broker.Store.MessageCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RetainedMessages_AfterRestart_AreThoseSetLast(bool crash)
    {
        await using var broker = await RestartingBroker.StartAsync(kind, new BrokerOptions { SysInterval = TimeSpan.FromSeconds(10) });
        var publisher = await broker.ConnectAsync("p", clean: true, expiry: 0);
        foreach (var (topic, payload) in ((string, string)[])[("a", "1"), ("b", "2"), ("c", "3"), ("b", "22"), ("c", "")])
            await publisher.PublishAsync(topic, payload, retain: true, properties: [0x01, 1, 0x26, 0, 1, (byte)'k', 0, 1, (byte)'v']);
        await publisher.ExpectNothingAsync();
        Assert.Equal(2, broker.Store.RetainedCount);

        await broker.RestartAsync(crash);

        var client = await broker.ConnectAsync("s");
        await client.SubscribeAsync("#", QualityOfService.AtLeastOnce);
        var received = new[] { await client.ReceivePublishAsync(), await client.ReceivePublishAsync() };
        Assert.Equal([("a", "1"), ("b", "22")], received.OrderBy(publish => publish.Topic, StringComparer.Ordinal).Select(publish => (publish.Topic, publish.Payload)));
        Assert.All(received, publish => Assert.Equal((true, "01012600016B000176"), (publish.Retain, Convert.ToHexString(publish.Properties))));
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task OneCopyForSeveralSubscriptions_AfterRestart_HasAllIdentifiers()
    {
        await using var broker = await RestartingBroker.StartAsync(kind, new BrokerOptions { SysInterval = TimeSpan.Zero, AllowDuplicateMessages = false });
        var client = await broker.ConnectAsync("s");
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce, identifier: 5);
        await client.SubscribeAsync("#", QualityOfService.ExactlyOnce, identifier: 6);
        await client.DisconnectAsync();
        await broker.Current.WaitForConnectionsAsync(0);
        await PublishAsync(broker, "t", 2, 2, exact: true);
        await broker.RestartAsync(crash: true);

        client = await broker.ConnectAsync("s");
        var publish = await client.ReceiveAndAcknowledgeAsync();
        Assert.Equal([5u, 6u], publish.SubscriptionIdentifiers.Order());
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Message_ForManySessions_IsKeptOnceUntilTheLastAcknowledges()
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        foreach (var id in (string[])["a", "b", "c"])
        {
            var client = await broker.ConnectAsync(id);
            await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
            await client.DisconnectAsync();
        }

        // A file has a message once for deliveries that its writer takes together; what it takes in between is a matter of time.
        await broker.Store.WithoutWritingAsync(() => PublishAsync(broker, "t", 1, 2, exact: true));
        Assert.Equal(2, broker.Store.MessageCount);
        await broker.RestartAsync(crash: true);
        foreach (var id in (string[])["a", "b", "c"])
        {
            Assert.Equal(2, broker.Store.MessageCount);
            var client = await broker.ConnectAsync(id);
            Assert.Equal("1", (await client.ReceiveAndAcknowledgeAsync()).Payload);
            Assert.Equal("2", (await client.ReceiveAndAcknowledgeAsync()).Payload);
            await client.ExpectNothingAsync();
        }

        Assert.Equal(0, broker.Store.MessageCount);
    }

    [Fact]
    public async Task PacketIds_AfterRestart_GoOn()
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var client = await broker.ConnectAsync("s");
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await PublishAsync(broker, "t", 1, 3, exact: true);
        for (var i = 0; i < 2; i++) await client.ReceiveAndAcknowledgeAsync();
        Assert.Equal(3, (await client.ReceivePublishAsync()).PacketId);
        await client.ExpectNothingAsync();
        await broker.RestartAsync(crash: true);
        client = await broker.ConnectAsync("s");
        Assert.Equal(3, (await client.ReceivePublishAsync()).PacketId);
        await PublishAsync(broker, "t", 4, 4, exact: true);
        Assert.Equal(4, (await client.ReceivePublishAsync()).PacketId);
    }

    private static QualityOfService QosOf(int number) => number % 2 == 0 ? QualityOfService.ExactlyOnce : QualityOfService.AtLeastOnce;

    private static async Task PublishAsync(RestartingBroker broker, string topic, int first, int last, bool exact = false)
    {
        var publisher = await broker.ConnectAsync("publisher", clean: true, expiry: 0);
        for (var i = first; i <= last; i++)
        {
            await publisher.PublishAsync(exact ? topic : $"{topic}/{i}", $"{i}", QosOf(i), packetId: (ushort)i);
            await publisher.ReceiveAsync();
            if (QosOf(i) != QualityOfService.ExactlyOnce) continue;
            await publisher.SendAsync(WirePackets.Ack(PacketType.PubRel, (ushort)i, publisher.Version));
            await publisher.ReceiveAsync();
        }

        await publisher.DisconnectAsync();
    }
}
