using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Nightjar.Transport.InMemory;

namespace Nightjar.Transport;

/// <summary>Listener for connections within the process.</summary>
public sealed class MemoryListener : TransportListener
{
    private readonly Channel<TransportConnection> _pending = Channel.CreateUnbounded<TransportConnection>();
    private readonly MemoryTransportOptions _options;
    private readonly MemoryEndPoint _endPoint;
    private int _connections;

    /// <summary>Makes a listener.</summary>
    /// <param name="options">Capacity and pool of its connections.</param>
    /// <param name="name">What it is called in logs.</param>
    public MemoryListener(MemoryTransportOptions? options = null, string name = "memory")
    {
        _options = options ?? new MemoryTransportOptions();
        _endPoint = new MemoryEndPoint(name);
    }

    /// <inheritdoc/>
    public override EndPoint LocalEndPoint => _endPoint;

    /// <summary>Connects to this listener.</summary>
    /// <exception cref="SocketException">ConnectionRefused: the listener is closed.</exception>
    public ValueTask<TransportConnection> ConnectAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string name = $"{_endPoint.Name}:{Interlocked.Increment(ref _connections)}";
        (TransportConnection client, TransportConnection server) =
            MemoryConnection.CreatePair(_options, new MemoryEndPoint(name), _endPoint);
        if (!_pending.Writer.TryWrite(server))
            throw new SocketException((int)SocketError.ConnectionRefused);
        return new ValueTask<TransportConnection>(client);
    }

    /// <inheritdoc/>
    public override async ValueTask<TransportConnection?> AcceptAsync(CancellationToken cancellationToken)
    {
        while (await _pending.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_pending.Reader.TryRead(out TransportConnection? connection))
                return connection;
        }
        return null;
    }

    /// <summary>Stops listening. Connections that nobody accepted are reset.</summary>
    public override async ValueTask DisposeAsync()
    {
        _pending.Writer.TryComplete();
        while (_pending.Reader.TryRead(out TransportConnection? connection))
            await connection.DisposeAsync().ConfigureAwait(false);
    }
}
