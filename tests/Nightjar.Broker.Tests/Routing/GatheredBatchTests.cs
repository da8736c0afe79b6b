using System.Text;
using Nightjar.Broker.Sessions;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;
using static Nightjar.Broker.Tests.Routing.GatheredMessages;

namespace Nightjar.Broker.Tests.Routing;

/// <summary>What else may stand in a batch beside messages to two receivers of <c>a/+</c>: nothing overtakes, nothing is lost, nobody gets what was another's.</summary>
public sealed class GatheredBatchTests
{
    private const ProtocolVersion V3 = ProtocolVersion.Mqtt311;
    private const ProtocolVersion V5 = ProtocolVersion.Mqtt50;

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce, V3)]
    [InlineData(QualityOfService.ExactlyOnce, V3)]
    [InlineData(QualityOfService.AtLeastOnce, V5)]
    [InlineData(QualityOfService.ExactlyOnce, V5)]
    public void Messages_OfHigherQoS_AreAnsweredAndStayInTheirPlace(QualityOfService qos, ProtocolVersion version)
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var first = Receiver(broker, "first", version, WirePackets.Subscribe(version, 1, "a/+", QualityOfService.ExactlyOnce));
        var second = Receiver(broker, "second", version);
        var publisher = broker.Connect("publisher", version);
        AssertGathered(broker, true);
        var packets = Ten().Select((message, i) => message.Packet(version, i == 4 ? qos : QualityOfService.AtMostOnce)).ToArray();
        var answer = WirePackets.Ack(qos == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec, 1, version);
        Expect(broker, publisher, packets, (first, packets), (second, Frames(Ten(), version)), (publisher, [answer]));
        SteppedBroker.Settle(first, publisher);
    }

    [Fact]
    public void Messages_ToOtherReceivers_GoToThemAlone()
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        SteppedClient[] ofA = [Receiver(broker, "a1", V5), Receiver(broker, "a2", V3)];
        SteppedClient[] ofB = [Receiver(broker, "b1", V5, WirePackets.Subscribe(V5, 1, "b/+", QualityOfService.AtMostOnce)), Receiver(broker, "b2", V3, WirePackets.Subscribe(V3, 1, "b/+", QualityOfService.AtMostOnce))];
        var single = Receiver(broker, "c", V5, WirePackets.Subscribe(V5, 1, "c", QualityOfService.AtMostOnce));
        var publisher = broker.Connect("publisher");
        AssertGathered(broker, true);
        var messages = Ten().Select((message, i) => i switch { 2 or 3 or 6 => message with { Topic = $"b/{i}" }, 5 => message with { Topic = "c" }, 8 => message with { Topic = "nobody" }, _ => message }).ToArray();
        Message[] Of(string topic) => messages.Where(message => message.Topic.StartsWith(topic, StringComparison.Ordinal)).ToArray();
        Expect(
            broker, publisher, Frames(messages, V5), (ofA[0], Frames(Of("a"), V5)), (ofA[1], Frames(Of("a"), V3)), (ofB[0], Frames(Of("b"), V5)), (ofB[1], Frames(Of("b"), V3)),
            (single, Frames(Of("c"), V5)));
    }

    [Theory]
    [InlineData(V3)]
    [InlineData(V5)]
    public void Messages_LargeAndMany_ComeWhole(ProtocolVersion publisherVersion)
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var new5 = Receiver(broker, "new", V5);
        var old3 = Receiver(broker, "old", V3);
        var publisher = broker.Connect("publisher", publisherVersion);
        AssertGathered(broker, true);
        // Around what is taken in, and beyond what there is room for; then more than are taken in at a time.
        int[] sizes = [0, 1020, 1021, 1022, 9000, 1, 20_000, 1021, 1021, 1021, 1021, 1021, 1021, 1021, 1021, 1021, 500];
        var messages = sizes.Select((size, i) => new Message($"a/{i % 10}", new string((char)('a' + i), size))).ToArray();
        Expect(broker, publisher, Frames(messages, publisherVersion), (new5, Frames(messages, V5)), (old3, Frames(messages, V3)));
        messages = Enumerable.Range(0, 200).Select(i => new Message($"a/{i % 10}", $"{i}")).ToArray();
        Expect(broker, publisher, Frames(messages, publisherVersion), (new5, Frames(messages, V5)), (old3, Frames(messages, V3)));
    }

    [Fact]
    public void Subscription_MadeAndEndedInTheBatch_HoldsForWhatStandsBetween()
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var first = Receiver(broker, "first", V5);
        var second = Receiver(broker, "second", V5);
        var publisher = broker.Connect("publisher");
        var frames = Frames(Ten(), V5);
        byte[][] packets =
        [
            .. frames[..3], WirePackets.Subscribe(V5, 7, "a/+", QualityOfService.AtMostOnce), .. frames[3..6], [0xC0, 0],
            .. frames[6..8], WirePackets.Unsubscribe(V5, 8, "a/+"), .. frames[8..],
        ];
        publisher.Feed(packets.SelectMany(packet => packet).ToArray());
        Assert.Equal(Text(frames), Take(first));
        Assert.Equal(Text(frames), Take(second));
        // The answer to PINGREQ stands anywhere.
        var own = Take(publisher);
        Assert.True(own.Remove("D000"));
        Assert.Equal(Text([[0x90, 4, 0, 7, 0, 0], .. frames[3..8], [0xB0, 4, 0, 8, 0, 0]]), own);
    }

    [Theory]
    [InlineData("E000")]
    // A packet that is malformed, and one that no client may send.
    [InlineData("3600")]
    [InlineData("2000")]
    public void Messages_BeforeTheLastPacketOfTheirPublisher_Arrive(string last)
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var first = Receiver(broker, "first", V5);
        var second = Receiver(broker, "second", V3);
        var publisher = broker.Connect("publisher", V3);
        AssertGathered(broker, true);
        publisher.Feed(Frames(Ten(), V3).Append(Convert.FromHexString(last)).SelectMany(packet => packet).ToArray());
        Assert.Equal(Text(Frames(Ten(), V5)), Take(first));
        Assert.Equal(Text(Frames(Ten(), V3)), Take(second));
        Assert.Equal(2, broker.Broker.ConnectionCount);
    }

    [Fact]
    public void UpgradedQoS_IsThatOfTheSubscription()
    {
        using var broker = new SteppedBroker(LimitTests.Options with { UpgradeOutgoingQoS = true });
        var first = Receiver(broker, "first", V5, WirePackets.Subscribe(V5, 1, "a/+", QualityOfService.AtLeastOnce));
        var second = Receiver(broker, "second", V5);
        var publisher = broker.Connect("publisher");
        AssertGathered(broker, true);
        var upgraded = Ten().Select((message, i) => WirePackets.Publish(V5, message.Topic, message.Payload, QualityOfService.AtLeastOnce, (ushort)(i + 1))).ToArray();
        Expect(broker, publisher, Frames(Ten(), V5), (first, upgraded), (second, Frames(Ten(), V5)));
        foreach (var i in Enumerable.Range(1, 10)) first.Feed(WirePackets.Ack(PacketType.PubAck, (ushort)i, V5));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void QueuedQoS0_OfAReceiverThatIsAway_ComesLaterIfItIsQueued(bool queues)
    {
        using var broker = new SteppedBroker(LimitTests.Options with { QueueQoS0Messages = queues });
        var away = broker.Connect("away", sessionExpiry: 1000);
        away.Subscribe("a/+", QualityOfService.AtMostOnce);
        away.Connection.End();
        var here = Receiver(broker, "here", V5);
        var publisher = broker.Connect("publisher");
        AssertGathered(broker, true);
        Expect(broker, publisher, Frames(Ten(), V5), (here, Frames(Ten(), V5)));
        var back = broker.TryConnect(WirePackets.Connect(V5, "away", cleanStart: false, sessionExpiry: 1000), V5, out _);
        Assert.Equal(Text(queues ? Frames(Ten(), V5) : []), Take(back)[1..]);
    }

    [Fact]
    public void Application_HearsOfEachMessageInItsPlace()
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var first = Receiver(broker, "first", V5);
        var second = Receiver(broker, "second", V5);
        var publisher = broker.Connect("publisher");
        var published = new List<string>();
        broker.Broker.MessagePublished += message => published.Add($"{message.TopicName} {Encoding.UTF8.GetString(message.Payload.Span)}");
        Expect(broker, publisher, Frames(Ten(), V5), (first, Frames(Ten(), V5)), (second, Frames(Ten(), V5)));
        Assert.Equal(Ten().Select(message => $"{message.Topic} {message.Payload}"), published);
    }

    [Theory]
    [InlineData(V3)]
    [InlineData(V5)]
    public void Subscriber_InTheApplication_GetsTheMessagesAsWell(ProtocolVersion version)
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var received = new List<string>();
        using var local = broker.Broker.Subscribe("a/+", (in ReceivedMessage message) => received.Add($"{message.TopicName} {Encoding.UTF8.GetString(message.Payload)} {message.QoS} {message.Retain}"));
        var client = Receiver(broker, "client", V5);
        var publisher = broker.Connect("publisher", version);
        AssertGathered(broker, true);
        Expect(broker, publisher, Frames(Ten(), version), (client, Frames(Ten(), V5)));
        Assert.Equal(Ten().Select(message => $"{message.Topic} {message.Payload} AtMostOnce False"), received);
    }
}
