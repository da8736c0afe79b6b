using System.Net;
using Nightjar.Broker;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Connections;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;
using Nightjar.Transport.Buffers;
using Xunit;

namespace Nightjar.Testing.Broker;

/// <summary>
/// A broker whose every step is a call: no thread, no socket, no timer of its own. For counting what a message costs, and for cases of many
/// thousands of clients.
/// </summary>
/// <remarks>One thread, which is left without a synchronisation context until the broker is disposed.</remarks>
public sealed class SteppedBroker : IDisposable
{
    private readonly BufferPool _pool = new();
    private readonly ListenerOptions _listener;
    private readonly SynchronizationContext? _outer = SynchronizationContext.Current;
    private readonly List<SteppedClient> _clients = [];

    /// <summary>Makes a broker.</summary>
    public SteppedBroker(BrokerOptions? options = null, IAuthorizer? authorizer = null, ListenerOptions? listener = null, MqttBrokerStore? store = null)
    {
        SynchronizationContext.SetSynchronizationContext(null);
        _listener = listener ?? new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) };
        Broker = new MqttBroker(options ?? new BrokerOptions { SysInterval = TimeSpan.Zero }, Log, Clock, null, authorizer, store: store);
    }

    /// <summary>The clock of the broker.</summary>
    public FakeTimeProvider Clock { get; } = new();

    /// <summary>Where the blocks of its connections come from.</summary>
    public BufferPool Buffers => _pool;

    /// <summary>What it logged.</summary>
    public RecordingLogger Log { get; } = new();

    /// <summary>The broker.</summary>
    public MqttBroker Broker { get; }

    /// <summary>A client whose CONNECT was accepted.</summary>
    public SteppedClient Connect(
        string clientId, ProtocolVersion version = ProtocolVersion.Mqtt50, bool cleanStart = true, uint sessionExpiry = 0, ushort receiveMaximum = 0,
        ushort topicAliasMaximum = 0, TestWill? will = null)
    {
        var client = TryConnect(WirePackets.Connect(version, clientId, cleanStart, sessionExpiry, 0, receiveMaximum, 0, topicAliasMaximum, null, will), version, out var code);
        Assert.Equal(ReasonCode.Success, code);
        client.Connection.ClearSent();
        return client;
    }

    /// <summary>A client that sends a CONNECT; what came with CONNACK is still in <see cref="SteppedConnection.Sent"/>.</summary>
    /// <param name="connect">The packet.</param>
    /// <param name="version">Its version.</param>
    /// <param name="code">What CONNACK said.</param>
    /// <param name="listener">The listener it comes by; null for the broker's.</param>
    public SteppedClient TryConnect(byte[] connect, ProtocolVersion version, out ReasonCode code, ListenerOptions? listener = null)
    {
        var transport = new SteppedConnection(_pool);
        var connection = new ClientConnection(Broker.Core, transport, listener ?? _listener);
        Assert.True(Broker.Core.Connections.TryAdd(connection, -1));
        connection.Ended = connection.RunAsync();
        var client = new SteppedClient(transport, version);
        _clients.Add(client);
        client.Feed(connect);
        client.AwaitSent(4);
        Assert.Equal(PacketType.ConnAck, (PacketType)(transport.Sent[0] >> 4));
        code = (ReasonCode)transport.Sent[3];
        return client;
    }

    /// <summary>Lets every client answer what it was sent, again and again until nobody has anything to say.</summary>
    public static void Settle(params ReadOnlySpan<SteppedClient> clients)
    {
        bool more;
        do
        {
            more = false;
            foreach (var client in clients) more |= client.Answer();
        }
        while (more);
    }

    /// <summary>Moves the clock on and lets the broker do what is due.</summary>
    public void Advance(TimeSpan by)
    {
        Clock.Advance(by);
        Broker.Tick();
    }

    /// <summary>Ends every connection and session, and fails when anything is left over.</summary>
    public void Dispose()
    {
        var core = Broker.Core;
        foreach (var client in _clients) client.Connection.End();
        foreach (var session in core.Sessions.Table.ToArray())
        {
            var context = BatchContext.Begin();
            core.Sessions.End(session, context);
            context.End(core.Environment.Counters);
        }

        SynchronizationContext.SetSynchronizationContext(_outer);
        Assert.Equal(0, Broker.ConnectionCount);
        Assert.Equal(0, _pool.Outstanding);
        Assert.Equal(0, core.Environment.Messages.Outstanding);
        Assert.Equal(0, core.Environment.Messages.Bytes);
        Assert.Equal(0, core.Environment.Wheel.Count);
        Assert.Equal(0, core.Router.Subscriptions.Count + core.Router.Subscriptions.SharedCount);
    }
}
