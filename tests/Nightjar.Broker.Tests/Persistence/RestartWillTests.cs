using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>What a restart keeps of wills.</summary>
public abstract class RestartWillTests(StoreKind kind)
{
    private static readonly byte[] Delay60 = [0x18, 0, 0, 0, 60];
    private static readonly byte[] Delay60Expiry30 = [0x18, 0, 0, 0, 60, 0x02, 0, 0, 0, 30];

    [Fact]
    public async Task DelayedWill_AcrossRestarts_IsPublishedAtItsTime()
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will/+", QualityOfService.AtLeastOnce);
        var client = await broker.ConnectAsync("s", will: new TestWill("will/s", "dead", QualityOfService.ExactlyOnce, Retain: true, Delay60Expiry30));
        client.Abort();
        await broker.Current.WaitForConnectionsAsync(1);
        broker.Advance(TimeSpan.FromSeconds(20));
        await broker.RestartAsync(crash: false, down: TimeSpan.FromSeconds(20));
        await broker.RestartAsync(crash: true);

        watcher = await broker.ConnectAsync("w");
        broker.Advance(TimeSpan.FromSeconds(19));
        await watcher.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromSeconds(2));
        var will = await watcher.ReceiveAndAcknowledgeAsync();
        Assert.Equal(("will/s", "dead", 30u), (will.Topic, will.Payload, will.MessageExpiryInterval!.Value));
        await watcher.ExpectNothingAsync();
        Assert.Equal(1, broker.Current.Broker.RetainedCount);
        await broker.RestartAsync(crash: true);
        watcher = await broker.ConnectAsync("w");
        broker.Advance(TimeSpan.FromHours(1));
        await watcher.ExpectNothingAsync();
    }

    [Fact]
    public async Task DelayedWill_ThatBecameDueWhileNoBrokerRan_IsPublishedAtTheStart()
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will/+", QualityOfService.AtLeastOnce);
        var client = await broker.ConnectAsync("s", will: new TestWill("will/s", "dead", QualityOfService.AtLeastOnce, Properties: Delay60));
        client.Abort();
        await broker.Current.WaitForConnectionsAsync(1);
        await broker.RestartAsync(crash: false, down: TimeSpan.FromSeconds(61));

        watcher = await broker.ConnectAsync("w");
        Assert.Equal("dead", (await watcher.ReceiveAndAcknowledgeAsync()).Payload);
        await watcher.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Will_OfASessionThatExpires_IsPublishedWithIt(bool crash)
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will/+", QualityOfService.AtLeastOnce);
        var client = await broker.ConnectAsync("s", expiry: 10, will: new TestWill("will/s", "dead", QualityOfService.AtLeastOnce, Properties: Delay60));
        client.Abort();
        await broker.Current.WaitForConnectionsAsync(1);
        await broker.RestartAsync(crash, down: TimeSpan.FromSeconds(11));

        Assert.Equal(1, broker.Current.Broker.SessionCount);
        watcher = await broker.ConnectAsync("w");
        Assert.Equal("dead", (await watcher.ReceiveAndAcknowledgeAsync()).Payload);
    }

    [Fact]
    public async Task Will_OfAClientThatWasConnectedAtTheCrash_IsPublishedOnceAfterTheStart()
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will/+", QualityOfService.AtLeastOnce);
        await broker.ConnectAsync("now", will: new TestWill("will/now", "1", QualityOfService.AtLeastOnce));
        await broker.ConnectAsync("later", will: new TestWill("will/later", "2", QualityOfService.AtLeastOnce, Properties: Delay60));
        await broker.RestartAsync(crash: true, down: TimeSpan.FromHours(1));

        watcher = await broker.ConnectAsync("w");
        Assert.Equal("1", (await watcher.ReceiveAndAcknowledgeAsync()).Payload);
        await watcher.ExpectNothingAsync();
        await broker.RestartAsync(crash: true);
        watcher = await broker.ConnectAsync("w");
        broker.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("2", (await watcher.ReceiveAndAcknowledgeAsync()).Payload);
        await watcher.ExpectNothingAsync();
    }

    [Fact]
    public async Task DelayedWill_OfAClientThatComesBackAfterRestart_IsNotPublished()
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will/+", QualityOfService.AtLeastOnce);
        var client = await broker.ConnectAsync("s", will: new TestWill("will/s", "dead", QualityOfService.AtLeastOnce, Properties: Delay60));
        client.Abort();
        await broker.Current.WaitForConnectionsAsync(1);
        await broker.RestartAsync(crash: false);
        await (await broker.ConnectAsync("s")).DisconnectAsync();
        await broker.RestartAsync(crash: true);

        watcher = await broker.ConnectAsync("w");
        broker.Advance(TimeSpan.FromHours(1));
        await watcher.ExpectNothingAsync();
    }

    [Fact]
    public async Task Will_DiscardedByDisconnect_StaysDiscarded()
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will/+", QualityOfService.AtLeastOnce);
        var client = await broker.ConnectAsync("s", will: new TestWill("will/s", "dead", QualityOfService.AtLeastOnce, Properties: Delay60));
        await client.DisconnectAsync();
        await broker.Current.WaitForConnectionsAsync(1);
        await broker.RestartAsync(crash: true, down: TimeSpan.FromHours(1));

        watcher = await broker.ConnectAsync("w");
        broker.Advance(TimeSpan.FromHours(1));
        await watcher.ExpectNothingAsync();
    }
}
