using System.Text;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Security;
using Nightjar.Broker.Tests.Conformance;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Protocol;
using Nightjar.Storage;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>Queues of which only a part is in memory: the rest is in the store, and comes in order when it is its turn.</summary>
public sealed class PagedQueueTests
{
    private static readonly BrokerOptions Options = new()
    {
        SysInterval = TimeSpan.Zero,
        MaximumQueuedMessages = 0,
        MaximumInflightMessages = 3,
        QueuedMessagesInMemory = 4,
    };

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, false)]
    [InlineData(ProtocolVersion.Mqtt50, false)]
    [InlineData(ProtocolVersion.Mqtt50, true)]
    public async Task OfflineQueue_TakesNoMemoryAndComesInOrder(ProtocolVersion version, bool restarts)
    {
        await using var broker = await RestartingBroker.StartAsync(Options, paging: true);
        await LeaveAsync(broker, "s", version);
        for (var i = 0; i < 200; i++) Publish(broker.Current, $"{i}");
        Assert.Equal((0L, 200), (broker.Current.Broker.Core.Environment.Messages.Outstanding, broker.Current.Broker.Session("s").QueuedCount));
        if (restarts) await broker.RestartAsync(crash: true);
        Assert.Equal((0L, 200), (broker.Current.Broker.Core.Environment.Messages.Outstanding, broker.Current.Broker.Session("s").QueuedCount));
        var client = await broker.ConnectAsync("s", version);
        for (var i = 0; i < 100; i++) await ReceiveAsync(client, i);
        Assert.InRange(broker.Current.Broker.Core.Environment.Messages.Outstanding, 0, 3 + 4);
        // What comes meanwhile is behind it.
        for (var i = 200; i < 220; i++) Publish(broker.Current, $"{i}");
        for (var i = 100; i < 220; i++) await ReceiveAsync(client, i);
        await client.ExpectNothingAsync();
        Assert.Equal((0, 0), (broker.Current.Broker.Session("s").QueuedCount, broker.Store.MessageCount));
    }

    [Fact]
    public async Task QueueOfASlowClient_BeyondItsPartInMemory_IsInTheStore()
    {
        await using var broker = await StartAsync();
        var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        for (var i = 0; i < 50; i++) Publish(broker, $"{i}");
        var session = broker.Broker.Session("s");
        Assert.Equal((3, 47, 43), (session.InflightCount, session.QueuedCount, session.BacklogCount));
        Assert.Equal(3 + 4, broker.Broker.Core.Environment.Messages.Outstanding);
        for (var i = 0; i < 50; i++) await ReceiveAsync(client, i);
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task QueueInMemory_OfAClientThatGoes_IsLeftToTheStore()
    {
        await using var broker = await StartAsync(Options with { QueuedMessagesInMemory = 100 });
        var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        for (var i = 0; i < 50; i++) Publish(broker, $"{i}");
        Assert.Equal(50, broker.Broker.Core.Environment.Messages.Outstanding);
        client.Abort();
        await broker.WaitForConnectionsAsync(0);
        Assert.Equal((3L, 47), (broker.Broker.Core.Environment.Messages.Outstanding, broker.Broker.Session("s").BacklogCount));
        Publish(broker, "50");
        client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        for (var i = 0; i < 51; i++)
        {
            var publish = await client.ReceiveAndAcknowledgeAsync();
            Assert.Equal(($"{i}", i < 3), (publish.Payload, publish.Dup));
        }

        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task PagesOfOneClient_DoNotHoldUpAnother()
    {
        await using var broker = await StartAsync();
        await LeaveAsync(broker, "s");
        for (var i = 0; i < 500; i++) Publish(broker, $"{i}");
        var other = await broker.ConnectAsync("o");
        await other.SubscribeAsync("b", QualityOfService.AtLeastOnce);
        var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        for (var i = 0; i < 500; i++)
        {
            await ReceiveAsync(client, i);
            if (i % 50 != 0) continue;
            broker.Broker.Publish("b", "x"u8, QualityOfService.AtLeastOnce);
            Assert.Equal("x", (await other.ReceiveAndAcknowledgeAsync()).Payload);
        }
    }

    [Fact]
    public async Task PagedMessages_ThatHaveExpiredOrMayNoLongerBeRead_AreNotSent()
    {
        await using var broker = await StartAsync();
        var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 1000);
        await client.SubscribeAsync("#", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        for (var i = 0; i < 30; i++)
        {
            TimeSpan? expiry = i % 3 == 0 ? TimeSpan.FromSeconds(10) : null;
            broker.Broker.Publish(i % 3 == 1 ? "secret" : "open", Encoding.UTF8.GetBytes($"{i}"), QualityOfService.AtLeastOnce, expiry: expiry);
        }

        broker.Advance(TimeSpan.FromSeconds(11));
        broker.Broker.ReplaceAuthorizer(new Forbidding("secret"));
        client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 1000);
        for (var i = 2; i < 30; i += 3) Assert.Equal($"{i}", (await client.ReceiveAndAcknowledgeAsync()).Payload);
        await PagedQueues.WaitAsync(broker.Broker);
        await client.ExpectNothingAsync();
        Assert.Equal(0, broker.Broker.Session("s").QueuedCount);
    }

    [Theory]
    [InlineData(QueueFullPolicy.DropNewest)]
    [InlineData(QueueFullPolicy.DropOldest)]
    public async Task Limits_HoldForWhatWaitsInTheStore(QueueFullPolicy policy)
    {
        await using var broker = await RestartingBroker.StartAsync(Options with { MaximumQueuedMessages = 10, QueueFullPolicy = policy }, paging: true);
        await LeaveAsync(broker, "s", ProtocolVersion.Mqtt50);
        for (var i = 0; i < 8; i++) Publish(broker.Current, $"{i}");
        await broker.RestartAsync(crash: true);
        for (var i = 8; i < 15; i++) Publish(broker.Current, $"{i}");
        var session = broker.Current.Broker.Session("s");
        Assert.Equal((10, 5L, 10), (session.QueuedCount, session.Dropped, broker.Store.MessageCount));
        await broker.RestartAsync(crash: true);
        var client = await broker.ConnectAsync("s");
        var first = policy == QueueFullPolicy.DropNewest ? 0 : 5;
        for (var i = first; i < first + 10; i++) await ReceiveAsync(client, i);
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task LimitInBytes_WithDropOldest_HoldsForWhatWaitsInTheStore()
    {
        await using var broker = await StartAsync(Options with { MaximumQueuedBytes = 50, QueueFullPolicy = QueueFullPolicy.DropOldest });
        await LeaveAsync(broker, "s");
        // Ten bytes each with the topic.
        for (var i = 0; i < 8; i++) Publish(broker, $"00000000{i}");
        Assert.Equal((5, 3L), (broker.Broker.Session("s").QueuedCount, broker.Broker.Session("s").Dropped));
        Publish(broker, new string('x', 34));
        Assert.Equal((2, 7L), (broker.Broker.Session("s").QueuedCount, broker.Broker.Session("s").Dropped));
        // Larger than all of the queue may be: it drives nothing out.
        Publish(broker, new string('y', 50));
        Assert.Equal((2, 8L), (broker.Broker.Session("s").QueuedCount, broker.Broker.Session("s").Dropped));
        var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        Assert.Equal("000000007", (await client.ReceiveAndAcknowledgeAsync()).Payload);
        Assert.Equal(new string('x', 34), (await client.ReceiveAndAcknowledgeAsync()).Payload);
        await client.ExpectNothingAsync();
        Assert.Contains(broker.Log.Lines, line => line.Text == "Outgoing messages are being dropped for client s.");
        Assert.Contains(broker.Log.Lines, line => line.Text == "8 outgoing messages were dropped for client s (8 since its session began).");
    }

    [Fact]
    public async Task SessionResumedWithoutExpiry_StillGetsWhatWaitsInTheStore()
    {
        await using var broker = await RestartingBroker.StartAsync(Options, paging: true);
        await LeaveAsync(broker, "s", ProtocolVersion.Mqtt50);
        for (var i = 0; i < 20; i++) Publish(broker.Current, $"{i}");
        var client = await broker.ConnectAsync("s", expiry: 0);
        Assert.True(client.SessionPresent);
        for (var i = 0; i < 10; i++) await ReceiveAsync(client, i);
        // A start finds a session whose time is over.
        await broker.RestartAsync(crash: true);
        Assert.Equal((0, 0, 0), (broker.Current.Broker.SessionCount, broker.Store.SessionCount, broker.Store.MessageCount));
    }

    [Theory]
    [InlineData("expiry")]
    [InlineData("clean start")]
    [InlineData("restart")]
    public async Task SharedMessagesInTheStore_WhenTheirSessionEnds_GoToAnotherMember(string how)
    {
        await using var broker = await RestartingBroker.StartAsync(Options, paging: true);
        var waiting = await broker.ConnectAsync("waiting", expiry: 100);
        await waiting.SubscribeAsync("$share/g/a", QualityOfService.ExactlyOnce);
        await waiting.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        await waiting.DisconnectAsync();
        await broker.Current.WaitForConnectionsAsync(0);
        for (var i = 0; i < 600; i++) Publish(broker.Current, $"{i}", i % 2 == 0 ? QualityOfService.AtLeastOnce : QualityOfService.ExactlyOnce);
        var other = await broker.ConnectAsync("other");
        await other.SubscribeAsync("$share/g/a", QualityOfService.ExactlyOnce);
        if (how == "restart")
        {
            await broker.RestartAsync(crash: true, down: TimeSpan.FromSeconds(101));
            other = await broker.ConnectAsync("other");
        }
        else if (how == "expiry")
        {
            broker.Advance(TimeSpan.FromSeconds(101));
        }
        else
        {
            var fresh = await broker.ConnectAsync("waiting", clean: true, expiry: 100);
            Assert.False(fresh.SessionPresent);
            await fresh.ExpectNothingAsync();
        }

        for (var i = 0; i < 600; i++) await ReceiveAsync(other, i);
        await EndHandshakesAsync(other);
        await Wait.UntilAsync(() => broker.Store.MessageCount == 0, "nothing to be left");
        Assert.Equal(how == "clean start" ? 2 : 1, broker.Current.Broker.SessionCount);
    }

    private static async Task LeaveAsync(RestartingBroker broker, string clientId, ProtocolVersion version)
    {
        var client = await broker.ConnectAsync(clientId, version);
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        await client.DisconnectAsync();
        await broker.Current.WaitForConnectionsAsync(0);
    }

    private static async Task LeaveAsync(TestBroker broker, string clientId)
    {
        var client = await broker.ConnectAsync(clientId, cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
    }

    private static async Task ReceiveAsync(WireClient client, int expected)
    {
        // PUBRELs of earlier messages come between.
        while (true)
        {
            var packet = await client.ReceiveAsync();
            if ((PacketType)(packet[0] >> 4) == PacketType.PubRel)
            {
                await client.SendAsync(WirePackets.Ack(PacketType.PubComp, (ushort)((packet[2] << 8) | packet[3]), client.Version));
                continue;
            }

            var publish = ReceivedPublish.Read(packet, client.Version);
            Assert.Equal($"{expected}", publish.Payload);
            await client.SendAsync(WirePackets.Ack(publish.QoS == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec, publish.PacketId, client.Version));
            return;
        }
    }

    // Nothing but PUBRELs comes any more.
    private static async Task EndHandshakesAsync(WireClient client)
    {
        for (var quiet = false; !quiet;)
        {
            await client.SendAsync("C0 00");
            quiet = true;
            for (var packet = await client.ReceiveAsync(); packet[0] != 0xD0; packet = await client.ReceiveAsync())
            {
                Assert.Equal(PacketType.PubRel, (PacketType)(packet[0] >> 4));
                await client.SendAsync(WirePackets.Ack(PacketType.PubComp, (ushort)((packet[2] << 8) | packet[3]), client.Version));
                quiet = false;
            }
        }
    }

    private static void Publish(TestBroker broker, string payload, QualityOfService qos = QualityOfService.AtLeastOnce) =>
        broker.Broker.Publish("a", Encoding.UTF8.GetBytes(payload), qos);

    private static Task<TestBroker> StartAsync(BrokerOptions? options = null) => TestBroker.StartAsync(options ?? Options, store: InMemoryStore.CreatePaging());

    private sealed class Forbidding(string topicName) : IAuthorizer
    {
        private readonly byte[] _topicName = Encoding.UTF8.GetBytes(topicName);

        public bool May(Identity identity, AccessAction action, ReadOnlySpan<byte> topic) => action != AccessAction.Read || !topic.SequenceEqual(_topicName);
    }
}
