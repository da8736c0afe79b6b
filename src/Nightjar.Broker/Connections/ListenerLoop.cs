using System.Net;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Limits;
using Nightjar.Transport;

namespace Nightjar.Broker.Connections;

/// <summary>Accepts the connections of one listener and has each of them served.</summary>
internal sealed class ListenerLoop
{
    private readonly BrokerCore _core;
    private readonly TransportListener _listener;
    private readonly bool _isJudgedBefore;
    private volatile ListenerOptions _options;
    private ListenerLoop? _successor;
    private int _connections;

    internal ListenerLoop(BrokerCore core, ListenerStack stack, ListenerOptions options)
    {
        _core = core;
        Stack = stack;
        _listener = stack.Top;
        _options = options;
        _isJudgedBefore = stack.JudgeBeforeHandshake(IsAddressAdmitted);
        Completion = Task.Run(RunAsync);
    }

    /// <summary>What holds for connections accepted from now on; a reload swaps it.</summary>
    internal ListenerOptions Options
    {
        get => _options;
        set
        {
            _options = value;
            Stack.Take(value);
        }
    }

    /// <summary>The listener whose socket took the place of this one's, by which its clients are judged; null while its own is open.</summary>
    internal ListenerLoop? Successor
    {
        get => Volatile.Read(ref _successor);
        set => Volatile.Write(ref _successor, value);
    }

    /// <summary>The last of the listeners that followed each other in this place.</summary>
    internal ListenerLoop Current
    {
        get
        {
            var loop = this;
            while (loop.Successor is { } next) loop = next;
            // The next look takes one step.
            if (!ReferenceEquals(loop, this)) Successor = loop;
            return loop;
        }
    }

    /// <summary>Whether a reload may close it: it is one of the options', not one the application brought.</summary>
    internal bool IsConfigured { get; init; }

    /// <summary>A reload has taken the listener away: its clients go too.</summary>
    internal bool IsRemoved { get; set; }

    internal ListenerStack Stack { get; }

    internal EndPoint LocalEndPoint => _listener.LocalEndPoint;

    /// <summary>Completes when the listener is closed.</summary>
    internal Task Completion { get; }

    internal ValueTask CloseAsync() => _listener.DisposeAsync();

    /// <summary>One of its connections is gone.</summary>
    internal void OnEnded() => Interlocked.Decrement(ref _connections);

    private async Task RunAsync()
    {
        while (await _listener.AcceptAsync(CancellationToken.None) is { } transport)
        {
            if ((_isJudgedBefore || IsAddressAdmitted(transport)) && TryAdmit(transport, out var connection))
            {
                Announce(connection);
                connection.Ended = connection.RunAsync();
                continue;
            }

            transport.Abort();
            await transport.DisposeAsync();
        }
    }

    // Who has no address, over a unix domain socket or in memory, is under the rules of files or of the application.
    private bool IsAddressAdmitted(TransportConnection transport)
    {
        var options = _options;
        var perSecond = _core.Environment.Options.MaximumConnectRate;
        if ((perSecond == 0 && options.AllowFrom.Count == 0 && options.DenyFrom.Count == 0)
            || !AddressKey.TryGetAddress(transport.RemoteEndPoint, out var address))
        {
            return true;
        }

        if (AddressKey.IsIn(options.DenyFrom, address) || (options.AllowFrom.Count > 0 && !AddressKey.IsIn(options.AllowFrom, address)))
        {
            Deny(transport, BrokerLimit.AddressRules, "address not allowed");
            return false;
        }

        if (perSecond == 0 || _core.ConnectRates.TryTake(AddressKey.Of(address), _core.Environment.Clock.Now, perSecond)) return true;
        Deny(transport, BrokerLimit.MaximumConnectRate, "connection rate exceeded");
        return false;
    }

    private bool TryAdmit(TransportConnection transport, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ClientConnection? connection)
    {
        connection = null;
        if (_options.MaximumConnections >= 0 && Volatile.Read(ref _connections) >= _options.MaximumConnections)
        {
            Deny(transport, BrokerLimit.ListenerConnections, "max_connections exceeded");
            return false;
        }

        var candidate = new ClientConnection(_core, transport, _options) { Loop = this };
        if (!_core.Connections.TryAdd(candidate, _core.Environment.Options.MaximumConnections))
        {
            Deny(transport, BrokerLimit.MaximumConnections, "max_connections exceeded");
            return false;
        }

        connection = candidate;
        Interlocked.Increment(ref _connections);
        return true;
    }

    private void Deny(TransportConnection transport, BrokerLimit limit, string reason)
    {
        _core.Environment.Counters.CountLimit(limit);
        if (_core.PeerLog.TryTake(_core.Environment.Clock.Now))
            BrokerLog.ConnectionDenied(_core.Environment.Log, ClientConnection.ToAddressText(transport.RemoteEndPoint, _listener.LocalEndPoint), reason);
    }

    private void Announce(ClientConnection connection)
    {
        var environment = _core.Environment;
        if (environment.Options.ConnectionMessages && environment.Log.IsEnabled(Microsoft.Extensions.Logging.LogLevel.Information) && _core.PeerLog.TryTake(environment.Clock.Now))
            BrokerLog.NewConnection(environment.Log, connection.AddressText, (connection.LocalEndPoint as IPEndPoint)?.Port ?? 0);
    }
}
