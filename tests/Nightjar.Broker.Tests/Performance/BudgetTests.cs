using System.Net;
using System.Text;
using System.Text.Json;
using Nightjar.Broker.Collections;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Retained;
using Nightjar.Broker.Routing;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.AccessLists;
using Nightjar.Broker.Sessions;
using Nightjar.Broker.Subscriptions;
using Nightjar.Broker.Tests.Collections;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Broker.Tests.Subscriptions;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Performance;

/// <summary>Runs every operation of <c>perf/budgets.json</c> and compares what it allocates.</summary>
[Collection(MeasuredAlone.Name)]
[Trait("Measures", "optimised code")]
public sealed class BudgetTests
{
    private const int Rounds = 1000;

    private static readonly Dictionary<string, Func<Action>> Operations = new()
    {
        ["frame"] = () => Parse(PublishPacketOf(), ReadNothing),
        ["parse PUBLISH"] = () => Parse(PublishPacketOf(), ReadPublish),
        ["parse PUBLISH with user properties"] = () => Parse(PublishPacketOf([0x26, 0, 1, (byte)'k', 0, 1, (byte)'v', 0x26, 0, 1, (byte)'k', 0, 1, (byte)'w']), ReadPublish),
        ["parse PUBACK"] = () => Parse(WirePackets.Ack(PacketType.PubAck, 7, ProtocolVersion.Mqtt50), ReadAcknowledgement),
        ["encode PUBLISH"] = EncodePublish,
        ["encode PUBACK"] = EncodePubAck,
        ["match"] = () => Match("dev/7/temp"),
        ["match shared"] = () => Match("shared/7"),
        ["route-cache hit"] = RouteCacheHit,
        ["route generation check"] = GenerationCheck,
        ["access decision, 1000 rules"] = () => Decide(AccessAction.Write, "dev/7/temp"),
        ["access decision on a filter, 1000 rules"] = () => Decide(AccessAction.Subscribe, "dev/+/temp"),
        ["session look-up"] = SessionLookUp,
        ["retained look-up"] = RetainedLookUp,
        ["retained wildcard, 10 messages"] = RetainedWildcard,
        ["timer schedule and cancel"] = Timer,
        ["fan-out to 50, QoS 0"] = () => FanOut(50, QualityOfService.AtMostOnce),
        ["fan-out to 50, QoS 1 with acknowledgements"] = () => FanOut(50, QualityOfService.AtLeastOnce),
        ["cached publish end to end, QoS 0"] = () => FanOut(1, QualityOfService.AtMostOnce),
        ["cached publish end to end, QoS 2"] = () => FanOut(1, QualityOfService.ExactlyOnce),
    };

    public static TheoryData<string> Names() => [.. Operations.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Operation_InTheSteadyState_KeepsItsBudget(string name)
    {
        var operation = Operations[name]();
        for (var i = 0; i < Rounds; i++) operation();
        var budget = Budgets()[name];
        if (budget == 0)
        {
            Allocation.AssertNone(() => Repeat(operation));
            return;
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Repeat(operation);
        Assert.InRange((double)(GC.GetAllocatedBytesForCurrentThread() - before) / Rounds, 0, budget);
    }

    private static void Repeat(Action operation)
    {
        for (var i = 0; i < Rounds; i++) operation();
    }

    [Fact]
    public void Budgets_AndOperations_AreTheSame() =>
        Assert.Equal(Budgets().Keys.Order(StringComparer.Ordinal), Operations.Keys.Order(StringComparer.Ordinal));

    private static Dictionary<string, int> Budgets()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(RepositoryTree.Root, "perf", "budgets.json")));
        return document.RootElement.GetProperty("operations").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetInt32());
    }

    private delegate void FrameAction(in Frame frame);

    private static byte[] PublishPacketOf(byte[]? properties = null) => WirePackets.Publish(ProtocolVersion.Mqtt50, "dev/7/temp", "21.5", properties: properties);

    private static Action Parse(byte[] packet, FrameAction read) => () =>
    {
        if (FrameReader.TryRead(packet, int.MaxValue, out var frame, out _) != ReadStatus.Complete) throw new InvalidOperationException();
        read(frame);
    };

    private static void ReadNothing(in Frame frame)
    {
    }

    private static void ReadPublish(in Frame frame)
    {
        if (!PublishPacket.TryRead(frame, ProtocolVersion.Mqtt50, PacketDirection.ToServer, out _, out _)) throw new InvalidOperationException();
    }

    private static void ReadAcknowledgement(in Frame frame)
    {
        if (!AcknowledgementPacket.TryRead(frame, ProtocolVersion.Mqtt50, out _, out _)) throw new InvalidOperationException();
    }

    private static Action EncodePublish()
    {
        var destination = new byte[256];
        byte[] topic = [.. "dev/7/temp"u8];
        var payload = new byte[64];
        return () => new PublishWriter
        {
            Version = ProtocolVersion.Mqtt50,
            QoS = QualityOfService.AtLeastOnce,
            TopicName = topic,
            PacketId = 1,
            Payload = payload,
        }.Write(destination);
    }

    private static Action EncodePubAck()
    {
        var destination = new byte[8];
        return () => AcknowledgementWriter.Write(destination, PacketType.PubAck, 7, ProtocolVersion.Mqtt50, ReasonCode.Success);
    }

    private static Action Match(string topicName)
    {
        var trie = new SubscriptionTrie();
        for (var i = 0; i < 1000; i++) trie.Add(new Subscription(new TestSubscriber(i), NaiveTopics.Utf8($"dev/{i}/temp")));
        foreach (var filter in new[] { "dev/+/temp", "dev/#", "#" }) trie.Add(new Subscription(new TestSubscriber(), NaiveTopics.Utf8(filter)));
        for (var i = 0; i < 10; i++) trie.Add(new Subscription(new TestSubscriber(), NaiveTopics.Utf8("shared/+"), "g"u8.ToArray(), QualityOfService.AtLeastOnce));
        var topic = NaiveTopics.Utf8(topicName);
        var result = new MatchResult();
        return () =>
        {
            result.Clear();
            trie.Match(topic, result);
            if (result.Count + result.GroupCount == 0) throw new InvalidOperationException();
        };
    }

    private static Action RouteCacheHit()
    {
        var cache = new RouteCache<Route>(1024);
        var topic = NaiveTopics.Utf8("dev/7/temp");
        cache.Add(new Route(topic, RouteCache<Route>.HashOf(topic), SubscriptionGenerations.StripeOf(topic), 0));
        return () =>
        {
            if (cache.Get(topic, RouteCache<Route>.HashOf(topic)) is null) throw new InvalidOperationException();
        };
    }

    private static Action GenerationCheck()
    {
        var generations = new SubscriptionGenerations();
        var stripe = SubscriptionGenerations.StripeOf("dev/7/temp"u8);
        return () =>
        {
            if (generations.Sum(stripe) < 0) throw new InvalidOperationException();
        };
    }

    private static Action Decide(AccessAction action, string topic)
    {
        string[] lines = ["topic deny dev/+/secret", "pattern dev/+/temp", .. Enumerable.Range(0, 998).Select(i => $"pattern x/{i}/%c/+")];
        var program = AccessList.Parse(lines, "f").Compile();
        var identity = new Identity("client", "user", new IPEndPoint(IPAddress.Parse("::ffff:10.1.2.3"), 1));
        var utf8 = Encoding.UTF8.GetBytes(topic);
        return () =>
        {
            if (!program.May(identity, action, utf8)) throw new InvalidOperationException();
        };
    }

    private static Action SessionLookUp()
    {
        var table = new SessionTable<Named>();
        for (var i = 0; i < 1000; i++) table.TryAdd(new Named(NaiveTopics.Utf8($"client-{i}")));
        var id = NaiveTopics.Utf8("client-7");
        return () =>
        {
            if (!table.TryGet(id, out _)) throw new InvalidOperationException();
        };
    }

    private static Action RetainedLookUp()
    {
        var index = new RetainedIndex<object>();
        for (var i = 0; i < 1000; i++) index.Set(NaiveTopics.Utf8($"dev/{i}/temp"), new object());
        var topic = NaiveTopics.Utf8("dev/7/temp");
        return () =>
        {
            if (index.Get(topic) is null) throw new InvalidOperationException();
        };
    }

    private static Action RetainedWildcard()
    {
        var index = new RetainedIndex<object>();
        for (var i = 0; i < 1000; i++) index.Set(NaiveTopics.Utf8($"dev/{i % 100}/{i / 100}"), new object());
        var filter = NaiveTopics.Utf8("dev/7/+");
        return () =>
        {
            var cursor = index.Match(filter);
            var count = 0;
            while (cursor.MoveNext(out _)) count++;
            if (count != 10) throw new InvalidOperationException();
        };
    }

    private static Action Timer()
    {
        var wheel = new TimingWheel();
        var timer = new NoTimer();
        return () =>
        {
            wheel.Schedule(timer, 15_000);
            wheel.Cancel(timer);
        };
    }

    private static Action FanOut(int receivers, QualityOfService qos)
    {
        var broker = new SteppedBroker(LimitTests.Options);
        var clients = new SteppedClient[receivers + 1];
        for (var i = 0; i < receivers; i++)
        {
            clients[i] = broker.Connect($"r{i}");
            clients[i].Subscribe("dev/+/temp", qos);
        }

        var publisher = clients[receivers] = broker.Connect("p");
        var packet = WirePackets.Publish(publisher.Version, "dev/7/temp", "21.5", qos);
        return () =>
        {
            publisher.Feed(packet);
            SteppedBroker.Settle(clients);
        };
    }

    private sealed class Named(byte[] id) : IHasClientId
    {
        public ReadOnlySpan<byte> ClientIdUtf8 => id;

        public uint ClientIdHash { get; } = SeededHash.Hash32(id);
    }

    private sealed class NoTimer : WheelTimer
    {
        protected internal override void OnDue(long nowMilliseconds)
        {
        }
    }
}
