using System.Net;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Tests.Collections;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Routing;

/// <summary>Messages of one batch that go to the same receivers are given out together; nobody sees more of that than the time it spares.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class MessageRunTests(ITestOutputHelper output)
{
    private const int Batches = 250;

    private static readonly string[] s_topics = ["a/0", "a/1", "a/2", "a/3/x", "b/0", "b/1", "c", "$x/1"];

    private static readonly string[] s_filters = ["a/+", "a/#", "#", "b/+", "a/0", "+/1", "c", "$x/#", "$share/g/b/#"];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(0, false)]
    public void Messages_FedTogether_ReachEverybodyAsOneByOne(int seed, bool isMounted)
    {
        // The last case is another one in each run.
        if (seed == 0) seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        using var together = new Side(isMounted);
        using var alone = new Side(isMounted);
        var random = new Random(seed);
        var delivered = 0;
        for (var batch = 0; batch < Batches; batch++)
        {
            var publisher = random.Next(together.Clients.Length);
            if (batch < 6 || random.Next(4) == 0) Subscribe(random, together, alone);
            var packets = NextBatch(random, together.Clients[publisher].Version);
            together.Clients[publisher].Feed(packets.SelectMany(packet => packet).ToArray());
            foreach (var packet in packets) alone.Clients[publisher].Feed(packet);
            var expected = alone.Collect();
            Assert.Equal(expected, together.Collect());
            delivered += expected.Sum(frames => frames.Count);
        }

        output.WriteLine($"{delivered} deliveries");
        Assert.True(delivered > Batches * 100);
        Assert.Equal(alone.Broker.Broker.Core.Environment.Counters.Sum().PublishSent, together.Broker.Broker.Core.Environment.Counters.Sum().PublishSent);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public void Messages_BeyondTheOutputLimit_AreDroppedOneByOne(ProtocolVersion version)
    {
        const int Limit = 65_536;
        using var broker = new SteppedBroker(LimitTests.Options with { MaximumOutputBufferBytes = Limit });
        SteppedClient[] receivers = [broker.Connect("r1", version), broker.Connect("r2", version)];
        foreach (var receiver in receivers) receiver.Subscribe("a/+", QualityOfService.AtMostOnce);
        var publisher = broker.Connect("p", version);
        var packets = Enumerable.Range(0, 400).Select(i => WirePackets.Publish(version, $"a/{i % 7}", $"{i:D400}")).ToArray();
        publisher.Feed(packets.SelectMany(packet => packet).ToArray());
        // Nothing is sent before the batch ends. What finds the limit not yet passed is written.
        var expected = (Limit / packets[0].Length) + 1;
        foreach (var receiver in receivers)
        {
            Assert.Equal(packets.Take(expected).SelectMany(packet => packet), receiver.Connection.Sent.ToArray());
            receiver.Connection.ClearSent();
        }

        Assert.Equal(2 * (packets.Length - expected), broker.Broker.Core.Environment.Counters.Sum().PublishDropped);
    }

    private static void Subscribe(Random random, params Side[] sides)
    {
        var client = random.Next(sides[0].Clients.Length);
        var filter = s_filters[random.Next(s_filters.Length)];
        var isShared = filter.StartsWith("$share", StringComparison.Ordinal);
        var version = sides[0].Clients[client].Version;
        var packet = random.Next(5) == 0
            ? WirePackets.Unsubscribe(version, 9, filter)
            : WirePackets.Subscribe(
                version, 9, filter, (QualityOfService)random.Next(3), noLocal: random.Next(6) == 0 && !isShared, retainAsPublished: random.Next(2) == 0,
                identifier: version == ProtocolVersion.Mqtt50 && random.Next(4) == 0 ? 77u : 0);
        foreach (var side in sides) side.Clients[client].Feed(packet);
        var collected = sides.Select(side => side.Collect()).ToArray();
        Assert.Equal(collected[1], collected[0]);
    }

    private static byte[][] NextBatch(Random random, ProtocolVersion version)
    {
        // Mostly runs of one kind, and mostly to topics with the same receivers.
        var first = random.Next(s_topics.Length);
        var size = random.Next(5) switch { 0 => 0, 1 => 1400, 2 => 500, _ => 20 };
        // What a client gets of a batch, several copies of each message perhaps, is less than is sent in one go: the rest would be another thread's.
        var packets = new byte[random.Next(1, size > 500 ? 30 : 90)][];
        for (var i = 0; i < packets.Length; i++)
        {
            var topic = s_topics[random.Next(8) == 0 ? random.Next(s_topics.Length) : Math.Min(first, 2)];
            var qos = random.Next(12) == 0 ? (QualityOfService)random.Next(1, 3) : QualityOfService.AtMostOnce;
            byte[]? properties = random.Next(15) == 0 && version == ProtocolVersion.Mqtt50 ? (random.Next(2) == 0 ? [0x02, 0, 0, 0, 100] : [0x26, 0, 1, 1, 0, 1, 2]) : null;
            packets[i] = random.Next(40) == 0
                ? [0xC0, 0]
                : WirePackets.Publish(
                    version, topic, $"{i}".PadRight(Math.Max(0, size - random.Next(8)), 'x'), qos, (ushort)(i + 1), retain: random.Next(25) == 0, properties: properties);
        }

        return packets;
    }

    /// <summary>A broker with clients of every kind that a message is written for in its own way.</summary>
    private sealed class Side : IDisposable
    {
        internal Side(bool isMounted)
        {
            Broker = new SteppedBroker(
                LimitTests.Options, listener: new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), MountPoint = isMounted ? "site/" : null, MaximumTopicAlias = 5 });
            Clients =
            [
                Broker.Connect("v3", ProtocolVersion.Mqtt311),
                Broker.Connect("v3b", ProtocolVersion.Mqtt311),
                Broker.Connect("v5"),
                Broker.Connect("v5b"),
                Broker.Connect("alias", topicAliasMaximum: 2),
                Broker.Connect("window", receiveMaximum: 2),
                Broker.TryConnect(WirePackets.Connect(ProtocolVersion.Mqtt50, "small", maximumPacketSize: 200), ProtocolVersion.Mqtt50, out _),
                Broker.Connect("durable", sessionExpiry: 1000),
            ];
            foreach (var client in Clients) client.Connection.ClearSent();
        }

        internal SteppedBroker Broker { get; }

        internal SteppedClient[] Clients { get; }

        public void Dispose() => Broker.Dispose();

        /// <summary>The PUBLISH packets that each client was sent, until nobody has anything to say.</summary>
        internal List<List<string>> Collect()
        {
            var all = Clients.Select(_ => new List<string>()).ToList();
            bool more;
            do
            {
                more = false;
                for (var i = 0; i < Clients.Length; i++)
                {
                    Take(Clients[i].Connection.Sent, all[i]);
                    more |= Clients[i].Answer();
                }
            }
            while (more);
            return all;
        }

        private static void Take(ReadOnlySpan<byte> sent, List<string> frames)
        {
            while (FrameReader.TryRead(sent, int.MaxValue, out var frame, out _) == ReadStatus.Complete)
            {
                if (frame.Type == PacketType.Publish) frames.Add(Convert.ToHexString(sent[..frame.Length]));
                sent = sent[frame.Length..];
            }

            Assert.True(sent.IsEmpty);
        }
    }
}
