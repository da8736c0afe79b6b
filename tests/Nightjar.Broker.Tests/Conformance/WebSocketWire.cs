using System.Buffers;
using System.Text;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Transport;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>The client side of one WebSocket, byte by byte: frames are sent as they are given, and what the broker sends is taken out of its frames.</summary>
internal sealed class WebSocketWire(TransportConnection transport) : IAsyncDisposable
{
    private static readonly byte[] Key = [0xA1, 0x5C, 0x00, 0xFF];
    private readonly List<byte> _payload = [];

    /// <summary>Sends an opening handshake that offers subprotocols; null for no such header.</summary>
    internal Task SendRequestAsync(string? subprotocols) => SendAsync(Encoding.ASCII.GetBytes(
        "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + (subprotocols is null ? "" : $"Sec-WebSocket-Protocol: {subprotocols}\r\n") + "\r\n"));

    /// <summary>Waits for the head of the answer to the handshake.</summary>
    internal async Task<string> ReceiveAnswerAsync()
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal)) head.Append((char)(await ReadAsync(1))[0]);
        return head.ToString();
    }

    /// <summary>Sends one masked frame.</summary>
    internal Task SendFrameAsync(int opcode, ReadOnlySpan<byte> payload, bool isFinal = true)
    {
        Assert.InRange(payload.Length, 0, 65_535);
        var frame = new List<byte> { (byte)((isFinal ? 0x80 : 0) | opcode) };
        if (payload.Length < 126) frame.Add((byte)(0x80 | payload.Length));
        else frame.AddRange([0xFE, (byte)(payload.Length >> 8), (byte)payload.Length]);
        frame.AddRange(Key);
        for (var i = 0; i < payload.Length; i++) frame.Add((byte)(payload[i] ^ Key[i % 4]));
        return SendAsync(frame.ToArray());
    }

    /// <summary>Sends MQTT bytes in one binary frame.</summary>
    internal Task SendBinaryAsync(ReadOnlySpan<byte> payload) => SendFrameAsync(2, payload);

    /// <summary>Waits for the next MQTT packet; whatever carries it must be binary frames [MQTT-6.0.0-1].</summary>
    internal async Task<byte[]> ReceivePacketAsync()
    {
        while (true)
        {
            if (FrameReader.TryRead(_payload.ToArray(), int.MaxValue, out var packet, out _) == ReadStatus.Complete)
            {
                var bytes = _payload.GetRange(0, packet.Length).ToArray();
                _payload.RemoveRange(0, bytes.Length);
                return bytes;
            }

            var (opcode, payload) = await ReceiveFrameAsync();
            Assert.Equal(2, opcode);
            _payload.AddRange(payload);
        }
    }

    /// <summary>Waits for the next frame, which must be final and not masked.</summary>
    internal async Task<(int Opcode, byte[] Payload)> ReceiveFrameAsync()
    {
        var header = await ReadAsync(2);
        Assert.Equal(0x80, header[0] & 0xF0);
        var length = (int)header[1];
        Assert.InRange(length, 0, 126);
        if (length < 126) return (header[0] & 0x0F, await ReadAsync(length));
        var extended = await ReadAsync(2);
        return (header[0] & 0x0F, await ReadAsync((extended[0] << 8) | extended[1]));
    }

    /// <summary>Waits for the end of the connection; no byte may come before it.</summary>
    internal async Task ExpectClosedAsync()
    {
        Assert.Empty(_payload);
        Assert.Empty(await ReadAsync(1, orEnd: true));
        await transport.CloseAsync(TimeSpan.Zero);
    }

    public ValueTask DisposeAsync() => transport.DisposeAsync();

    private async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        bytes.Span.CopyTo(transport.Output.GetSpan(bytes.Length));
        transport.Output.Advance(bytes.Length);
        await transport.Output.FlushAsync();
    }

    private async Task<byte[]> ReadAsync(int count, bool orEnd = false)
    {
        using var guard = new CancellationTokenSource(Wait.Guard);
        while (count > 0)
        {
            var result = await transport.Input.ReadAsync(guard.Token);
            if (result.Buffer.Length >= count)
            {
                var bytes = result.Buffer.Slice(0, count);
                var copy = bytes.ToArray();
                transport.Input.AdvanceTo(bytes.End);
                return copy;
            }

            transport.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (orEnd && result.IsCompleted) return result.Buffer.IsEmpty ? [] : throw new InvalidOperationException("The end came within a frame.");
            Assert.False(result.IsCompleted, "The connection was closed where bytes were expected.");
        }

        return [];
    }
}
