using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Nightjar.Broker;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;
using Nightjar.Transport;
using Nightjar.Transport.Buffers;
using Xunit;

namespace Nightjar.Testing.Broker;

/// <summary>
/// A whole broker in memory under a fake clock. Disposing it closes its clients, ends every session and fails when anything is left: transport
/// blocks, kept messages, timers, subscriptions, connections.
/// </summary>
public sealed class TestBroker : IAsyncDisposable
{
    private readonly MemoryListener _listener;
    private readonly BufferPool _pool = new();
    private readonly ConcurrentBag<WireClient> _clients = [];
    private readonly List<string> _expectedErrors = [];

    private TestBroker(BrokerOptions options, ListenerOptions listenerOptions, IAuthenticator? authenticator, IAuthorizer? authorizer, IReadOnlyList<IAuthenticationMethod>? methods, MqttBrokerStore? store, FakeTimeProvider? clock)
    {
        Log = new RecordingLogger();
        Clock = clock ?? new FakeTimeProvider();
        Broker = new MqttBroker(options, Log, Clock, authenticator, authorizer, methods, store);
        _listener = new MemoryListener(new MemoryTransportOptions { BufferPool = _pool, Capacity = 1 << 20 });
        Broker.Serve(_listener, listenerOptions);
    }

    /// <summary>The clock of the broker.</summary>
    public FakeTimeProvider Clock { get; }

    /// <summary>The broker.</summary>
    public MqttBroker Broker { get; }

    /// <summary>Where the transport's blocks come from.</summary>
    public BufferPool Pool => _pool;

    /// <summary>What it logged.</summary>
    public RecordingLogger Log { get; }

    /// <summary>Starts a broker. $SYS is off unless the options say otherwise, so that counts are those of the test.</summary>
    public static async Task<TestBroker> StartAsync(
        BrokerOptions? options = null, ListenerOptions? listener = null, IAuthenticator? authenticator = null, IAuthorizer? authorizer = null,
        IReadOnlyList<IAuthenticationMethod>? methods = null, MqttBrokerStore? store = null, FakeTimeProvider? clock = null)
    {
        var broker = new TestBroker(
            options ?? new BrokerOptions { SysInterval = TimeSpan.Zero },
            listener ?? new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) },
            authenticator, authorizer, methods, store, clock);
        await broker.Broker.StartAsync();
        return broker;
    }

    /// <summary>A network connection on which nothing was sent yet.</summary>
    public async Task<WireClient> OpenAsync(ProtocolVersion version = ProtocolVersion.Mqtt50)
    {
        var client = new WireClient(await _listener.ConnectAsync(), version);
        _clients.Add(client);
        return client;
    }

    /// <summary>A network connection for a client that is not a <see cref="WireClient"/>; it ends before the broker is disposed of.</summary>
    public ValueTask<TransportConnection> OpenTransportAsync() => _listener.ConnectAsync();

    /// <summary>A connection whose CONNECT was accepted; what CONNACK said is in <see cref="WireClient.ConnAck"/>.</summary>
    public async Task<WireClient> ConnectAsync(
        string clientId,
        ProtocolVersion version = ProtocolVersion.Mqtt50,
        bool cleanStart = true,
        uint sessionExpiry = 0,
        ushort keepAlive = 0,
        ushort receiveMaximum = 0,
        uint maximumPacketSize = 0,
        ushort topicAliasMaximum = 0,
        string? userName = null,
        TestWill? will = null)
    {
        var client = await OpenAsync(version);
        await client.SendAsync(WirePackets.Connect(version, clientId, cleanStart, sessionExpiry, keepAlive, receiveMaximum, maximumPacketSize, topicAliasMaximum, userName, will));
        client.ConnAck = await client.ReceiveAsync();
        Assert.Equal(PacketType.ConnAck, (PacketType)(client.ConnAck[0] >> 4));
        Assert.True(client.ConnAck[3] == 0, $"CONNECT was refused: {Convert.ToHexString(client.ConnAck)}");
        return client;
    }

    /// <summary>Moves the clock on and lets the broker do what is due.</summary>
    public void Advance(TimeSpan by)
    {
        Clock.Advance(by);
        Broker.Tick();
    }

    /// <summary>An error that begins like this was logged and belongs to the test; others still fail it.</summary>
    public void ExpectError(string beginning)
    {
        Assert.Contains(Log.Lines, line => line.Level == LogLevel.Error && line.Text.StartsWith(beginning, StringComparison.Ordinal));
        _expectedErrors.Add(beginning);
    }

    /// <summary>Waits until the broker has seen the end of every connection but those of <paramref name="left"/> clients.</summary>
    public Task WaitForConnectionsAsync(int left) => Wait.UntilAsync(() => Broker.ConnectionCount == left, $"{left} connections");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) await client.DisposeAsync();
        await Wait.UntilAsync(() => Broker.ConnectionCount == 0, "all connections to end");
        await Broker.StopAsync();
        var core = Broker.Core;
        foreach (var session in core.Sessions.Table.ToArray())
        {
            var context = BatchContext.Begin();
            core.Sessions.End(session, context);
            context.End(core.Environment.Counters);
        }

        // One whose messages others get from the store ends a little later.
        await Wait.UntilAsync(() => core.Sessions.Table.Count == 0, "all sessions to end");
        await Wait.UntilAsync(() => _pool.Outstanding == 0, "all transport blocks to be returned");
        // A store may still be handing over a page that nobody takes any more, on a thread of its own.
        await Wait.UntilAsync(() => core.Environment.Messages.Outstanding == 0, "all messages to be released");
        Assert.Equal(0, core.Environment.Messages.Bytes);
        Assert.Equal(0, core.Environment.Wheel.Count);
        Assert.Equal(0, core.Sessions.Table.Count);
        Assert.Equal(0, core.Router.Subscriptions.Count + core.Router.Subscriptions.SharedCount);
        Assert.DoesNotContain(Log.Lines, line => line.Level >= LogLevel.Error && !_expectedErrors.Exists(error => line.Text.StartsWith(error, StringComparison.Ordinal)));
    }
}
