using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>Topics of as many levels as fit into a packet: refused above the limit at every edge, and walked without recursion.</summary>
public sealed class TopicLevelTests
{
    private static readonly string Deepest = new('/', 65_535);

    [Theory]
    [InlineData(ProtocolVersion.Mqtt50)]
    [InlineData(ProtocolVersion.Mqtt311)]
    public async Task Publish_With65536Levels_ClosesTheConnection(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var client = await broker.ConnectAsync("c", version);
        await client.PublishAsync(Deepest, "x", QualityOfService.AtLeastOnce);
        await client.ExpectDisconnectAsync(ReasonCode.TopicNameInvalid);
        await broker.ExpectUndisturbedAsync();
    }

    [Fact]
    public async Task Publish_ThroughAnAliasWithTooManyLevels_ClosesTheConnection()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var client = await broker.ConnectAsync("c");
        await client.PublishAsync(Deepest, "x", properties: [0x23, 0, 1]);
        await client.ExpectDisconnectAsync(ReasonCode.TopicNameInvalid);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt50, (byte)ReasonCode.TopicFilterInvalid)]
    [InlineData(ProtocolVersion.Mqtt311, 0x80)]
    public async Task Subscribe_With65536Levels_IsRefused(ProtocolVersion version, byte code)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var client = await broker.ConnectAsync("c", version);
        Assert.Equal(code, await client.SubscribeAsync(Deepest));
        Assert.Equal(code, await client.SubscribeAsync(string.Join('/', Enumerable.Repeat("+", 32_768))));
        Assert.Equal(code, await client.SubscribeAsync("$share/g/" + new string('/', 60_000)));
        Assert.Equal(0, broker.Broker.Core.Router.Subscriptions.Count);
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Unsubscribe_With65536Levels_FindsNothing()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var client = await broker.ConnectAsync("c");
        Assert.Equal((byte)ReasonCode.NoSubscriptionExisted, (await client.UnsubscribeAsync(Deepest))[^1]);
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt50)]
    [InlineData(ProtocolVersion.Mqtt311)]
    public async Task Will_WithTooManyLevels_RefusesTheConnection(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var client = await broker.OpenAsync(version);
        await client.SendAsync(WirePackets.Connect(version, "c", will: new TestWill(new string('/', 60_000), "gone")));
        if (version == ProtocolVersion.Mqtt50) Assert.Equal((byte)ReasonCode.TopicNameInvalid, (await client.ReceiveAsync())[3]);
        await client.ExpectClosedAsync();
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(201, false)]
    public async Task Topic_AtTheLimit_PassesAndOneLevelMoreDoesNot(int levels, bool passes)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var client = await broker.ConnectAsync("c");
        var topic = string.Join('/', Enumerable.Repeat("a", levels));
        Assert.Equal(passes ? 0 : (byte)ReasonCode.TopicFilterInvalid, await client.SubscribeAsync(topic));
        Assert.Equal(passes ? 0 : (byte)ReasonCode.TopicFilterInvalid, await client.SubscribeAsync("$share/g/" + topic, packetId: 2));
        await client.PublishAsync(topic, "x", retain: true);
        if (!passes)
        {
            await client.ExpectDisconnectAsync(ReasonCode.TopicNameInvalid);
            return;
        }

        Assert.Equal(topic, (await client.ReceivePublishAsync()).Topic);
        Assert.Equal(topic, (await client.ReceivePublishAsync()).Topic);
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Topics_OfAllLevelsThatAPacketHolds_AreWalkedWithoutRecursion()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumTopicLevels = 65_535 });
        var client = await broker.ConnectAsync("c");
        var topic = Deepest[1..];
        Assert.Equal(0, await client.SubscribeAsync(topic));
        Assert.Equal(0, await client.SubscribeAsync(string.Join('/', Enumerable.Repeat("+", 32_767)) + "/#", packetId: 2));
        await client.PublishAsync(topic, "x", retain: true);
        Assert.Equal(topic, (await client.ReceivePublishAsync()).Topic);
        Assert.Equal(topic, (await client.ReceivePublishAsync()).Topic);
        Assert.Equal(0, await client.SubscribeAsync("#", packetId: 3));
        Assert.Equal(topic, (await client.ReceivePublishAsync()).Topic);
        Assert.Equal(0, (await client.UnsubscribeAsync(topic))[^1]);
        await client.PublishAsync(topic, "", retain: true);
        await client.ReceivePublishAsync();
        await client.ReceivePublishAsync();
        await client.ExpectNothingAsync();
    }
}
