using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Sessions;
using Nightjar.Broker.Tests.Persistence;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>How many sessions one user may have.</summary>
public sealed class UserSessionTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt50, (byte)ReasonCode.QuotaExceeded)]
    [InlineData(ProtocolVersion.Mqtt311, (byte)ConnectReturnCode.ServerUnavailable)]
    [InlineData(ProtocolVersion.Mqtt31, (byte)ConnectReturnCode.ServerUnavailable)]
    public async Task User_AtTheLimit_IsRefusedAFurtherSessionOnly(ProtocolVersion version, byte refusal)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumSessionsPerUser = 2 });
        var offline = await broker.ConnectAsync("offline", version, cleanStart: false, sessionExpiry: 100, userName: "u");
        await offline.DisconnectAsync();
        await broker.ConnectAsync("online", version, userName: "u");
        Assert.Equal(refusal, await TryConnectAsync(broker, version, "further", "u"));
        Assert.Equal(1, broker.Broker.Reached(BrokerLimit.MaximumSessionsPerUser));
        Assert.Contains(broker.Log.Lines, line => line.Text.EndsWith("denied: max_sessions_per_user exceeded.", StringComparison.Ordinal));
        Assert.Equal(0, await TryConnectAsync(broker, version, "further", "another"));
        for (var i = 0; i < 4; i++) Assert.Equal(0, await TryConnectAsync(broker, version, $"anonymous{i}", null));
        // Its own sessions it may come back to, take over and begin anew.
        Assert.Equal(0, await TryConnectAsync(broker, version, "offline", "u"));
        Assert.Equal(0, await TryConnectAsync(broker, version, "online", "u"));
        Assert.Equal(0, await TryConnectAsync(broker, version, "online", "u"));
        Assert.Equal(2, broker.Broker.Core.Sessions.Users.Of("u"));
        Assert.Equal(refusal, await TryConnectAsync(broker, version, "further still", "u"));
        broker.Broker.Reload(options => options with { MaximumSessionsPerUser = 3 });
        Assert.Equal(0, await TryConnectAsync(broker, version, "third", "u"));
        await broker.ExpectUndisturbedAsync();
    }

    [Fact]
    public async Task Session_ThatEnds_FreesItsPlace()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumSessionsPerUser = 1 });
        var client = await broker.ConnectAsync("a", userName: "u");
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        client = await broker.ConnectAsync("b", sessionExpiry: 10, userName: "u");
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        Assert.Equal((byte)ReasonCode.QuotaExceeded, await TryConnectAsync(broker, ProtocolVersion.Mqtt50, "c", "u"));
        broker.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(0, broker.Broker.Core.Sessions.Users.Of("u"));
        Assert.Equal(0, await TryConnectAsync(broker, ProtocolVersion.Mqtt50, "c", "u"));
    }

    [Fact]
    public async Task Session_ThatChangesItsUser_ChangesItsPlace()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumSessionsPerUser = 1 });
        var users = broker.Broker.Core.Sessions.Users;
        await broker.ConnectAsync("s", sessionExpiry: 100);
        await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100, userName: "u");
        Assert.Equal(1, users.Of("u"));
        await broker.ConnectAsync("t", sessionExpiry: 100);
        // The refusal leaves the session as it was.
        var refused = await broker.OpenAsync();
        await refused.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "t", false, 100, 0, 0, 0, 0, "u", null));
        Assert.Equal((byte)ReasonCode.QuotaExceeded, (await refused.ReceiveAsync())[3]);
        Assert.NotNull(broker.Broker.Session("t").Link);
        await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        Assert.Equal(0, users.Of("u"));
        await broker.ConnectAsync("t", cleanStart: true, sessionExpiry: 100, userName: "u");
        Assert.Equal(1, users.Of("u"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Session_OfAnotherUser_IsTakenOverInStrictModeOnly(bool strict)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { StrictCompatibility = strict, MaximumSessionsPerUser = 1 });
        var first = await broker.ConnectAsync("s", sessionExpiry: 100, userName: "u");
        var second = await broker.OpenAsync();
        await second.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "s", false, 100, 0, 0, 0, 0, "v", null));
        var users = broker.Broker.Core.Sessions.Users;
        if (strict)
        {
            Assert.Equal((1, 0), ((await second.ReceiveAsync())[2], broker.Broker.Session("s").Link is null ? 1 : 0));
            await first.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
            Assert.Equal((0, 1), (users.Of("u"), users.Of("v")));
            return;
        }

        Assert.Equal((byte)ReasonCode.NotAuthorized, (await second.ReceiveAsync())[3]);
        await first.ExpectNothingAsync();
        Assert.Equal((1, 0), (users.Of("u"), users.Of("v")));
    }

    [Fact]
    public async Task Count_UnderTakeOversFromAllSides_IsExact()
    {
        const int Limit = 5;
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumSessionsPerUser = Limit });
        var users = broker.Broker.Core.Sessions.Users;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 150; i++)
            {
                var durable = random.Next(2) == 0;
                var client = await broker.OpenAsync();
                await client.SendAsync(WirePackets.Connect(
                    ProtocolVersion.Mqtt50, $"c{random.Next(9)}", random.Next(2) == 0, durable ? 100u : 0, 0, 0, 0, 0, random.Next(5) == 0 ? null : "u", null));
                await client.TryReceiveAsync();
                Assert.InRange(users.Of("u"), 0, Limit);
                if (random.Next(2) == 0) client.Abort();
            }
        })));
        await Nightjar.Testing.Wait.UntilAsync(
            () => broker.Broker.Core.Sessions.Table.Count(session => session.Identity.UserName == "u") == users.Of("u"), "the count to be that of the table");
    }

    [Fact]
    public async Task Sessions_FromAStore_CountAgain()
    {
        await using var broker = await RestartingBroker.StartAsync();
        await broker.Current.ConnectAsync("a", sessionExpiry: 100, userName: "u");
        await broker.Current.ConnectAsync("b", sessionExpiry: 100, userName: "u");
        await broker.RestartAsync(crash: true);
        Assert.Equal(2, broker.Current.Broker.Core.Sessions.Users.Of("u"));
        broker.Current.Broker.Reload(options => options with { MaximumSessionsPerUser = 2 });
        Assert.Equal((byte)ReasonCode.QuotaExceeded, await TryConnectAsync(broker.Current, ProtocolVersion.Mqtt50, "c", "u"));
    }

    [Fact]
    public void Places_OfAUser_AreTakenUpToTheLimitAndGivenBack()
    {
        var users = new UserSessionCounts();
        Assert.True(users.TryTake("u", 2));
        Assert.True(users.TryTake("u", 2));
        Assert.False(users.TryTake("u", 2));
        Assert.True(users.TryTake(null, 1));
        Assert.True(users.TryTake("u", 0));
        users.Release("u");
        users.Release("u");
        Assert.Equal((1, 0), (users.Of("u"), users.Of("v")));
        Assert.True(users.TryTake("u", 2));
    }

    private static async Task<byte> TryConnectAsync(TestBroker broker, ProtocolVersion version, string clientId, string? userName)
    {
        var client = await broker.OpenAsync(version);
        await client.SendAsync(WirePackets.Connect(version, clientId, false, 100, 0, 0, 0, 0, userName, null));
        return (await client.ReceiveAsync())[3];
    }
}
