using System.Net;
using System.Net.Sockets;
using Nightjar.Transport.Buffers;

namespace Nightjar.Transport.Tests;

/// <summary>Two connected ends of either transport.</summary>
public sealed class TransportPair : IAsyncDisposable
{
    private readonly TransportListener? _listener;

    private TransportPair(TransportConnection client, TransportConnection server, TransportListener? listener)
    {
        Client = client;
        Server = server;
        _listener = listener;
    }

    /// <summary>The end that connected.</summary>
    public TransportConnection Client { get; }

    /// <summary>The end that was accepted.</summary>
    public TransportConnection Server { get; }

    /// <summary>Connects two ends.</summary>
    public static async Task<TransportPair> CreateAsync(TransportKind kind, BufferPool pool, int capacity = 0)
    {
        if (kind == TransportKind.Memory)
        {
            var memory = new MemoryTransportOptions { BufferPool = pool, Capacity = capacity == 0 ? 64 * 1024 : capacity };
            (TransportConnection client, TransportConnection server) = MemoryTransport.CreatePair(memory);
            return new TransportPair(client, server, null);
        }
        var options = new SocketTransportOptions { BufferPool = pool, SendBufferSize = capacity, ReceiveBufferSize = capacity, EventLoops = kind == TransportKind.EventLoop };
        IPAddress address = kind == TransportKind.SocketV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback;
        TransportListener listener = SocketTransport.Listen(new IPEndPoint(address, 0), options);
        ValueTask<TransportConnection?> accepting = listener.AcceptAsync(CancellationToken.None);
        TransportConnection connected = await SocketTransport.ConnectAsync(listener.LocalEndPoint, options, CancellationToken.None);
        return new TransportPair(connected, (await accepting)!, listener);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
        if (_listener is not null)
            await _listener.DisposeAsync();
    }
}
