using System.Buffers.Binary;
using System.Text;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Transport.Tests.WebSockets;

/// <summary>A listener in memory and clients that send it bytes as they are given.</summary>
internal sealed class WebSocketPeer : IAsyncDisposable
{
    internal const string Request =
        "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";

    // The accept key is that of RFC 6455 §1.3.
    internal const string Answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";

    internal static readonly byte[] Key = [0x11, 0x22, 0x33, 0x44];

    private readonly LeakCheck _leaks = new();
    private readonly MemoryListener _memory;
    private readonly List<TransportConnection> _connections = [];

    internal WebSocketPeer(Nightjar.Transport.WebSockets.WebSocketListenerOptions? options = null, int capacity = 64 * 1024)
    {
        _memory = new MemoryListener(new MemoryTransportOptions { BufferPool = _leaks.Pool, Capacity = capacity });
        options ??= new Nightjar.Transport.WebSockets.WebSocketListenerOptions();
        Listener = new Nightjar.Transport.WebSockets.WebSocketListener(_memory, options with { BufferPool = _leaks.Pool });
    }

    internal TransportListener Listener { get; }

    /// <summary>A connection on which nothing was sent.</summary>
    internal async Task<TransportConnection> OpenAsync()
    {
        TransportConnection client = await _memory.ConnectAsync();
        _connections.Add(client);
        return client;
    }

    internal async Task<TransportConnection> AcceptAsync()
    {
        TransportConnection? server = await Listener.AcceptAsync(CancellationToken.None).AsTask().WaitAsync(Wire.Guard);
        Assert.NotNull(server);
        _connections.Add(server);
        return server;
    }

    /// <summary>A client after its handshake, and what the listener made of it.</summary>
    internal async Task<(TransportConnection Client, TransportConnection Server)> ConnectAsync()
    {
        TransportConnection client = await OpenAsync();
        client.Send(Encoding.ASCII.GetBytes(Request));
        TransportConnection server = await AcceptAsync();
        Assert.Equal(Answer, await client.ReadTextAsync(Answer.Length));
        return (client, server);
    }

    /// <summary>A client's frame.</summary>
    internal static byte[] Frame(int opcode, ReadOnlySpan<byte> payload, bool isFinal = true)
    {
        var frame = new List<byte> { (byte)((isFinal ? 0x80 : 0) | opcode) };
        Span<byte> length = stackalloc byte[8];
        if (payload.Length < 126)
        {
            frame.Add((byte)(0x80 | payload.Length));
        }
        else if (payload.Length <= ushort.MaxValue)
        {
            frame.Add(0x80 | 126);
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)payload.Length);
            frame.AddRange(length[..2]);
        }
        else
        {
            frame.Add(0x80 | 127);
            BinaryPrimitives.WriteInt64BigEndian(length, payload.Length);
            frame.AddRange(length);
        }
        frame.AddRange(Key);
        for (int i = 0; i < payload.Length; i++)
            frame.Add((byte)(payload[i] ^ Key[i % 4]));
        return [.. frame];
    }

    /// <summary>Closes everything and fails when a block is left.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (TransportConnection connection in _connections)
            await connection.DisposeAsync();
        await Listener.DisposeAsync();
        await _leaks.AssertReturnsToZeroAsync();
    }
}
