using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Security;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Nightjar.Transport;
using Xunit;

namespace Nightjar.Broker.Tests.Reload;

/// <summary><see cref="MqttBroker.ReloadAsync"/>: all or nothing, while clients are connected.</summary>
public class ReloadTests
{
    private static readonly BrokerOptions s_options = new() { SysInterval = TimeSpan.Zero };

    [Fact]
    public async Task Reload_OfAnOptionOutOfRange_ChangesNothing()
    {
        await using var broker = await TestBroker.StartAsync();
        var before = broker.Broker.Options;
        var error = await Assert.ThrowsAsync<ArgumentException>(() => broker.Broker.ReloadAsync(s_options with { MaximumPacketSize = 1, MaximumTopicLevels = 0 }));
        Assert.Contains("MaximumPacketSize", error.Message, StringComparison.Ordinal);
        Assert.Contains("MaximumTopicLevels", error.Message, StringComparison.Ordinal);
        Assert.Same(before, broker.Broker.Options);
    }

    [Fact]
    public async Task Reload_OfABrokerThatDoesNotRun_IsRefused()
    {
        await using var broker = new MqttBroker(s_options);
        await Assert.ThrowsAsync<InvalidOperationException>(() => broker.ReloadAsync(s_options));
    }

    [Fact]
    public async Task Reload_OfLimits_HoldsForConnectedClientsAtOnce()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("a");
        await client.PublishAsync("t", new string('x', 100), QualityOfService.AtLeastOnce, packetId: 1);
        await client.ExpectAsync("40 03 0001 10");
        await broker.Broker.ReloadAsync(s_options with { MaximumPayloadSize = 10 });
        await client.PublishAsync("t", new string('x', 100), QualityOfService.AtLeastOnce, packetId: 2);
        await client.ExpectAsync("40 03 0002 83");
    }

    [Fact]
    public async Task Reload_OfTheRules_JudgesConnectedClientsAtOnce()
    {
        await using var broker = await TestBroker.StartAsync();
        var reader = await broker.ConnectAsync("reader");
        var writer = await broker.ConnectAsync("writer");
        await reader.SubscribeAsync("t");
        await writer.PublishAsync("t", "1", QualityOfService.AtLeastOnce, packetId: 1);
        await writer.ExpectAsync("40 02 0001");
        Assert.Equal("1", (await reader.ReceivePublishAsync()).Payload);
        await broker.Broker.ReloadAsync(s_options, authorizer: new Rules(action => action != AccessAction.Read));
        await writer.PublishAsync("t", "2", QualityOfService.AtLeastOnce, packetId: 2);
        await writer.ExpectAsync("40 02 0002");
        await broker.Broker.ReloadAsync(s_options, authorizer: new Rules(action => action != AccessAction.Write));
        await writer.PublishAsync("t", "3", QualityOfService.AtLeastOnce, packetId: 3);
        await writer.ExpectAsync("40 03 0003 87");
        await broker.Broker.ReloadAsync(s_options);
        await writer.PublishAsync("t", "4", QualityOfService.AtLeastOnce, packetId: 4);
        Assert.Equal("4", (await reader.ReceivePublishAsync()).Payload);
    }

    [Fact]
    public async Task Reload_DisconnectsTheClientsThatWouldNotBeLetInNow()
    {
        await using var broker = await TestBroker.StartAsync(authenticator: new Users("ann", "bob"));
        var ann = await broker.ConnectAsync("a", userName: "ann");
        var bob = await broker.ConnectAsync("b", userName: "bob");
        var result = await broker.Broker.ReloadAsync(s_options, new Users("ann"));
        Assert.Equal(1, result.ClientsDisconnected);
        await bob.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
        await ann.PublishAsync("t", "", QualityOfService.AtLeastOnce, packetId: 1);
        await ann.ExpectAsync("40 03 0001 10");
    }

    [Fact]
    public async Task Reload_ThatForbidsAnonymousClients_DisconnectsThem()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("a");
        Assert.Equal(1, (await broker.Broker.ReloadAsync(s_options with { AllowAnonymous = false })).ClientsDisconnected);
        await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
    }

    [Fact]
    public async Task Reload_WhileAClientIsBeingLetIn_JudgesItByTheNewRules()
    {
        var slow = new Users("ann") { Gate = new TaskCompletionSource() };
        await using var broker = await TestBroker.StartAsync(authenticator: slow);
        var client = await broker.OpenAsync();
        await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "a", userName: "ann"));
        await slow.Asked.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, (await broker.Broker.ReloadAsync(s_options, new Users("bob"))).ClientsDisconnected);
        slow.Gate.SetResult();
        Assert.Equal(0, (await client.ReceiveAsync())[3]);
        await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
    }

    [Fact]
    public async Task Reload_AddsAndRemovesListeners_AndKeepsTheOthers()
    {
        var first = Listener(FreePort());
        var second = Listener(FreePort());
        var third = Listener(FreePort());
        await using var broker = new MqttBroker(s_options with { Listeners = [first, second] });
        await broker.StartAsync();
        await using var stays = await ConnectAsync(first, "stays");
        await using var goes = await ConnectAsync(second, "goes");
        var result = await broker.ReloadAsync(s_options with { Listeners = [third, first] });
        Assert.Equal(new ReloadResult(1, 1, 1), result);
        Assert.Equal([third.EndPoint, first.EndPoint], broker.EndPoints);
        await goes.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(second, "late"));
        await using var late = await ConnectAsync(third, "late");
        await stays.PublishAsync("t", "", QualityOfService.AtLeastOnce, packetId: 1);
        await stays.ExpectAsync("40 03 0001 10");
    }

    [Fact]
    public async Task Reload_WithAnAddressThatIsTaken_LeavesEverythingAsItWas()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var first = Listener(FreePort());
        var options = s_options with { Listeners = [first] };
        await using var broker = new MqttBroker(options);
        await broker.StartAsync();
        await using var client = await ConnectAsync(first, "a");
        var wrong = new ListenerOptions { EndPoint = taken.LocalEndPoint! };
        await Assert.ThrowsAsync<SocketException>(() => broker.ReloadAsync(
            s_options with { Listeners = [first with { Protocol = ListenerProtocol.WebSockets }, Listener(FreePort()), wrong], AllowAnonymous = false }));
        Assert.Same(options, broker.Options);
        Assert.Equal([first.EndPoint], broker.EndPoints);
        await client.PublishAsync("t", "", QualityOfService.AtLeastOnce, packetId: 1);
        await client.ExpectAsync("40 03 0001 10");
        await using var another = await ConnectAsync(first, "b");
    }

    [Fact]
    public async Task Reload_OfAListenersKind_OpensItsAddressAnew()
    {
        var first = Listener(FreePort());
        await using var broker = new MqttBroker(s_options with { Listeners = [first] });
        await broker.StartAsync();
        await using var client = await ConnectAsync(first, "a");
        var result = await broker.ReloadAsync(s_options with { Listeners = [first with { NoDelay = false, MaximumQoS = QualityOfService.AtMostOnce }] });
        Assert.Equal(new ReloadResult(1, 0, 0), result);
        await using var later = await ConnectAsync(first, "b");
        // Maximum QoS 0 is told.
        Assert.Contains("2400", Convert.ToHexString(later.ConnAck), StringComparison.Ordinal);
        await client.PublishAsync("t", "", QualityOfService.AtLeastOnce, packetId: 1);
        await client.ExpectAsync("40 03 0001 10");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reload_AfterAListenerWasOpenedAnew_JudgesTheClientsItHadBefore(bool isRemoved)
    {
        var first = Listener(FreePort()) with { AllowAnonymous = true };
        var anew = first with { NoDelay = false };
        await using var broker = new MqttBroker(s_options with { Listeners = [first] });
        await broker.StartAsync();
        await using var client = await ConnectAsync(first, "a");
        await broker.ReloadAsync(s_options with { Listeners = [anew] });
        // And once more, so that the listener of the client was replaced twice.
        await broker.ReloadAsync(s_options with { Listeners = [first] });

        var result = await broker.ReloadAsync(s_options with { Listeners = isRemoved ? [Listener(FreePort())] : [first with { AllowAnonymous = false }] });

        Assert.Equal(1, result.ClientsDisconnected);
        await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
    }

    [Fact]
    public async Task Reload_AfterOneThatFailed_JudgesTheClientsOfASocketThatWasOpenedAgain()
    {
        var first = Listener(FreePort());
        var second = Listener(FreePort());
        await using var broker = new MqttBroker(s_options with { Listeners = [first, second] });
        await broker.StartAsync();
        await using var client = await ConnectAsync(first, "a");
        // The first is replaced before the second is found to name a device that is not there.
        await Assert.ThrowsAsync<SocketException>(() => broker.ReloadAsync(
            s_options with { Listeners = [first with { NoDelay = false }, second with { NoDelay = false, BindInterface = "nosuchdevice" }] }));

        Assert.Equal(1, (await broker.ReloadAsync(s_options with { Listeners = [second] })).ClientsDisconnected);
        await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
    }

    [Fact]
    public async Task Reload_OfAListenersOptions_HoldsForNewConnections()
    {
        var first = Listener(FreePort());
        await using var broker = new MqttBroker(s_options with { Listeners = [first] });
        await broker.StartAsync();
        Assert.Equal(new ReloadResult(0, 0, 0), await broker.ReloadAsync(s_options with { Listeners = [first with { MaximumTopicAlias = 77 }] }));
        await using var client = await ConnectAsync(first, "a");
        Assert.Contains("22004D", Convert.ToHexString(client.ConnAck), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reloads_ManyAtOnceUnderTraffic_LoseNothing()
    {
        var first = Listener(FreePort());
        var options = s_options with { Listeners = [first] };
        await using var broker = new MqttBroker(options);
        await broker.StartAsync();
        await using var reader = await ConnectAsync(first, "reader");
        await using var writer = await ConnectAsync(first, "writer");
        await reader.SubscribeAsync("t", QualityOfService.AtMostOnce);
        const int Messages = 2000;
        using var stop = new CancellationTokenSource();
        var reloads = Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            var count = 0;
            for (; !stop.IsCancellationRequested; count++) await broker.ReloadAsync(options, authorizer: new Rules(_ => true));
            return count;
        })));
        for (var i = 0; i < Messages; i++)
        {
            await writer.PublishAsync("t", i.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(i.ToString(CultureInfo.InvariantCulture), (await reader.ReceivePublishAsync()).Payload);
        }

        await stop.CancelAsync();
        Assert.All(await reloads, count => Assert.True(count > 0));
    }

    [Theory]
    [InlineData(true, true, 0)]
    [InlineData(true, false, 0x87)]
    [InlineData(false, true, 0)]
    [InlineData(false, false, 0x87)]
    public async Task Reload_BetweenAcceptAndConnect_LetsInWhomTheNewListenerAllows(bool before, bool after, byte code)
    {
        var listener = Listener(FreePort()) with { AllowAnonymous = before };
        await using var broker = new MqttBroker(s_options with { Listeners = [listener] });
        await broker.StartAsync();
        await using var client = await OpenAsync(broker, listener);
        await broker.ReloadAsync(s_options with { Listeners = [listener with { AllowAnonymous = after }] });

        Assert.Equal(code, await AnswerAsync(client));
    }

    [Theory]
    [InlineData("mount")]
    [InlineData("domain")]
    [InlineData("client id")]
    [InlineData("gone")]
    public async Task Reload_BetweenAcceptAndConnect_ThatTellsUsersByOtherMeans_HasTheClientComeAgain(string change)
    {
        var listener = Listener(FreePort());
        var changed = change switch
        {
            "mount" => listener with { MountPoint = "m/" },
            "domain" => listener with { SecurityDomain = "d" },
            "client id" => listener with { UseUserNameAsClientId = true },
            _ => Listener(FreePort()),
        };
        await using var broker = new MqttBroker(s_options with { Listeners = [listener] });
        await broker.StartAsync();
        await using var early = await OpenAsync(broker, listener);
        await broker.ReloadAsync(s_options with { Listeners = [changed] });

        Assert.Equal(0x89, await AnswerAsync(early));
        // Nothing of its CONNECT acted.
        Assert.Equal(0, broker.SessionCount);
    }

    private static async Task<WireClient> OpenAsync(MqttBroker broker, ListenerOptions listener)
    {
        var transport = await SocketTransport.ConnectAsync(listener.EndPoint, new SocketTransportOptions(), CancellationToken.None);
        await Wait.UntilAsync(() => broker.ConnectionCount == 1, "the connection to be accepted");
        return new WireClient(transport, ProtocolVersion.Mqtt50);
    }

    private static async Task<byte> AnswerAsync(WireClient client)
    {
        await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "a"));
        return (await client.ReceiveAsync())[3];
    }

    private static ListenerOptions Listener(int port) => new() { EndPoint = new IPEndPoint(IPAddress.Loopback, port) };

    // A port that was free a moment ago: the listener of a configuration has a number, and a reload is to find it again.
    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private static async Task<WireClient> ConnectAsync(ListenerOptions listener, string clientId)
    {
        var transport = await SocketTransport.ConnectAsync(listener.EndPoint, new SocketTransportOptions(), CancellationToken.None);
        var client = new WireClient(transport, ProtocolVersion.Mqtt50);
        await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, clientId));
        client.ConnAck = await client.ReceiveAsync();
        Assert.Equal(0, client.ConnAck[3]);
        return client;
    }

    private sealed class Rules(Predicate<AccessAction> may) : IAuthorizer
    {
        public bool May(Identity identity, AccessAction action, ReadOnlySpan<byte> topic) => may(action);
    }

    private sealed class Users(params string[] names) : IAuthenticator
    {
        internal TaskCompletionSource? Gate { get; init; }

        internal TaskCompletionSource Asked { get; } = new();

        public async ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
        {
            Asked.TrySetResult();
            if (Gate is not null) await Gate.Task;
            return new AuthenticationResult(names.Contains(request.UserName) ? ReasonCode.Success : ReasonCode.NotAuthorized, request.UserName);
        }

        public bool IsStillAllowed(Identity identity, IdentityProof proof, object? credential, bool anonymousAllowed) => names.Contains(identity.UserName);
    }
}
