using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Nightjar.Transport;
using Nightjar.Transport.Buffers;
using Nightjar.Transport.Tls;

namespace Nightjar.Testing.Broker;

/// <summary>A listener in memory whose connections pose as coming from an address, and as having done a TLS handshake.</summary>
public sealed class PosingListener(BufferPool pool) : TransportListener
{
    private readonly MemoryListener _inner = new(new MemoryTransportOptions { BufferPool = pool, Capacity = 1 << 20 });

    /// <inheritdoc/>
    public override EndPoint LocalEndPoint => _inner.LocalEndPoint;

    /// <summary>Where the connections accepted from now on come from.</summary>
    public EndPoint? RemoteEndPoint { get; set; }

    /// <summary>What TLS agreed on with the connections accepted from now on; null for no TLS.</summary>
    public TlsSession? Tls { get; set; }

    /// <summary>Connects to this listener.</summary>
    public ValueTask<TransportConnection> ConnectAsync() => _inner.ConnectAsync();

    /// <inheritdoc/>
    public override async ValueTask<TransportConnection?> AcceptAsync(CancellationToken cancellationToken) =>
        await _inner.AcceptAsync(cancellationToken) is { } connection ? new PosingConnection(connection, RemoteEndPoint, Tls) : null;

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => _inner.DisposeAsync();

    private sealed class PosingConnection(TransportConnection inner, EndPoint? remote, TlsSession? tls) : TransportConnection
    {
        public override PipeReader Input => inner.Input;

        public override OutputPipeWriter Output => inner.Output;

        public override EndPoint? LocalEndPoint => inner.LocalEndPoint;

        public override EndPoint? RemoteEndPoint => remote;

        public override SocketError Error => inner.Error;

        public override TlsSession? Tls => tls;

        public override void Abort() => inner.Abort();

        public override ValueTask CloseAsync(TimeSpan linger) => inner.CloseAsync(linger);

        public override ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
