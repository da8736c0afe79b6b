using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>How long session state lives (§4.1), and the Session Expiry Interval of DISCONNECT (§3.14.2.2.2).</summary>
public sealed class SessionStateTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.1.0-1")]
    [Statement("MQTT-4.5.0-1")]
    [Statement("MQTT-4.1.0-1 v3.1.1")]
    [Statement("MQTT-4.5.0-1 v3.1.1")]
    public async Task Session_AfterANetworkFailure_KeepsSubscriptionsAndMessages(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 100);
        Assert.False(client.SessionPresent);
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        client.Abort();
        await broker.WaitForConnectionsAsync(0);
        foreach (var qos in Enum.GetValues<QualityOfService>()) broker.Broker.Publish("a", System.Text.Encoding.UTF8.GetBytes($"{qos}"), qos);
        broker.Advance(TimeSpan.FromSeconds(99));
        client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 100);
        Assert.True(client.SessionPresent);
        // QoS 0 does not wait for an offline client; the others come in order, for the first time.
        var first = await client.ReceiveAndAcknowledgeAsync();
        var second = await client.ReceiveAndAcknowledgeAsync();
        Assert.Equal(("AtLeastOnce", false, "ExactlyOnce", false), (first.Payload, first.Dup, second.Payload, second.Dup));
        await client.ExpectNothingAsync();
        broker.Broker.Publish("a", "live"u8);
        Assert.Equal("live", (await client.ReceivePublishAsync()).Payload);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, true)]
    [InlineData(ProtocolVersion.Mqtt50, true)]
    [InlineData(ProtocolVersion.Mqtt50, false)]
    [Statement("MQTT-4.1.0-1")]
    [Statement("MQTT-4.1.0-2 v3.1.1")]
    public async Task Session_WhileConnected_IsNeverDiscarded(ProtocolVersion version, bool cleanStart)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version, cleanStart, sessionExpiry: cleanStart ? 0u : 1u);
        await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        broker.Broker.Publish("a", "1"u8, QualityOfService.AtLeastOnce);
        await client.ReceivePublishAsync();
        broker.Advance(TimeSpan.FromDays(30));
        await client.SendAsync("40 02 0001");
        broker.Broker.Publish("a", "2"u8, QualityOfService.AtLeastOnce);
        Assert.Equal(2, (await client.ReceivePublishAsync()).PacketId);
        Assert.Equal(1, broker.Broker.SessionCount);
    }

    [Fact]
    [Statement("MQTT-4.1.0-2")]
    public async Task Session_WhoseExpiryPassedAfterClose_IsDiscarded()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        // The interval counts from the close, not from CONNECT.
        broker.Advance(TimeSpan.FromSeconds(90));
        client.Abort();
        await broker.WaitForConnectionsAsync(0);
        broker.Broker.Publish("a", "1"u8, QualityOfService.AtLeastOnce);
        broker.Advance(TimeSpan.FromSeconds(99));
        Assert.Equal(1, broker.Broker.SessionCount);
        broker.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, broker.Broker.SessionCount);
        Assert.Equal(ReasonCode.NoMatchingSubscribers, broker.Broker.Publish("a", "2"u8, QualityOfService.AtLeastOnce));
        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        Assert.False(client.SessionPresent);
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-4.1.0-2")]
    public async Task Session_WithExpiry0_EndsWithItsConnection()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", cleanStart: false);
        await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        client.Abort();
        await broker.WaitForConnectionsAsync(0);
        Assert.Equal(0, broker.Broker.SessionCount);
        Assert.Equal(ReasonCode.NoMatchingSubscribers, broker.Broker.Publish("a", "1"u8, QualityOfService.AtLeastOnce));
        client = await broker.ConnectAsync("c", cleanStart: false);
        Assert.False(client.SessionPresent);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.1.0-1")]
    [Statement("MQTT-4.1.0-1 v3.1.1")]
    public async Task Session_WithoutExpiryTime_IsKeptForEver(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: uint.MaxValue);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        broker.Advance(TimeSpan.FromDays(100_000));
        client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: uint.MaxValue);
        Assert.True(client.SessionPresent);
    }

    [Fact]
    [Statement("MQTT-4.1.0-2")]
    public async Task Disconnect_WithALowerExpiry_ReplacesThatOfConnect()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 1000);
        await client.SendAsync("E0 07 00 05 11 0000000A");
        await client.ExpectClosedAsync();
        await broker.WaitForConnectionsAsync(0);
        broker.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(1, broker.Broker.SessionCount);
        broker.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, broker.Broker.SessionCount);
    }

    [Fact]
    [Statement("MQTT-4.1.0-2")]
    public async Task Disconnect_WithExpiry0OrAHigherOne_ReplacesThatOfConnect()
    {
        await using var broker = await TestBroker.StartAsync();
        var ended = await broker.ConnectAsync("ended", cleanStart: false, sessionExpiry: 1000);
        await ended.SendAsync("E0 07 00 05 11 00000000");
        await ended.ExpectClosedAsync();
        await broker.WaitForConnectionsAsync(0);
        Assert.Equal(0, broker.Broker.SessionCount);

        var prolonged = await broker.ConnectAsync("prolonged", cleanStart: false, sessionExpiry: 10);
        await prolonged.SendAsync("E0 07 00 05 11 00000064");
        await prolonged.ExpectClosedAsync();
        await broker.WaitForConnectionsAsync(0);
        broker.Advance(TimeSpan.FromSeconds(99));
        Assert.Equal(1, broker.Broker.SessionCount);
        broker.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, broker.Broker.SessionCount);
    }

    [Fact]
    [Statement("T3-05")]
    public async Task Disconnect_WithExpiryAfter0InConnect_IsAProtocolErrorAndPublishesTheWill()
    {
        await using var broker = await TestBroker.StartAsync();
        var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will");
        var client = await broker.ConnectAsync("c", will: new TestWill("will", "gone"));
        await client.SendAsync("E0 07 00 05 11 00000001");
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
        await broker.WaitForConnectionsAsync(1);
        Assert.Equal(1, broker.Broker.SessionCount);
        Assert.Equal("gone", (await watcher.ReceivePublishAsync()).Payload);

        // 0 after 0 is fine.
        client = await broker.ConnectAsync("c", will: new TestWill("will", "gone"));
        await client.SendAsync("E0 07 00 05 11 00000000");
        await client.ExpectClosedAsync();
        await broker.WaitForConnectionsAsync(1);
        await watcher.ExpectNothingAsync();
    }

    [Fact]
    [Statement("T3-13")]
    public async Task Will_WithALongerDelayThanTheSession_IsPublishedWhenTheSessionEnds()
    {
        await using var broker = await TestBroker.StartAsync();
        var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will");
        var client = await broker.ConnectAsync(
            "c", cleanStart: false, sessionExpiry: 10, will: new TestWill("will", "gone", Properties: Raw.Hex("18 000003E8")));
        client.Abort();
        await broker.WaitForConnectionsAsync(1);
        broker.Advance(TimeSpan.FromSeconds(9));
        await watcher.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("gone", (await watcher.ReceivePublishAsync()).Payload);
        broker.Advance(TimeSpan.FromSeconds(2000));
        await watcher.ExpectNothingAsync();

        // A session that ends with its connection publishes at once.
        client = await broker.ConnectAsync("c", will: new TestWill("will", "at once", Properties: Raw.Hex("18 000003E8")));
        client.Abort();
        Assert.Equal("at once", (await watcher.ReceivePublishAsync()).Payload);
    }

    [Fact]
    [Statement("MQTT-4.1.0-1 v3.1.1")]
    public async Task SessionOfVersion3_WithPersistentClientExpiration_EndsWhenItPasses()
    {
        await using var broker = await TestBroker.StartAsync(
            new BrokerOptions { SysInterval = TimeSpan.Zero, PersistentClientExpiration = TimeSpan.FromHours(1) });
        var client = await broker.ConnectAsync("c", ProtocolVersion.Mqtt311, cleanStart: false);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        broker.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(1, broker.Broker.SessionCount);
        broker.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(0, broker.Broker.SessionCount);
    }
}
