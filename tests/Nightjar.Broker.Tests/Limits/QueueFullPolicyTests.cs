using Nightjar.Broker.Configuration;
using Nightjar.Broker.Diagnostics;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>What becomes of a message for a client whose queue is full, without a store.</summary>
public sealed class QueueFullPolicyTests
{
    [Fact]
    public async Task DropOldest_MakesRoomForTheNewest()
    {
        await using var broker = await StartAsync(QueueFullPolicy.DropOldest);
        await LeaveAsync(broker, "s");
        await PublishAsync(broker, 1, 8);
        Assert.Equal((3, 5L), (broker.Broker.Session("s").QueuedCount, broker.Broker.Session("s").Dropped));
        var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        for (var i = 6; i <= 8; i++) Assert.Equal($"{i}", (await client.ReceiveAndAcknowledgeAsync()).Payload);
        await client.ExpectNothingAsync();
        Assert.Equal(5, broker.Broker.Reached(BrokerLimit.MaximumQueuedMessages));
        Assert.Contains(broker.Log.Lines, line => line.Text == "5 outgoing messages were dropped for client s (5 since its session began).");
    }

    [Fact]
    public async Task DropNewest_KeepsWhatWasThere()
    {
        await using var broker = await StartAsync(QueueFullPolicy.DropNewest);
        await LeaveAsync(broker, "s");
        await PublishAsync(broker, 1, 8);
        Assert.Equal(1, broker.Broker.Core.Environment.DroppingSessions);
        var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        for (var i = 1; i <= 3; i++) Assert.Equal($"{i}", (await client.ReceiveAndAcknowledgeAsync()).Payload);
        await client.ExpectNothingAsync();
        Assert.Single(broker.Log.Lines, line => line.Text == "Outgoing messages are being dropped for client s.");
    }

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce, "40")]
    [InlineData(QualityOfService.ExactlyOnce, "50")]
    public async Task Reject_TellsTheV5PublisherAndNobodyGetsIt(QualityOfService qos, string type)
    {
        await using var broker = await StartAsync(QueueFullPolicy.Reject);
        await LeaveAsync(broker, "s");
        var live = await broker.ConnectAsync("l");
        await live.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await PublishAsync(broker, 1, 3);
        for (var i = 1; i <= 3; i++) Assert.Equal($"{i}", (await live.ReceiveAndAcknowledgeAsync()).Payload);
        var publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("t", "4", qos, packetId: 9);
        var refusal = await publisher.ReceiveAsync();
        Assert.Equal((type, ReasonCode.QuotaExceeded), (Convert.ToHexString(refusal, 0, 1), (ReasonCode)refusal[4]));
        Assert.Contains("queue of a subscriber is full", System.Text.Encoding.UTF8.GetString(refusal), StringComparison.Ordinal);
        await live.ExpectNothingAsync();
        Assert.Equal(0, broker.Broker.Session("s").Dropped);
        // There is room again: the packet id is free, and the message is taken.
        var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        for (var i = 1; i <= 3; i++) Assert.Equal($"{i}", (await client.ReceiveAndAcknowledgeAsync()).Payload);
        await client.DisconnectAsync();
        await publisher.PublishAsync("t", "4", qos, packetId: 9);
        Assert.Equal(type, Convert.ToHexString(await publisher.ReceiveAsync(), 0, 1));
        Assert.Equal("4", (await live.ReceiveAndAcknowledgeAsync()).Payload);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, QualityOfService.AtLeastOnce)]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.AtMostOnce)]
    public async Task Reject_OfWhoCannotBeTold_ReachesThoseWhoHaveRoom(ProtocolVersion version, QualityOfService qos)
    {
        await using var broker = await StartAsync(QueueFullPolicy.Reject);
        await LeaveAsync(broker, "s");
        await PublishAsync(broker, 1, 3);
        var live = await broker.ConnectAsync("l");
        await live.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var publisher = await broker.ConnectAsync("p", version);
        await publisher.PublishAsync("t", "4", qos, packetId: 9);
        if (qos == QualityOfService.AtLeastOnce) await publisher.ExpectAsync("40 02 0009");
        await publisher.ExpectNothingAsync();
        Assert.Equal("4", (await live.ReceivePublishAsync()).Payload);
        Assert.Equal(3, broker.Broker.Session("s").QueuedCount);
    }

    private static async Task LeaveAsync(TestBroker broker, string clientId)
    {
        var client = await broker.ConnectAsync(clientId, cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
    }

    private static async Task PublishAsync(TestBroker broker, int first, int last)
    {
        var publisher = await broker.ConnectAsync("filler");
        for (var i = first; i <= last; i++) await publisher.PublishAndWaitAsync("t", $"{i}", QualityOfService.AtLeastOnce);
        await publisher.DisconnectAsync();
    }

    private static Task<TestBroker> StartAsync(QueueFullPolicy policy) =>
        TestBroker.StartAsync(LimitTests.Options with { MaximumQueuedMessages = 3, QueueFullPolicy = policy });
}
