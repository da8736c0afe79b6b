using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>Clients that connect and say nothing, or too slowly, and clients that have gone without a word.</summary>
public sealed class TimeoutTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Connection_ThatSaysNothing_IsClosedTenSecondsAfterAccept()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var silent = await broker.OpenAsync();
        await AcceptedAsync(broker);
        broker.Advance(TimeSpan.FromSeconds(10) - Moment);
        Assert.Equal(1, broker.Broker.ConnectionCount);
        broker.Advance(Moment * 2);
        await silent.ExpectClosedAsync();
        await broker.WaitForConnectionsAsync(0);
        Assert.Contains(broker.Log.Lines, line => line.Text.EndsWith("disconnected: exceeded timeout.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connect_OneByteASecond_IsClosedTenSecondsAfterAccept()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var slow = await broker.OpenAsync();
        await AcceptedAsync(broker);
        var connect = WirePackets.Connect(ProtocolVersion.Mqtt50, "a-client-with-a-name");
        for (var i = 0; i < 9; i++)
        {
            await slow.SendAsync(connect.AsMemory(i, 1));
            broker.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(1, broker.Broker.ConnectionCount);
        }

        await slow.SendAsync(connect.AsMemory(9, 1));
        broker.Advance(TimeSpan.FromSeconds(1) + Moment);
        await slow.ExpectClosedAsync();
        await broker.WaitForConnectionsAsync(0);
    }

    [Fact]
    public async Task Connect_CompletedInTime_IsNotTimedOutLater()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var client = await broker.OpenAsync();
        await AcceptedAsync(broker);
        broker.Advance(TimeSpan.FromSeconds(9));
        await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "c"));
        Assert.Equal(0, (await client.ReceiveAsync())[3]);
        broker.Advance(TimeSpan.FromDays(2));
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(65_535)]
    public async Task HalfOpenClient_IsClosedAtOneAndAHalfTimesItsKeepAlive(int keepAlive)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var watcher = await broker.ConnectAsync("watcher");
        await watcher.SubscribeAsync("will");
        var client = await broker.ConnectAsync("half-open", keepAlive: (ushort)keepAlive, will: new TestWill("will", "gone"));
        // What arrives counts from its own moment on, not from the last deadline.
        broker.Advance(TimeSpan.FromSeconds(keepAlive));
        await client.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromSeconds(keepAlive * 1.5) - Moment);
        await client.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromSeconds(keepAlive * 1.5) - Moment);
        Assert.Equal(2, broker.Broker.ConnectionCount);
        broker.Advance(Moment * 2);
        await client.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
        Assert.Equal("gone", (await watcher.ReceivePublishAsync()).Payload);
    }

    [Fact]
    public async Task KeepAliveZero_IsNeverClosed()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var client = await broker.ConnectAsync("c", keepAlive: 0);
        broker.Advance(TimeSpan.FromDays(30));
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task PartialPacket_AfterConnect_DoesNotKeepTheConnectionAlive()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var client = await broker.ConnectAsync("c", ProtocolVersion.Mqtt311, keepAlive: 10);
        for (var i = 0; i < 14; i++)
        {
            await client.SendAsync(i == 0 ? "30 64" : "00");
            broker.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(1, broker.Broker.ConnectionCount);
        broker.Advance(TimeSpan.FromSeconds(1.2));
        await client.ExpectClosedAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(24 * 366 * 20)]
    [InlineData(24 * 366 * 90)]
    public async Task WallClock_ThatJumps_MovesNoDeadline(int hours)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var watcher = await broker.ConnectAsync("watcher");
        await watcher.SubscribeAsync("will", QualityOfService.AtLeastOnce);
        var alive = await broker.ConnectAsync("alive", keepAlive: 10);
        var durable = await broker.ConnectAsync("durable", sessionExpiry: 100, will: new TestWill("will", "w", Properties: [0x18, 0, 0, 0, 50]));
        await durable.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        durable.Abort();
        await broker.WaitForConnectionsAsync(2);
        await watcher.PublishAsync("t", "expires", QualityOfService.AtLeastOnce, properties: [2, 0, 0, 0, 80]);
        await watcher.ExpectAsync("40 02 00 01");

        broker.Clock.JumpWallClock(TimeSpan.FromHours(hours));
        broker.Advance(Moment);
        await alive.ExpectNothingAsync();
        await watcher.ExpectNothingAsync();
        Assert.Equal(3, broker.Broker.SessionCount);

        broker.Advance(TimeSpan.FromSeconds(14));
        await alive.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromSeconds(15.2));
        await alive.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
        broker.Advance(TimeSpan.FromSeconds(20));
        await watcher.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("w", (await watcher.ReceivePublishAsync()).Payload);

        durable = await broker.ConnectAsync("durable", cleanStart: false, sessionExpiry: 100);
        Assert.True(durable.SessionPresent);
        Assert.InRange((await durable.ReceiveAndAcknowledgeAsync()).MessageExpiryInterval!.Value, 29u, 30u);
        await durable.DisconnectAsync();
        broker.Advance(TimeSpan.FromSeconds(99));
        Assert.Contains(broker.Broker.Core.Sessions.Table.ToArray(), session => session.ClientId == "durable");
        broker.Advance(TimeSpan.FromSeconds(1.2));
        Assert.DoesNotContain(broker.Broker.Core.Sessions.Table.ToArray(), session => session.ClientId == "durable");
    }

    // Accepted, and its time runs.
    private static Task AcceptedAsync(TestBroker broker) => Wait.UntilAsync(() => broker.Broker.Core.Environment.Wheel.Count == 1, "the connection to be accepted");
}
