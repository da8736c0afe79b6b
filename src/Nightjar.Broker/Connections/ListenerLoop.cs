using System.Net;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Diagnostics;
using Nightjar.Transport;

namespace Nightjar.Broker.Connections;

/// <summary>Accepts the connections of one listener and has each of them served.</summary>
internal sealed class ListenerLoop
{
    private readonly BrokerCore _core;
    private readonly TransportListener _listener;
    private volatile ListenerOptions _options;
    private int _connections;

    internal ListenerLoop(BrokerCore core, TransportListener listener, ListenerOptions options)
    {
        _core = core;
        _listener = listener;
        _options = options;
        Completion = Task.Run(RunAsync);
    }

    /// <summary>What holds for connections accepted from now on; a reload swaps it.</summary>
    internal ListenerOptions Options
    {
        get => _options;
        set => _options = value;
    }

    /// <summary>Whether a reload may close it: it is one of the options', not one the application brought.</summary>
    internal bool IsConfigured { get; init; }

    /// <summary>A reload has taken the listener away: its clients go too.</summary>
    internal bool IsRemoved { get; set; }

    internal TransportListener Listener => _listener;

    internal EndPoint LocalEndPoint => _listener.LocalEndPoint;

    /// <summary>Completes when the listener is closed.</summary>
    internal Task Completion { get; }

    internal ValueTask CloseAsync() => _listener.DisposeAsync();

    private async Task RunAsync()
    {
        while (await _listener.AcceptAsync(CancellationToken.None) is { } transport)
        {
            var connection = new ClientConnection(_core, transport, _options) { Loop = this };
            if (TryAdmit(connection))
            {
                connection.Ended = ServeAsync(connection);
                continue;
            }

            if (_core.PeerLog.TryTake(_core.Environment.Clock.Now)) BrokerLog.ConnectionDenied(_core.Environment.Log, connection.AddressText);
            transport.Abort();
            await transport.DisposeAsync();
        }
    }

    private bool TryAdmit(ClientConnection connection)
    {
        if (_options.MaximumConnections >= 0 && Volatile.Read(ref _connections) >= _options.MaximumConnections) return false;
        if (!_core.Connections.TryAdd(connection, _core.Environment.Options.MaximumConnections)) return false;
        Interlocked.Increment(ref _connections);
        return true;
    }

    private async Task ServeAsync(ClientConnection connection)
    {
        var log = _core.Environment.Log;
        if (log.IsEnabled(Microsoft.Extensions.Logging.LogLevel.Information) && _core.PeerLog.TryTake(_core.Environment.Clock.Now))
            BrokerLog.NewConnection(log, connection.AddressText, (connection.LocalEndPoint as IPEndPoint)?.Port ?? 0);
        await connection.RunAsync();
        Interlocked.Decrement(ref _connections);
    }
}
