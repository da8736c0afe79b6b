using System.Net;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;
using static Nightjar.Broker.Tests.Routing.GatheredMessages;

namespace Nightjar.Broker.Tests.Routing;

/// <summary>A batch to two receivers of <c>a/+</c>, of which one is owed something else than the other: each kind by itself, byte by byte.</summary>
public sealed class GatheredMessagesTests
{
    private const ProtocolVersion V3 = ProtocolVersion.Mqtt311;
    private const ProtocolVersion V5 = ProtocolVersion.Mqtt50;

    [Theory]
    [InlineData(V3, V3, V3)]
    [InlineData(V3, V3, V5)]
    [InlineData(V3, V5, V5)]
    [InlineData(V5, V3, V3)]
    [InlineData(V5, V5, V3)]
    [InlineData(V5, V5, V5)]
    public void Versions_OfPublisherAndReceivers_DecideTheFormEach(ProtocolVersion publisherVersion, ProtocolVersion firstVersion, ProtocolVersion secondVersion)
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var first = Receiver(broker, "first", firstVersion);
        var second = Receiver(broker, "second", secondVersion);
        var publisher = broker.Connect("publisher", publisherVersion);
        AssertGathered(broker, true);
        // The QoS 1 message parts the batch: what is encoded for the other version is encoded anew behind it.
        var messages = Ten();
        var packets = messages.Select((message, i) => message.Packet(publisherVersion, i == 6 ? QualityOfService.AtLeastOnce : QualityOfService.AtMostOnce)).ToArray();
        var answer = WirePackets.Ack(PacketType.PubAck, 1, publisherVersion);
        Expect(broker, publisher, packets, (first, Frames(messages, firstVersion)), (second, Frames(messages, secondVersion)), (publisher, [answer]));
    }

    [Fact]
    public void NoLocal_OfThePublisherAmongTheReceivers_KeepsItsOwnFromIt()
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var other = Receiver(broker, "other", V5);
        var own = Receiver(broker, "own", V5, WirePackets.Subscribe(V5, 1, "a/+", QualityOfService.AtMostOnce, noLocal: true));
        var third = broker.Connect("third");
        AssertGathered(broker, false);
        var messages = Ten();
        Expect(broker, own, Frames(messages, V5), (other, Frames(messages, V5)), (own, []));
        Expect(broker, other, Frames(messages, V5), (other, Frames(messages, V5)), (own, Frames(messages, V5)));
        Expect(broker, third, Frames(messages, V5), (other, Frames(messages, V5)), (own, Frames(messages, V5)));
    }

    [Fact]
    public void Publisher_AmongTheReceivers_GetsItsOwn()
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var other = Receiver(broker, "other", V5);
        var own = Receiver(broker, "own", V5);
        AssertGathered(broker, true);
        Expect(broker, own, Frames(Ten(), V5), (other, Frames(Ten(), V5)), (own, Frames(Ten(), V5)));
    }

    [Theory]
    [InlineData(V5, 30)]
    [InlineData(V3, 30)]
    [InlineData(V5, 600)]
    [InlineData(V3, 600)]
    // In version 5 the length of the frame takes a byte more.
    [InlineData(V3, 122)]
    public void MaximumPacketSize_KeepsBackTheLargerOnesAlone(ProtocolVersion publisherVersion, int payload)
    {
        var messages = Ten();
        messages[4] = new Message("a/4", new string('x', payload));
        var size = messages[4].Frame(V5).Length;
        foreach (var maximum in (int[])[size - 2, size - 1, size, size + 1])
        {
            using var broker = new SteppedBroker(LimitTests.Options);
            var small = broker.TryConnect(WirePackets.Connect(V5, "small", maximumPacketSize: (uint)maximum), V5, out _);
            small.Subscribe("a/+", QualityOfService.AtMostOnce);
            var other = Receiver(broker, "other", V3);
            var publisher = broker.Connect("publisher", publisherVersion);
            AssertGathered(broker, true);
            var few = messages.Where(message => message.Frame(V5).Length <= maximum).ToArray();
            Assert.Equal(maximum < size ? 9 : 10, few.Length);
            Expect(broker, publisher, Frames(messages, publisherVersion), (small, Frames(few, V5)), (other, Frames(messages, V3)));
            Assert.Equal(maximum < size ? 1 : 0, broker.Broker.Dropped());
        }
    }

    [Theory]
    [InlineData(V3)]
    [InlineData(V5)]
    public void MountPoint_OfOneReceiver_IsTakenOffForItAlone(ProtocolVersion version)
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var listener = new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), MountPoint = "site/" };
        var inside = broker.TryConnect(WirePackets.Connect(version, "inside"), version, out _, listener);
        inside.Subscribe("a/+", QualityOfService.AtMostOnce);
        var outside = broker.Connect("outside", version);
        outside.Subscribe("site/a/+", QualityOfService.AtMostOnce);
        AssertGathered(broker, true, "site/");
        var below = Ten();
        var whole = below.Select(message => message with { Topic = $"site/{message.Topic}" }).ToArray();
        Expect(broker, broker.Connect("p1", version), Frames(whole, version), (inside, Frames(below, version)), (outside, Frames(whole, version)));
        var mounted = broker.TryConnect(WirePackets.Connect(version, "p2"), version, out _, listener);
        mounted.Connection.ClearSent();
        Expect(broker, mounted, Frames(below, version), (inside, Frames(below, version)), (outside, Frames(whole, version)));
    }

    [Fact]
    public void Retain_OnOneMessage_IsKeptAndShownToWhoAskedForIt()
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var shown = Receiver(broker, "shown", V5, WirePackets.Subscribe(V5, 1, "a/+", QualityOfService.AtMostOnce, retainAsPublished: true));
        var plain = Receiver(broker, "plain", V3);
        var publisher = broker.Connect("publisher");
        AssertGathered(broker, true);
        var messages = Ten();
        var packets = Frames(messages, V5);
        packets[4] = WirePackets.Publish(V5, messages[4].Topic, messages[4].Payload, retain: true);
        Expect(broker, publisher, packets, (shown, packets), (plain, Frames(messages, V3)));
        Assert.Equal(1, broker.Broker.Core.Router.Retained.Count);
        var late = broker.Connect("late");
        late.Feed(WirePackets.Subscribe(V5, 1, "a/+", QualityOfService.AtMostOnce));
        Assert.Equal(Text([[0x90, 4, 0, 1, 0, 0], packets[4]]), Take(late));
    }

    [Theory]
    // User property, message expiry, content type with user property, response topic with correlation.
    [InlineData("26000161000162")]
    [InlineData("020000000A")]
    [InlineData("03000178260001610000")]
    [InlineData("0800017A0900020102")]
    public void Properties_OfOneMessage_ReachReceiversOfVersion5(string properties)
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var new5 = Receiver(broker, "new", V5);
        var old3 = Receiver(broker, "old", V3);
        var publisher = broker.Connect("publisher");
        AssertGathered(broker, true);
        var messages = Ten();
        var packets = Frames(messages, V5);
        packets[4] = messages[4].Frame(V5, Convert.FromHexString(properties));
        Expect(broker, publisher, packets, (new5, packets), (old3, Frames(messages, V3)));
    }

    [Fact]
    public void TopicAlias_OfThePublisher_StandsForItsTopic()
    {
        var listener = new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), MaximumTopicAlias = 2 };
        using var broker = new SteppedBroker(LimitTests.Options, listener: listener);
        var new5 = Receiver(broker, "new", V5);
        var old3 = Receiver(broker, "old", V3);
        var publisher = broker.Connect("publisher");
        var messages = Ten("a/1");
        var packets = Frames(messages, V5);
        packets[3] = messages[3].Frame(V5, [0x23, 0, 1]);
        packets[4] = (messages[4] with { Topic = "" }).Frame(V5, [0x23, 0, 1]);
        packets[7] = packets[4];
        messages[7] = messages[4];
        Expect(broker, publisher, packets, (new5, Frames(messages, V5)), (old3, Frames(messages, V3)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    public void SubscriptionIdentifier_OfOneReceiver_ComesWithAllOfItsMessages(int maximumPacketSize)
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var named = broker.TryConnect(WirePackets.Connect(V5, "named", maximumPacketSize: (uint)maximumPacketSize), V5, out _);
        named.Feed(WirePackets.Subscribe(V5, 1, "a/+", QualityOfService.AtMostOnce, identifier: 200));
        named.Connection.ClearSent();
        var plain = Receiver(broker, "plain", V5);
        var publisher = broker.Connect("publisher");
        AssertGathered(broker, true);
        // With the identifier two of them are too large.
        var messages = Ten();
        messages[2] = new Message("a/2", "twelve bytes");
        messages[6] = messages[2];
        var expected = messages.Select(message => message.Frame(V5, [0x0B, 200, 1])).Where(frame => maximumPacketSize == 0 || frame.Length <= maximumPacketSize).ToArray();
        Assert.Equal(maximumPacketSize == 0 ? 10 : 8, expected.Length);
        Expect(broker, publisher, Frames(messages, V5), (named, expected), (plain, Frames(messages, V5)));
    }

    [Fact]
    public void SubscriptionIdentifiers_OfSeveralSubscriptions_ComeInOneCopy()
    {
        using var broker = new SteppedBroker(LimitTests.Options with { AllowDuplicateMessages = false });
        var named = Receiver(broker, "named", V5, WirePackets.Subscribe(V5, 1, "a/+", QualityOfService.AtMostOnce, identifier: 5));
        named.Feed(WirePackets.Subscribe(V5, 1, "a/#", QualityOfService.AtMostOnce, identifier: 6));
        named.Connection.ClearSent();
        var plain = Receiver(broker, "plain", V5);
        var publisher = broker.Connect("publisher");
        var messages = Ten("a/1");
        AssertGathered(broker, true, routes: 1);
        named.Feed(messages[0].Frame(V5));
        var identifiers = Take(named)[0].Contains("0B050B06", StringComparison.Ordinal) ? (byte[])[0x0B, 5, 0x0B, 6] : [0x0B, 6, 0x0B, 5];
        plain.Connection.ClearSent();
        Expect(broker, publisher, Frames(messages, V5), (named, messages.Select(message => message.Frame(V5, identifiers)).ToArray()), (plain, Frames(messages, V5)));
    }

    [Fact]
    public void TopicAliasMaximum_OfOneReceiver_ShortensItsMessages()
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var alias = broker.Connect("alias", topicAliasMaximum: 2);
        alias.Subscribe("a/+", QualityOfService.AtMostOnce);
        var plain = Receiver(broker, "plain", V5);
        var publisher = broker.Connect("publisher");
        AssertGathered(broker, true);
        // Topics a/0 to a/2 three times over.
        var messages = Ten().Select((message, i) => message with { Topic = $"a/{i % 3}" }).ToArray();
        var expected = messages.Select((message, i) => (i % 3) switch
        {
            2 => message.Frame(V5),
            var topic => (i < 3 ? message : message with { Topic = "" }).Frame(V5, [0x23, 0, (byte)(topic + 1)]),
        }).ToArray();
        Expect(broker, publisher, Frames(messages, V5), (alias, expected), (plain, Frames(messages, V5)));
    }

    [Fact]
    public void SharedGroup_BesideTheReceivers_GetsEachMessageOnce()
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var first = Receiver(broker, "first", V5);
        var second = Receiver(broker, "second", V3);
        var member = broker.Connect("member");
        member.Subscribe("$share/g/a/+", QualityOfService.AtMostOnce);
        var publisher = broker.Connect("publisher");
        AssertGathered(broker, false);
        Expect(broker, publisher, Frames(Ten(), V5), (first, Frames(Ten(), V5)), (second, Frames(Ten(), V3)), (member, Frames(Ten(), V5)));
    }

    [Fact]
    public void TwoCopies_OfOneMessage_StandTogether()
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var twice = Receiver(broker, "twice", V5);
        twice.Subscribe("a/#", QualityOfService.AtMostOnce);
        var once = Receiver(broker, "once", V5);
        var publisher = broker.Connect("publisher");
        AssertGathered(broker, false);
        Expect(broker, publisher, Frames(Ten(), V5), (twice, Frames(Ten(), V5).SelectMany(frame => (byte[][])[frame, frame]).ToArray()), (once, Frames(Ten(), V5)));
    }
}
