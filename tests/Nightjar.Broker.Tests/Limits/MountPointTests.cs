using System.Net;
using System.Text;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Security;
using Nightjar.Broker.Tests.Collections;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Nightjar.Transport;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>Listeners whose clients live below a prefix: they see it nowhere, everybody else sees it everywhere.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class MountPointTests
{
    private const string Prefix = "site1/";

    private static ListenerOptions Mounted => new() { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), MountPoint = Prefix, MaximumTopicAlias = 5 };

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task Topics_OfMountedClients_HaveThePrefixForOthersOnly(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        await using var mounted = new SecondListener(broker, Mounted);
        var outside = await broker.ConnectAsync("outside", version);
        await outside.SubscribeAsync("#", QualityOfService.ExactlyOnce);
        var inside = await mounted.ConnectAsync("inside", version);
        await inside.SubscribeAsync("a/+", QualityOfService.ExactlyOnce);
        var peer = await mounted.ConnectAsync("peer", version);
        foreach (var qos in Enum.GetValues<QualityOfService>())
        {
            await peer.PublishAndWaitAsync("a/b", $"{qos}", qos, 7);
            Assert.Equal("a/b", (await inside.ReceiveAndAcknowledgeAsync()).Topic);
            Assert.Equal("site1/a/b", (await outside.ReceiveAndAcknowledgeAsync()).Topic);
        }

        // From outside only what is below the prefix comes in.
        await peer.SubscribeAsync("#", QualityOfService.AtMostOnce);
        await broker.ConnectAsync("other", version);
        await outside.UnsubscribeAsync("#");
        foreach (var topic in (string[])["a/b", "site1", "site1/", "site2/a/b", "site1/a/c", "site1//lead"]) await outside.PublishAndWaitAsync(topic, "x", QualityOfService.AtMostOnce);
        Assert.Equal("a/c", (await inside.ReceiveAndAcknowledgeAsync()).Topic);
        Assert.Equal("a/c", (await peer.ReceivePublishAsync()).Topic);
        Assert.Equal("/lead", (await peer.ReceivePublishAsync()).Topic);
        await inside.ExpectNothingAsync();
        await peer.ExpectNothingAsync();
        await inside.UnsubscribeAsync("a/+");
        Assert.Equal(1, broker.Broker.Core.Router.Subscriptions.Count);
    }

    [Fact]
    public async Task RetainedAndWill_OfMountedClients_AreBelowThePrefix()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        await using var mounted = new SecondListener(broker, Mounted);
        var outside = await broker.ConnectAsync("outside");
        await outside.SubscribeAsync("site1/#");
        var client = await mounted.ConnectAsync("c", will: new TestWill("gone", "bye"));
        await client.PublishAndWaitAsync("kept", "r", QualityOfService.AtLeastOnce, retain: true);
        Assert.Equal("site1/kept", (await outside.ReceivePublishAsync()).Topic);
        client.Abort();
        Assert.Equal("site1/gone", (await outside.ReceivePublishAsync()).Topic);
        var reader = await mounted.ConnectAsync("reader");
        await reader.SubscribeAsync("#");
        var kept = await reader.ReceivePublishAsync();
        Assert.Equal(("kept", true), (kept.Topic, kept.Retain));
    }

    [Fact]
    public async Task SharedSubscription_OfMountedClients_IsMountedBehindItsName()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        await using var mounted = new SecondListener(broker, Mounted);
        var member = await mounted.ConnectAsync("m");
        await member.SubscribeAsync("$share/g/t");
        var outside = await broker.ConnectAsync("outside");
        await outside.PublishAsync("t", "no");
        await outside.PublishAsync("site1/t", "yes");
        var received = await member.ReceivePublishAsync();
        Assert.Equal(("t", "yes"), (received.Topic, received.Payload));
        Assert.Equal(1, broker.Broker.Core.Router.Subscriptions.SharedCount);
        await member.UnsubscribeAsync("$share/g/t");
        Assert.Equal(0, broker.Broker.Core.Router.Subscriptions.SharedCount);
    }

    [Fact]
    public async Task Aliases_BothWays_StandForTheTopicsOfEachSide()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        await using var mounted = new SecondListener(broker, Mounted);
        var outside = await broker.ConnectAsync("outside");
        await outside.SubscribeAsync("site1/t");
        var reader = await mounted.ConnectAsync("reader", topicAliasMaximum: 3);
        await reader.SubscribeAsync("t");
        var client = await mounted.ConnectAsync("c");
        await client.PublishAsync("t", "1", properties: [0x23, 0, 2]);
        await client.PublishAsync("", "2", properties: [0x23, 0, 2]);
        Assert.Equal("site1/t", (await outside.ReceivePublishAsync()).Topic);
        Assert.Equal("site1/t", (await outside.ReceivePublishAsync()).Topic);
        Assert.Equal("t", (await reader.ReceivePublishAsync()).Topic);
        Assert.Equal("", (await reader.ReceivePublishAsync()).Topic);
    }

    [Fact]
    public async Task Rights_OfMountedClients_AreAskedForTheWholeTopic()
    {
        var asked = new AskedFor();
        await using var broker = await TestBroker.StartAsync(LimitTests.Options, Mounted, authorizer: asked);
        var client = await broker.ConnectAsync("c", will: new TestWill("w", "x"));
        await client.SubscribeAsync("f/#");
        await client.SubscribeAsync("$share/g/s");
        await client.PublishAsync("f/1", "x");
        await client.ReceivePublishAsync();
        await client.UnsubscribeAsync("f/#");
        Assert.Equal(
            ["Write site1/w", "Subscribe site1/f/#", "Subscribe site1/s", "Read site1/f/1", "Write site1/f/1", "Unsubscribe site1/f/#"],
            asked.Questions.Where(question => !question.StartsWith("Read site1/w", StringComparison.Ordinal)));
    }

    // Experiment with mosquitto 2.0.11: $SYS/... of such a client is site1/$SYS/..., so it neither sees the broker's nor is refused its own.
    [Fact]
    public async Task BrokersOwnTopics_AreNotSeenBelowAPrefix()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { SysInterval = TimeSpan.FromSeconds(1) }, Mounted);
        var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync("$SYS/#");
        await client.SubscribeAsync("#");
        broker.Advance(TimeSpan.FromSeconds(2));
        await client.ExpectNothingAsync();
        await client.PublishAsync("$SYS/broker/version", "mine");
        var received = await client.ReceivePublishAsync();
        Assert.Equal(("$SYS/broker/version", "mine"), (received.Topic, received.Payload));
    }

    [Fact]
    public async Task DurableSession_ComingBackThroughAnotherListener_SeesWhatThatListenerShows()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        await using var mounted = new SecondListener(broker, Mounted);
        var client = await mounted.ConnectAsync("c", sessionExpiry: 1000);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        var outside = await broker.ConnectAsync("outside");
        await outside.PublishAndWaitAsync("site1/t", "1", QualityOfService.AtLeastOnce);
        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 1000);
        Assert.Equal("site1/t", (await client.ReceiveAndAcknowledgeAsync()).Topic);
        await client.SubscribeAsync("u", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        await outside.PublishAndWaitAsync("u", "2", QualityOfService.AtLeastOnce);
        await outside.PublishAndWaitAsync("site1/t", "3", QualityOfService.AtLeastOnce);
        // What is not below the prefix is none of its clients' business.
        client = await mounted.ConnectAsync("c", cleanStart: false, sessionExpiry: 1000);
        var received = await client.ReceiveAndAcknowledgeAsync();
        Assert.Equal(("t", "3"), (received.Topic, received.Payload));
        await client.ExpectNothingAsync();
        Assert.Equal((0, 0), (broker.Broker.Session("c").InflightCount, broker.Broker.Session("c").QueuedCount));
    }

    [Fact]
    public async Task Topics_ThatDoNotFitBelowThePrefix_AreRefused()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumConnectPacketSize = 200_000 }, Mounted);
        var fits = new string('x', 65_535 - Prefix.Length);
        var client = await broker.ConnectAsync("c", will: new TestWill(fits, ""));
        Assert.Equal(0, await client.SubscribeAsync(fits));
        Assert.Equal((byte)ReasonCode.TopicFilterInvalid, await client.SubscribeAsync(fits + "x"));
        Assert.Equal((byte)ReasonCode.NoSubscriptionExisted, (await client.UnsubscribeAsync(fits + "x"))[^1]);
        await client.PublishAsync(fits, "y");
        Assert.Equal(fits, (await client.ReceivePublishAsync()).Topic);
        var refused = await broker.OpenAsync();
        await refused.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "d", true, 0, 0, 0, 0, 0, null, new TestWill(fits + "x", "")));
        Assert.Equal((byte)ReasonCode.TopicNameInvalid, (await refused.ReceiveAsync())[3]);
        await client.PublishAsync(fits + "x", "y");
        await client.ExpectDisconnectAsync(ReasonCode.TopicNameInvalid);
    }

    [Fact]
    public async Task Filter_ThatIsWrongOnlyBehindThePrefix_IsRefused()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options, Mounted with { MountPoint = "nos" });
        var client = await broker.ConnectAsync("c");
        Assert.Equal((byte)ReasonCode.TopicFilterInvalid, await client.SubscribeAsync("#"));
        Assert.Equal((byte)ReasonCode.TopicFilterInvalid, await client.SubscribeAsync("+/x"));
        Assert.Equal(0, await client.SubscribeAsync("/+/x"));
    }

    [Theory]
    [InlineData("a/+/")]
    [InlineData("#")]
    [InlineData("a\0")]
    public void MountPoint_ThatCanBeginNoTopic_IsAnError(string mountPoint) =>
        Assert.Contains(new BrokerOptions { Listeners = [Mounted with { MountPoint = mountPoint }] }.Validate(), error => error.StartsWith("MountPoint", StringComparison.Ordinal));

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, QualityOfService.AtMostOnce, 0)]
    [InlineData(ProtocolVersion.Mqtt311, QualityOfService.ExactlyOnce, 0)]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.AtMostOnce, 0)]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.AtLeastOnce, 5)]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.ExactlyOnce, 0)]
    [Trait("Measures", "optimised code")]
    public void Message_BetweenMountedClients_AllocatesNothing(ProtocolVersion version, QualityOfService qos, ushort aliases)
    {
        using var broker = new SteppedBroker(LimitTests.Options, listener: Mounted);
        var clients = Enumerable.Range(0, 4).Select(i => broker.Connect($"c{i}", version, topicAliasMaximum: aliases)).ToArray();
        foreach (var client in clients[1..]) client.Subscribe("dev/+/temp", qos);
        var packet = WirePackets.Publish(version, "dev/1/temp", "21.5", qos, 1);
        var before = 0;
        Run();
        var runs = 1 + Allocation.AssertNone(Run);
        Assert.Equal(3 * 1000 * runs, clients.Sum(client => client.Received) - before);

        void Run()
        {
            for (var i = 0; i < 1000; i++)
            {
                clients[0].Feed(packet);
                SteppedBroker.Settle(clients);
            }
        }
    }

    /// <summary>Another listener of a broker, with options of its own.</summary>
    private sealed class SecondListener : IAsyncDisposable
    {
        private readonly MemoryListener _listener;
        private readonly List<WireClient> _clients = [];

        internal SecondListener(TestBroker broker, ListenerOptions options)
        {
            _listener = new MemoryListener(new MemoryTransportOptions { BufferPool = broker.Pool, Capacity = 1 << 20 });
            broker.Broker.Serve(_listener, options);
        }

        internal async Task<WireClient> ConnectAsync(
            string clientId, ProtocolVersion version = ProtocolVersion.Mqtt50, bool cleanStart = true, uint sessionExpiry = 0, ushort topicAliasMaximum = 0, TestWill? will = null)
        {
            var client = new WireClient(await _listener.ConnectAsync(), version);
            _clients.Add(client);
            await client.SendAsync(WirePackets.Connect(version, clientId, cleanStart, sessionExpiry, 0, 0, 0, topicAliasMaximum, null, will));
            Assert.Equal(0, (client.ConnAck = await client.ReceiveAsync())[3]);
            return client;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var client in _clients) await client.DisposeAsync();
        }
    }

    private sealed class AskedFor : IAuthorizer
    {
        internal List<string> Questions { get; } = [];

        public bool May(Identity identity, AccessAction action, ReadOnlySpan<byte> topic)
        {
            lock (Questions) Questions.Add($"{action} {Encoding.UTF8.GetString(topic)}");
            return true;
        }
    }
}
