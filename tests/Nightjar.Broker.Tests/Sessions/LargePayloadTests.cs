using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Sessions;

/// <summary>Payloads that all receivers share instead of getting a copy each. That every reference is given back is what disposing the broker asserts.</summary>
public sealed class LargePayloadTests
{
    private const int Receivers = 3;

    public static TheoryData<ProtocolVersion, QualityOfService, int> Cases()
    {
        var cases = new TheoryData<ProtocolVersion, QualityOfService, int>();
        foreach (var version in new[] { ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50 })
        {
            foreach (var qos in Enum.GetValues<QualityOfService>())
            {
                foreach (var size in new[] { 8191, 8192, 16_384, 300_000 }) cases.Add(version, qos, size);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Message_ToSeveral_ArrivesWholeAmongSmallOnes(ProtocolVersion version, QualityOfService qos, int size)
    {
        await using var broker = await TestBroker.StartAsync();
        var receivers = new WireClient[Receivers];
        for (var i = 0; i < Receivers; i++)
        {
            receivers[i] = await broker.ConnectAsync($"r{i}", version);
            await receivers[i].SubscribeAsync("a/#", qos);
        }

        var publisher = await broker.ConnectAsync("p", ProtocolVersion.Mqtt311);
        string[] payloads = [Payload(size, 1), "small", Payload(size, 2), Payload(size, 3), "", Payload(size, 4)];
        // As one batch.
        await publisher.SendAsync(payloads.SelectMany((payload, i) => WirePackets.Publish(publisher.Version, $"a/{i}", payload, qos, (ushort)(i + 1))).ToArray());
        foreach (var receiver in receivers)
        {
            for (var i = 0; i < payloads.Length; i++)
            {
                var message = await receiver.ReceivePublishAsync();
                Assert.Equal(($"a/{i}", payloads[i], qos, false), (message.Topic, message.Payload, message.QoS, message.Dup));
                Assert.Equal(qos == QualityOfService.AtMostOnce ? 0 : i + 1, message.PacketId);
            }
        }
    }

    [Fact]
    public async Task Message_ToReceiversOfEveryKind_HasForEachWhatIsItsOwn()
    {
        await using var broker = await TestBroker.StartAsync();
        var plain = await broker.ConnectAsync("plain", ProtocolVersion.Mqtt311);
        await plain.SubscribeAsync("a", QualityOfService.AtMostOnce);
        var identified = await broker.ConnectAsync("identified");
        await identified.SendAsync(WirePackets.Subscribe(ProtocolVersion.Mqtt50, 1, "a", QualityOfService.AtLeastOnce, retainAsPublished: true, identifier: 77));
        await identified.ReceiveAsync();
        var aliased = await broker.ConnectAsync("aliased", topicAliasMaximum: 3);
        await aliased.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        var small = await broker.ConnectAsync("small", maximumPacketSize: 20_000);
        await small.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        var publisher = await broker.ConnectAsync("p");
        var payload = Payload(20_000, 5);
        byte[] properties = [2, 0, 0, 0, 60, 3, 0, 1, (byte)'t'];
        for (ushort i = 1; i <= 2; i++)
        {
            await publisher.SendAsync(WirePackets.Publish(ProtocolVersion.Mqtt50, "a", payload, QualityOfService.ExactlyOnce, i, retain: true, properties: properties));
            var message = await plain.ReceivePublishAsync();
            Assert.Equal(("a", payload, QualityOfService.AtMostOnce, false), (message.Topic, message.Payload, message.QoS, message.Retain));
            message = await identified.ReceiveAndAcknowledgeAsync();
            Assert.Equal((payload, QualityOfService.AtLeastOnce, true, 60u), (message.Payload, message.QoS, message.Retain, message.MessageExpiryInterval));
            Assert.Equal([77u], message.SubscriptionIdentifiers);
            message = await aliased.ReceiveAndAcknowledgeAsync();
            Assert.Equal((i == 1 ? "a" : "", payload, (ushort)1), (message.Topic, message.Payload, message.TopicAlias));
        }

        // Larger than it accepts: it got neither, and the next one takes no packet id for them.
        await publisher.SendAsync(WirePackets.Publish(ProtocolVersion.Mqtt50, "a", "fits", QualityOfService.AtLeastOnce, 9));
        Assert.Equal("fits", (await small.ReceiveAndAcknowledgeAsync()).Payload);
    }

    [Theory]
    [InlineData(8191, 0)]
    [InlineData(8192, 1)]
    public void Message_ToOneWhoHasToAcknowledgeIt_IsSentFromWhereItIsKept(int size, int blocks)
    {
        using var broker = new SteppedBroker();
        var receiver = broker.Connect("r");
        receiver.Subscribe("a", QualityOfService.AtLeastOnce);
        var publisher = broker.Connect("p");
        publisher.Feed(WirePackets.Publish(publisher.Version, "a", Payload(size, 1), QualityOfService.AtLeastOnce, 1));
        // Blocks that lead to bytes of others.
        Assert.Equal(blocks, broker.Buffers.GetCounters()[^1].Rented);
        SteppedBroker.Settle(receiver, publisher);
        Assert.Equal(1, receiver.Received);
        Assert.Equal(0, broker.Buffers.GetCounters()[^1].Outstanding);
    }

    [Fact]
    public async Task Message_ThatWaited_ArrivesWhole()
    {
        await using var broker = await TestBroker.StartAsync();
        var away = await broker.ConnectAsync("away", sessionExpiry: 1000);
        await away.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        await away.DisconnectAsync();
        await away.ExpectClosedAsync();
        var publisher = await broker.ConnectAsync("p", ProtocolVersion.Mqtt311);
        for (ushort i = 1; i <= 5; i++)
        {
            await publisher.SendAsync(WirePackets.Publish(publisher.Version, "a", Payload(50_000, i), QualityOfService.AtLeastOnce, i, retain: i == 5));
            await publisher.ReceiveAsync();
        }

        var back = await broker.ConnectAsync("away", cleanStart: false, sessionExpiry: 1000);
        for (var i = 1; i <= 2; i++) Assert.Equal(Payload(50_000, i), (await back.ReceivePublishAsync()).Payload);
        // Gone in the middle of it, without an acknowledgement.
        back.Abort();
        back = await broker.ConnectAsync("away", cleanStart: false, sessionExpiry: 1000);
        for (var i = 1; i <= 5; i++) Assert.Equal(Payload(50_000, i), (await back.ReceiveAndAcknowledgeAsync()).Payload);
        var late = await broker.ConnectAsync("late", ProtocolVersion.Mqtt311);
        await late.SubscribeAsync("a", QualityOfService.AtMostOnce);
        var retained = await late.ReceivePublishAsync();
        Assert.Equal((Payload(50_000, 5), true), (retained.Payload, retained.Retain));
    }

    private static string Payload(int size, int seed)
    {
        var random = new Random(seed);
        return string.Create(size, random, static (text, random) =>
        {
            for (var i = 0; i < text.Length; i++) text[i] = (char)('a' + random.Next(26));
        });
    }
}
