using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Messages;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>What messages, wills, queues and unsent output may hold together.</summary>
public sealed class MemoryLimitTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.AtMostOnce)]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.AtLeastOnce)]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.ExactlyOnce)]
    [InlineData(ProtocolVersion.Mqtt311, QualityOfService.AtLeastOnce)]
    public async Task Message_BeyondTheLimit_IsDroppedWithItsPublisher(ProtocolVersion version, QualityOfService qos)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        await OfflineReaderAsync(broker);
        var publisher = await broker.ConnectAsync("p", version);
        // Exactly room for one.
        broker.Broker.Reload(options => options with { MemoryLimit = Held(broker) + PublishedMessage.FootprintOf(101) });
        await publisher.PublishAndWaitAsync("t", new string('x', 100), QualityOfService.AtLeastOnce);
        Assert.Equal(broker.Broker.Options.MemoryLimit, Held(broker));
        Assert.Equal(0, broker.Broker.Reached(BrokerLimit.MemoryLimit));
        await publisher.PublishAsync("t", "", qos, packetId: 7);
        await publisher.ExpectDisconnectAsync(ReasonCode.QuotaExceeded);
        Assert.Equal(1, broker.Broker.Reached(BrokerLimit.MemoryLimit));
        // Counted when the batch ends, which is after the DISCONNECT has left.
        await Nightjar.Testing.Wait.UntilAsync(() => broker.Broker.Dropped() == 1, "the dropped message to be counted");
        Assert.Equal(1, broker.Broker.Session("r").QueuedCount);
        Assert.Contains(broker.Log.Lines, line => line.Text.EndsWith("disconnected: quota exceeded (memory_limit).", StringComparison.Ordinal));

        // What leaves makes room.
        var reader = await broker.ConnectAsync("r", cleanStart: false, sessionExpiry: 100);
        Assert.Equal(100, (await reader.ReceiveAndAcknowledgeAsync()).Payload.Length);
        await reader.ExpectNothingAsync();
        await broker.ExpectUndisturbedAsync();
    }

    [Fact]
    public async Task QoS2Message_RefusedForMemory_IsTakenWhenItIsSentAgain()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var reader = await OfflineReaderAsync(broker);
        var publisher = await broker.ConnectAsync("p", sessionExpiry: 100);
        broker.Broker.Reload(options => options with { MemoryLimit = Held(broker) + 1 });
        await publisher.PublishAsync("t", "x", QualityOfService.ExactlyOnce, packetId: 7);
        await publisher.ExpectDisconnectAsync(ReasonCode.QuotaExceeded);
        broker.Broker.Reload(options => options with { MemoryLimit = 0 });
        publisher = await broker.ConnectAsync("p", cleanStart: false, sessionExpiry: 100);
        await publisher.PublishAsync("t", "x", QualityOfService.ExactlyOnce, packetId: 7, dup: true);
        Assert.Equal(ReasonCode.Success, LimitTests.ReasonOf(await publisher.ReceiveAsync()));
        Assert.Equal(1, broker.Broker.Session("r").QueuedCount);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt50, (byte)ReasonCode.QuotaExceeded)]
    [InlineData(ProtocolVersion.Mqtt311, (byte)ConnectReturnCode.ServerUnavailable)]
    public async Task Wills_BeyondTheLimit_AreRefusedAndTheOthersFire(ProtocolVersion version, byte refusal)
    {
        const int Clients = 60;
        const int Room = 25;
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var watcher = await broker.ConnectAsync("watcher");
        await watcher.SubscribeAsync("will/+", QualityOfService.AtMostOnce);
        var payload = new string('w', 40_000);
        broker.Broker.Reload(options => options with { MemoryLimit = Held(broker) + (Room * PublishedMessage.FootprintOf(40_007)) });
        var letIn = new List<WireClient>();
        for (var i = 0; i < Clients; i++)
        {
            var client = await broker.OpenAsync(version);
            await client.SendAsync(WirePackets.Connect(version, $"c{i}", true, 0, 0, 0, 0, 0, null, new TestWill($"will/{i % 10:D2}", payload)));
            var code = (await client.ReceiveAsync())[3];
            if (code == 0) letIn.Add(client);
            else Assert.Equal(refusal, code);
        }

        Assert.Equal(Room, letIn.Count);
        Assert.Equal(Clients - Room, broker.Broker.Reached(BrokerLimit.MemoryLimit));
        broker.Broker.Reload(options => options with { MemoryLimit = options.MemoryLimit + 2_000_000 });
        foreach (var client in letIn) client.Abort();
        for (var i = 0; i < Room; i++) Assert.Equal(40_000, (await watcher.ReceivePublishAsync()).Payload.Length);
        await broker.WaitForConnectionsAsync(1);
        Assert.Equal(0, broker.Broker.Core.Environment.Messages.Bytes);
        await broker.ExpectUndisturbedAsync();
    }

    [Fact]
    public async Task RetainedMessages_CountAndMayBeClearedAtTheLimit()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var client = await broker.ConnectAsync("c");
        var before = Held(broker);
        broker.Broker.Reload(options => options with { MemoryLimit = before + (3 * PublishedMessage.FootprintOf(1001)) });
        for (var i = 0; i < 3; i++) await client.PublishAndWaitAsync($"{i}", new string('r', 1000), QualityOfService.AtLeastOnce, retain: true);
        Assert.Equal(broker.Broker.Options.MemoryLimit, Held(broker));
        for (var i = 0; i < 3; i++) await client.PublishAndWaitAsync($"{i}", "", QualityOfService.AtLeastOnce, retain: true);
        Assert.Equal(before, Held(broker));
    }

    [Fact]
    public async Task Receiver_WhoseOutputWouldNeedMore_IsDisconnectedAndOthersLoseNothing()
    {
        const int Size = 50_000;
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MemoryLimit = 2_000_000 });
        var slow = await broker.ConnectAsync("slow");
        await slow.SubscribeAsync("t");
        var good = await broker.ConnectAsync("good");
        await good.SubscribeAsync("t");
        var publisher = await broker.ConnectAsync("p");
        var payload = new string('x', Size);
        var connection = broker.Broker.Session("slow").Link!;
        for (var i = 0; i < 100; i++)
        {
            await publisher.PublishAndWaitAsync("t", payload, QualityOfService.AtLeastOnce);
            Assert.Equal(Size, (await good.ReceivePublishAsync()).Payload.Length);
            Assert.InRange(Held(broker), 0, 2_000_000);
        }

        Assert.True(connection.IsClosed);
        Assert.Equal(1, broker.Broker.Reached(BrokerLimit.MemoryLimit));
        await broker.WaitForConnectionsAsync(2);
        Assert.Equal(0, Held(broker));
        await publisher.ExpectNothingAsync();
        await broker.ExpectUndisturbedAsync();
    }

    [Fact]
    public async Task MessageOfTheBroker_ForAnOfflineSessionBeyondTheLimit_IsDroppedAndCounted()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        await OfflineReaderAsync(broker);
        broker.Broker.Reload(options => options with { MemoryLimit = Held(broker) + PublishedMessage.FootprintOf(2) });
        broker.Broker.Publish("t", "1"u8, QualityOfService.AtLeastOnce);
        broker.Broker.Publish("t", "2"u8, QualityOfService.AtLeastOnce);
        Assert.Equal((1, 1L), (broker.Broker.Session("r").QueuedCount, broker.Broker.Dropped()));
    }

    [Fact]
    public async Task Limit_LoweredBelowWhatIsHeld_FreesNothing()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumQueuedMessages = 0 });
        await OfflineReaderAsync(broker);
        var publisher = await broker.ConnectAsync("p");
        for (var i = 0; i < 500; i++) await publisher.PublishAndWaitAsync("t", new string('x', 100), QualityOfService.AtLeastOnce);
        // The queue's own places count as well.
        Assert.InRange(Held(broker) - (500 * PublishedMessage.FootprintOf(101)), 500 * 24, 512 * 64);
        broker.Broker.Reload(options => options with { MemoryLimit = 1000 });
        Assert.Equal(500, broker.Broker.Session("r").QueuedCount);
        await publisher.PublishAsync("t", "x");
        await publisher.ExpectDisconnectAsync(ReasonCode.QuotaExceeded);
        var reader = await broker.ConnectAsync("r", cleanStart: false, sessionExpiry: 100);
        for (var i = 0; i < 500; i++) await reader.ReceiveAndAcknowledgeAsync();
        await reader.ExpectNothingAsync();
        Assert.Equal(0, Held(broker));
    }

    [Fact]
    public async Task Account_FromManyThreads_ComesBackToZero()
    {
        var pool = new MessagePool();
        var account = new MemoryAccount(pool);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                account.Add(i + seed);
                var message = pool.Rent(i);
                Assert.True(account.Held >= i);
                pool.Return(message, i);
                account.Add(-i - seed);
            }
        })));
        Assert.Equal((0L, 0L), (account.Held, pool.Outstanding));
    }

    private static long Held(TestBroker broker) => broker.Broker.Core.Environment.Memory.Held;

    private static async Task<WireClient> OfflineReaderAsync(TestBroker broker)
    {
        var reader = await broker.ConnectAsync("r", sessionExpiry: 100);
        await reader.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        await reader.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        return reader;
    }
}
