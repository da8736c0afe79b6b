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
    private volatile ListenerLoop? _successor;
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

    /// <summary>The socket is closed, and another is about to take its place: its clients are judged by what that one says.</summary>
    internal void JudgeBy(ListenerOptions options) => _options = options;

    /// <summary>The listener that took the place of this one when its socket was closed; null while none has.</summary>
    internal ListenerLoop? Successor
    {
        get => _successor;
        set => _successor = value;
    }

    /// <summary>Who speaks for the clients of this listener now: itself, or the last one that took its place.</summary>
    internal ListenerLoop Current
    {
        get
        {
            var current = this;
            while (current.Successor is { } successor) current = successor;
            // The next look finds it in one step, and those between are let go.
            if (!ReferenceEquals(current, this)) Successor = current;
            return current;
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

    private async Task RunAsync()
    {
        while (await _listener.AcceptAsync(CancellationToken.None) is { } transport)
        {
            if ((_isJudgedBefore || IsAddressAdmitted(transport)) && TryAdmit(transport, out var connection))
            {
                connection.Ended = ServeAsync(connection);
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

    private async Task ServeAsync(ClientConnection connection)
    {
        var environment = _core.Environment;
        if (environment.Options.ConnectionMessages && environment.Log.IsEnabled(Microsoft.Extensions.Logging.LogLevel.Information) && _core.PeerLog.TryTake(environment.Clock.Now))
            BrokerLog.NewConnection(environment.Log, connection.AddressText, (connection.LocalEndPoint as IPEndPoint)?.Port ?? 0);
        await connection.RunAsync();
        Interlocked.Decrement(ref _connections);
    }
}
