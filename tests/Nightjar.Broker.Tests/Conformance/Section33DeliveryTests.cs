using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>PUBLISH actions, section 3.3.4: overlapping subscriptions, subscription identifiers, No Local, Receive Maximum.</summary>
public sealed class Section33DeliveryTests
{
    private static readonly BrokerOptions OneCopy = new() { SysInterval = TimeSpan.Zero, AllowDuplicateMessages = false };

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.3.4-2")]
    [Statement("MQTT-3.3.5-1 v3.1.1")]
    public async Task Overlapping_Default_EachCopyHasTheQoSOfItsSubscription(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("a/b", QualityOfService.AtMostOnce);
        await client.SubscribeAsync("a/+", QualityOfService.AtLeastOnce);
        await client.SubscribeAsync("a/#", QualityOfService.ExactlyOnce);

        broker.Broker.Publish("a/b", "m"u8, QualityOfService.ExactlyOnce);

        var copies = new List<QualityOfService>();
        for (var i = 0; i < 3; i++) copies.Add((await client.ReceivePublishAsync()).QoS);
        Assert.Equal([QualityOfService.AtMostOnce, QualityOfService.AtLeastOnce, QualityOfService.ExactlyOnce], copies.Order());
        await client.ExpectNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.3.4-2")]
    [Statement("MQTT-3.3.5-1 v3.1.1")]
    public async Task Overlapping_OneCopy_HasTheHighestQoS(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync(OneCopy);
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("a/b", QualityOfService.AtMostOnce);
        await client.SubscribeAsync("a/#", QualityOfService.ExactlyOnce);
        await client.SubscribeAsync("a/+", QualityOfService.AtLeastOnce);
        foreach (var qos in Enum.GetValues<QualityOfService>())
        {
            broker.Broker.Publish("a/b", "m"u8, qos);
            Assert.Equal(qos, (await client.ReceiveAndAcknowledgeAsync()).QoS);
            await client.ExpectNothingAsync();
        }
    }

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [Statement("MQTT-3.3.4-3")]
    [Statement("MQTT-3.3.4-5")]
    public async Task SubscriptionIdentifiers_SeveralCopies_EachHasItsOwn(QualityOfService qos)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync("a/b", qos, identifier: 1);
        await client.SubscribeAsync("a/+", qos, identifier: 268_435_455);
        await client.SubscribeAsync("#", qos);
        await client.SubscribeAsync("b", qos, identifier: 7);

        broker.Broker.Publish("a/b", "m"u8, qos);

        var copies = new List<uint[]>();
        for (var i = 0; i < 3; i++) copies.Add((await client.ReceiveAndAcknowledgeAsync()).SubscriptionIdentifiers);
        Assert.Equal([[], [1], [268_435_455]], copies.OrderBy(identifiers => identifiers.FirstOrDefault()));
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [Statement("MQTT-3.3.4-3")]
    [Statement("MQTT-3.3.4-4")]
    public async Task SubscriptionIdentifiers_OneCopy_HasAllOfThem(QualityOfService qos)
    {
        await using var broker = await TestBroker.StartAsync(OneCopy);
        var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync("a/b", qos, identifier: 1);
        await client.SubscribeAsync("a/+", qos, identifier: 300);
        await client.SubscribeAsync("#", qos);
        await client.SubscribeAsync("a/#", qos, identifier: 1);
        await client.SubscribeAsync("b", qos, identifier: 7);

        broker.Broker.Publish("a/b", "m"u8, qos);

        var received = await client.ReceiveAndAcknowledgeAsync();
        Assert.Equal(new uint[] { 1, 300 }, received.SubscriptionIdentifiers.Distinct().Order());
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.3.4-3")]
    public async Task SubscriptionIdentifier_QueuedAndRetained_IsThereToo()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce, identifier: 5);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        broker.Broker.Publish("t", "queued"u8, QualityOfService.AtLeastOnce, retain: true);
        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        Assert.Equal(new uint[] { 5 }, (await client.ReceiveAndAcknowledgeAsync()).SubscriptionIdentifiers);
        // A subscription made again takes the new identifier.
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce, identifier: 6);
        var retained = await client.ReceiveAndAcknowledgeAsync();
        Assert.True(retained.Retain);
        Assert.Equal(new uint[] { 6 }, retained.SubscriptionIdentifiers);
        await client.SubscribeAsync("t");
        Assert.Empty((await client.ReceivePublishAsync()).SubscriptionIdentifiers);
    }

    [Fact]
    [Statement("MQTT-3.8.3-3")]
    public async Task NoLocal_OwnMessages_AreNotForwarded()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        var other = await broker.ConnectAsync("other");
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce, noLocal: true);
        await other.SubscribeAsync("t", noLocal: true);
        await client.PublishAsync("t", "own");
        Assert.Equal("own", (await other.ReceivePublishAsync()).Payload);
        await client.ExpectNothingAsync();
        await other.PublishAsync("t", "others");
        Assert.Equal("others", (await client.ReceivePublishAsync()).Payload);
        await other.ExpectNothingAsync();

        // It is the client id that counts, not the connection.
        client.Abort();
        await broker.WaitForConnectionsAsync(1);
        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        await client.PublishAsync("t", "own again");
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.8.3-3")]
    public async Task NoLocal_OwnRetainedMessages_AreNotForwarded()
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Broker.Publish("t/broker", "m"u8, retain: true);
        var client = await broker.ConnectAsync("c");
        await client.PublishAsync("t/own", "m", retain: true);
        await client.SubscribeAsync("t/+", noLocal: true);
        Assert.Equal("t/broker", (await client.ReceivePublishAsync()).Topic);
        await client.ExpectNothingAsync();
        var other = await broker.ConnectAsync("other");
        await other.SubscribeAsync("t/own", noLocal: true);
        Assert.Equal("t/own", (await other.ReceivePublishAsync()).Topic);
    }

    [Theory]
    [InlineData(true, "t", "#")]
    [InlineData(true, "#", "t")]
    [InlineData(false, "t", "#")]
    [InlineData(false, "#", "t")]
    [Statement("MQTT-3.8.3-3")]
    [Statement("MQTT-3.3.4-3")]
    public async Task NoLocal_BesideAnotherSubscription_LetsOnlyThatOneThrough(bool duplicates, string noLocal, string plain)
    {
        await using var broker = await TestBroker.StartAsync(OneCopy with { AllowDuplicateMessages = duplicates });
        var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync(noLocal, QualityOfService.ExactlyOnce, noLocal: true, identifier: 1);
        await client.SubscribeAsync(plain, QualityOfService.AtMostOnce, identifier: 2);
        await client.PublishAsync("t", "own", QualityOfService.AtLeastOnce);
        var received = await client.ReceivePublishAsync();
        Assert.Equal(QualityOfService.AtMostOnce, received.QoS);
        Assert.Equal(new uint[] { 2 }, received.SubscriptionIdentifiers);
        await client.ExpectAsync("40 02 0001");
        await client.ExpectNothingAsync();

        // A message of somebody else passes by both.
        broker.Broker.Publish("t", "others"u8, QualityOfService.AtLeastOnce);
        var identifiers = (await client.ReceivePublishAsync()).SubscriptionIdentifiers.ToList();
        if (duplicates) identifiers.AddRange((await client.ReceivePublishAsync()).SubscriptionIdentifiers);
        Assert.Equal(new uint[] { 1, 2 }, identifiers.Order());
    }

    [Fact]
    [Statement("MQTT-3.3.4-7")]
    public async Task ReceiveMaximum_OfTheBroker_ExceededByTheClient_Closes()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumInflightMessages = 3 });
        var subscriber = await broker.ConnectAsync("s");
        await subscriber.SubscribeAsync("t");
        var client = await broker.ConnectAsync("c");
        Assert.EndsWith("210003", Convert.ToHexString(client.ConnAck), StringComparison.Ordinal);
        for (ushort id = 1; id <= 3; id++)
        {
            await client.PublishAsync("t", $"{id}", QualityOfService.ExactlyOnce, id);
            await client.ExpectAsync($"50 02 {id:X4}");
        }

        // QoS 0 does not count, a repetition is no further message, and PUBREL makes room.
        await client.PublishAsync("t", "zero");
        await client.PublishAsync("t", "2", QualityOfService.ExactlyOnce, 2, dup: true);
        await client.ExpectAsync("50 02 0002");
        await client.SendAsync("62 02 0001");
        await client.ExpectAsync("70 02 0001");
        await client.PublishAsync("t", "4", QualityOfService.ExactlyOnce, 4);
        await client.ExpectAsync("50 02 0004");
        await client.PublishAsync("t", "5", QualityOfService.ExactlyOnce, 5);
        await client.ExpectDisconnectAsync(ReasonCode.ReceiveMaximumExceeded);

        foreach (var payload in (string[])["1", "2", "3", "zero", "4"]) Assert.Equal(payload, (await subscriber.ReceivePublishAsync()).Payload);
        await subscriber.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [Statement("MQTT-3.3.4-9")]
    [Statement("MQTT-3.3.4-10")]
    public async Task ReceiveMaximum_OfTheClient_HoldsBackPublishOnly(ushort maximum)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", receiveMaximum: maximum);
        await client.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        for (var i = 0; i < 10; i++) broker.Broker.Publish("t", [(byte)('0' + i)], i % 2 == 0 ? QualityOfService.AtLeastOnce : QualityOfService.ExactlyOnce);
        var waiting = new Queue<ReceivedPublish>();
        for (var i = 0; i < maximum; i++) waiting.Enqueue(await client.ReceivePublishAsync());

        // Everything else goes on, QoS 0 included.
        await client.ExpectNothingAsync();
        Assert.Equal(0, await client.SubscribeAsync("other"));
        await client.UnsubscribeAsync("other");
        await client.PublishAsync("nobody", "m", QualityOfService.AtLeastOnce);
        await client.ExpectAsync("40 03 0001 10");
        await client.SubscribeAsync("zero");
        broker.Broker.Publish("zero", "m"u8);
        Assert.Equal("zero", (await client.ReceivePublishAsync()).Topic);

        for (var i = 0; i < 10; i++)
        {
            var publish = waiting.Dequeue();
            Assert.Equal($"{i}", publish.Payload);
            await CompleteAsync(client, publish);
            if (i + maximum < 10) waiting.Enqueue(await client.ReceivePublishAsync());
            await client.ExpectNothingAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.3.4-9")]
    public async Task MaximumInflightMessages_BoundsEveryVersion(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        for (var i = 0; i < 25; i++) broker.Broker.Publish("t", "m"u8, QualityOfService.AtLeastOnce);
        for (var i = 1; i <= 20; i++) Assert.Equal(i, (await client.ReceivePublishAsync()).PacketId);
        await client.ExpectNothingAsync();
        await client.SendAsync("40 02 0001");
        Assert.Equal(21, (await client.ReceivePublishAsync()).PacketId);
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.3.4-9")]
    public async Task ReceiveMaximum_SmallerOnTheNextConnection_HoldsForWhatIsResent()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        for (var i = 1; i <= 5; i++) broker.Broker.Publish("t", [(byte)('0' + i)], QualityOfService.AtLeastOnce);
        for (var i = 1; i <= 5; i++) await client.ReceivePublishAsync();
        client.Abort();
        await broker.WaitForConnectionsAsync(0);

        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100, receiveMaximum: 2);

        Assert.Equal("1", (await client.ReceivePublishAsync()).Payload);
        for (var i = 2; i <= 5; i++)
        {
            var next = await client.ReceivePublishAsync();
            Assert.Equal(($"{i}", true, i), (next.Payload, next.Dup, next.PacketId));
            await client.ExpectNothingAsync();
            await client.SendAsync($"40 02 {i - 1:X4}");
        }
    }

    private static async Task CompleteAsync(WireClient client, ReceivedPublish publish)
    {
        if (publish.QoS == QualityOfService.AtLeastOnce)
        {
            await client.SendAsync(WirePackets.Ack(PacketType.PubAck, publish.PacketId, client.Version));
            return;
        }

        await client.SendAsync(WirePackets.Ack(PacketType.PubRec, publish.PacketId, client.Version));
        await client.ExpectAsync($"62 02 {publish.PacketId:X4}");
        await client.SendAsync(WirePackets.Ack(PacketType.PubComp, publish.PacketId, client.Version));
    }
}
