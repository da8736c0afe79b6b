using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>Limits on what one client, or all of them, may have: subscriptions, retained messages, connections, sessions.</summary>
public sealed class QuotaTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt50, (byte)ReasonCode.QuotaExceeded)]
    [InlineData(ProtocolVersion.Mqtt311, 0x80)]
    public async Task Subscribe_With20000Filters_IsGrantedUpToTheLimit(ProtocolVersion version, byte refused)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumSubscriptionsPerClient = 1000 });
        var client = await broker.ConnectAsync("c", version);
        await client.SendAsync(Subscribe(version, 1, 0, 20_000));
        var codes = (await client.ReceiveAsync()).AsSpan()[^20_000..].ToArray();
        Assert.All(codes.Take(1000), code => Assert.Equal(1, code));
        Assert.All(codes.Skip(1000), code => Assert.Equal(refused, code));
        Assert.Equal(1000, broker.Broker.Core.Router.Subscriptions.Count);
        // What exists may be subscribed to anew, and a place that becomes free may be taken.
        Assert.Equal(2, await client.SubscribeAsync("f/7", QualityOfService.ExactlyOnce));
        Assert.Equal(refused, await client.SubscribeAsync("f/1000"));
        await client.UnsubscribeAsync("f/7");
        Assert.Equal(0, await client.SubscribeAsync("f/1000"));
        await client.PublishAsync("f/1000", "x");
        Assert.Equal("x", (await client.ReceivePublishAsync()).Payload);
        await broker.ExpectUndisturbedAsync();
    }

    [Fact]
    public async Task Client_WithAMillionFilters_GetsAsManyAsAllowedAndHurtsNobody()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumSubscriptionsPerClient = 20_000 });
        var client = await broker.ConnectAsync("c");
        var granted = 0;
        for (var packet = 0; packet < 50; packet++)
        {
            await client.SendAsync(Subscribe(client.Version, (ushort)(packet + 1), packet * 20_000, 20_000));
            granted += (await client.ReceiveAsync()).AsSpan()[^20_000..].Count((byte)1);
            if (packet % 10 == 0) await broker.ExpectUndisturbedAsync();
        }

        Assert.Equal(20_000, granted);
        Assert.Equal(20_000, broker.Broker.Core.Router.Subscriptions.Count);
    }

    [Fact]
    public async Task RetainedMessages_AtTheirNumber_AreRefusedAndReplaceable()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumRetainedMessages = 10 });
        var client = await broker.ConnectAsync("c");
        for (var i = 0; i < 10; i++) Assert.Equal(ReasonCode.NoMatchingSubscribers, await Retain(client, $"r/{i}", "x"));
        Assert.Equal(ReasonCode.QuotaExceeded, await Retain(client, "r/10", "x"));
        Assert.Equal(ReasonCode.QuotaExceeded, await Retain(client, "r/10", "x", QualityOfService.ExactlyOnce));
        await client.PublishAsync("r/10", "x", retain: true);
        Assert.Equal(ReasonCode.NoMatchingSubscribers, await Retain(client, "r/3", "other"));
        Assert.Equal(ReasonCode.NoMatchingSubscribers, await Retain(client, "r/3", ""));
        Assert.Equal(ReasonCode.NoMatchingSubscribers, await Retain(client, "r/10", "x"));
        Assert.Equal(10, broker.Broker.RetainedCount);
        // v3 has no code for it: acknowledged and dropped.
        var old = await broker.ConnectAsync("old", ProtocolVersion.Mqtt311);
        Assert.Equal(ReasonCode.Success, await Retain(old, "r/11", "x"));
        Assert.Equal(10, broker.Broker.RetainedCount);
    }

    [Fact]
    public async Task RetainedMessages_AtTheirBytes_AreRefusedAndReplaceable()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumRetainedBytes = 1000 });
        var client = await broker.ConnectAsync("c");
        var payload = new string('x', 97);
        for (var i = 0; i < 10; i++) Assert.Equal(ReasonCode.NoMatchingSubscribers, await Retain(client, $"r/{i}", payload));
        Assert.Equal(1000, broker.Broker.Core.Router.RetainedBytes);
        Assert.Equal(ReasonCode.QuotaExceeded, await Retain(client, "r/x", "y"));
        Assert.Equal(ReasonCode.QuotaExceeded, await Retain(client, "r/1", payload + "y"));
        Assert.Equal(ReasonCode.NoMatchingSubscribers, await Retain(client, "r/1", payload[1..]));
        Assert.Equal(999, broker.Broker.Core.Router.RetainedBytes);
        for (var i = 0; i < 10; i++) await Retain(client, $"r/{i}", "");
        Assert.Equal((0L, 0), (broker.Broker.Core.Router.RetainedBytes, broker.Broker.RetainedCount));
    }

    [Fact]
    public async Task Connections_AtTheirNumber_AreClosedAtAccept()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumConnections = 3 });
        var clients = new List<WireClient>();
        for (var i = 0; i < 3; i++) clients.Add(await broker.ConnectAsync($"c{i}"));
        var further = await broker.OpenAsync();
        await further.ExpectClosedAsync();
        Assert.Equal(3, broker.Broker.ConnectionCount);
        await Nightjar.Testing.Wait.UntilAsync(
            () => broker.Log.Lines.Any(line => line.Text.EndsWith("denied: max_connections exceeded.", StringComparison.Ordinal)), "the line of the refusal");
        await clients[0].DisconnectAsync();
        await broker.WaitForConnectionsAsync(2);
        await (await broker.ConnectAsync("again")).ExpectNothingAsync();
    }

    [Fact]
    public async Task Sessions_AtTheirNumber_AreRefusedAndKnownOnesAreNot()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumSessions = 2 });
        var durable = await broker.ConnectAsync("durable", sessionExpiry: 1000);
        await durable.DisconnectAsync();
        await broker.ConnectAsync("c");
        var further = await broker.OpenAsync();
        await further.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "further"));
        Assert.Equal((byte)ReasonCode.ServerBusy, (await further.ReceiveAsync())[3]);
        await further.ExpectClosedAsync();
        durable = await broker.ConnectAsync("durable", cleanStart: false, sessionExpiry: 1000);
        Assert.True(durable.SessionPresent);
        Assert.Equal(2, broker.Broker.SessionCount);
    }

    [Fact]
    public async Task LogLines_OfAFlood_AreLeftOutAndCounted()
    {
        const int Connections = 1500;
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        for (var i = 0; i < Connections; i++)
        {
            var client = await broker.OpenAsync();
            await client.SendAsync("00 00");
            await client.ExpectClosedAsync();
        }

        await broker.WaitForConnectionsAsync(0);
        Assert.InRange(broker.Log.Lines.Count, 1000, 1010);
        broker.Advance(TimeSpan.FromSeconds(2));
        await broker.ConnectAsync("c");
        var summary = Assert.Single(broker.Log.Lines, line => line.Text.EndsWith("log lines about clients were left out during the last second.", StringComparison.Ordinal));
        Assert.Equal((Connections * 2) - 1000, int.Parse(summary.Text.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task DroppedMessages_OfManyClients_AreLoggedWithinTheSameLimit()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumQueuedMessages = 1 });
        for (var i = 0; i < 1200; i++)
        {
            var client = await broker.ConnectAsync($"c{i}", sessionExpiry: 1000);
            await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
            await client.DisconnectAsync();
        }

        await broker.WaitForConnectionsAsync(0);
        broker.Advance(TimeSpan.FromSeconds(2));
        var before = broker.Log.Lines.Count;
        var publisher = await broker.ConnectAsync("p");
        for (var i = 0; i < 2; i++) await publisher.PublishAndWaitAsync("t", "x", QualityOfService.AtLeastOnce);
        Assert.InRange(broker.Log.Lines.Count - before, 900, 1010);
    }

    private static async Task<ReasonCode> Retain(WireClient client, string topic, string payload, QualityOfService qos = QualityOfService.AtLeastOnce) =>
        LimitTests.ReasonOf(await client.PublishAndWaitAsync(topic, payload, qos, 5, retain: true));

    private static byte[] Subscribe(ProtocolVersion version, ushort packetId, int first, int count)
    {
        var requests = Enumerable.Range(first, count)
            .Select(i => new SubscriptionRequest(System.Text.Encoding.UTF8.GetBytes($"f/{i}"), QualityOfService.AtLeastOnce, false, false, RetainHandling.SendAtSubscribe));
        var writer = new SubscribeWriter { Version = version, PacketId = packetId, Subscriptions = requests.ToArray() };
        var bytes = new byte[writer.Measure()];
        return bytes[..writer.Write(bytes)];
    }
}
