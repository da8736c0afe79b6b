using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Metrics;

public sealed class SysTopicsTests
{
    private static readonly BrokerOptions Options = new() { SysInterval = TimeSpan.FromSeconds(10) };

    [Fact]
    public async Task SysTopics_AtStart_AreRetainedWithMosquittosNames()
    {
        await using var broker = await TestBroker.StartAsync(Options);
        var client = await broker.ConnectAsync("c", ProtocolVersion.Mqtt311);
        var values = await ReadAsync(client, "$SYS/broker/#", 59);
        string[] names =
        [
            "version", "uptime", "clients/total", "clients/connected", "clients/active", "clients/disconnected", "clients/inactive", "clients/maximum",
            "clients/expired", "messages/stored", "store/messages/count", "store/messages/bytes", "subscriptions/count", "shared_subscriptions/count",
            "retained messages/count", "heap/current", "heap/maximum", "messages/received", "messages/sent", "bytes/received", "bytes/sent",
            "publish/messages/received", "publish/messages/sent", "publish/messages/dropped", "publish/bytes/received", "publish/bytes/sent",
            "packet/out/count", "packet/out/bytes", "connections/socket/count", "mqtt/connect/received", "mqtt/auth/sent",
        ];
        Assert.All(names, name => Assert.Contains("$SYS/broker/" + name, values.Keys));
        Assert.StartsWith("mosquitto version ", values["$SYS/broker/version"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task SysTopics_AfterTheInterval_TellWhatHappened()
    {
        await using var broker = await TestBroker.StartAsync(Options);
        var publisher = await broker.ConnectAsync("p");
        for (ushort i = 1; i <= 3; i++)
        {
            await publisher.PublishAsync("t", "payload", QualityOfService.AtLeastOnce, i);
            await publisher.ReceiveAsync();
        }

        await publisher.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromSeconds(10));
        var client = await broker.ConnectAsync("c");
        Assert.Equal("1", await ValueAsync(client, "clients/connected"));
        Assert.Equal("3", await ValueAsync(client, "publish/messages/received"));
        Assert.Equal("21", await ValueAsync(client, "publish/bytes/received"));
        Assert.Equal("5", await ValueAsync(client, "messages/received"));
        Assert.Equal("3", await ValueAsync(client, "mqtt/puback/sent"));
        Assert.Equal("1", await ValueAsync(client, "mqtt/connect/received"));
        Assert.Equal("1", await ValueAsync(client, "mqtt/connack/sent"));
        Assert.Equal("1", await ValueAsync(client, "mqtt/pingreq/received"));
        Assert.Equal("10 seconds", await ValueAsync(client, "uptime"));
        Assert.Equal("2.76", await ValueAsync(client, "load/publish/received/1min"));
    }

    [Fact]
    public async Task SysTopics_ThatDidNotChange_AreNotPublishedAgain()
    {
        await using var broker = await TestBroker.StartAsync(Options);
        var client = await broker.ConnectAsync("c", ProtocolVersion.Mqtt311);
        await client.SubscribeAsync("$SYS/broker/clients/maximum");
        Assert.Equal("0", (await client.ReceivePublishAsync()).Payload);
        broker.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("1", (await client.ReceivePublishAsync()).Payload);
        broker.Advance(TimeSpan.FromSeconds(10));
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task SysTopics_FromAClient_AreRefused()
    {
        await using var broker = await TestBroker.StartAsync(Options);
        var client = await broker.ConnectAsync("c");
        await client.PublishAsync("$SYS/broker/version", "mine", QualityOfService.AtLeastOnce, 9, retain: true);
        await client.ExpectAsync("40 03 0009 87");
        Assert.StartsWith("mosquitto version ", await ValueAsync(client, "version"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SysInterval_Zero_PublishesNothing()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero });
        broker.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(0, broker.Broker.RetainedCount);
    }

    private static async Task<string> ValueAsync(WireClient client, string name) => (await ReadAsync(client, "$SYS/broker/" + name, 1)).Values.Single();

    private static async Task<Dictionary<string, string>> ReadAsync(WireClient client, string filter, int count)
    {
        await client.SubscribeAsync(filter);
        var values = new Dictionary<string, string>();
        for (var i = 0; i < count; i++)
        {
            var publish = await client.ReceivePublishAsync();
            Assert.True(publish.Retain);
            values.Add(publish.Topic, publish.Payload);
        }

        await client.UnsubscribeAsync(filter);
        await client.ExpectNothingAsync();
        return values;
    }
}
