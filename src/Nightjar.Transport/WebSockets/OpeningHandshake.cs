using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;

namespace Nightjar.Transport.WebSockets;

/// <summary>The server's half of the opening handshake (RFC 6455 §4.2).</summary>
internal static class OpeningHandshake
{
    /// <summary>Most bytes of a request, its last empty line included.</summary>
    internal const int MaximumRequestSize = 8 * 1024;

    // How long a refused peer has to take its answer.
    private static readonly TimeSpan RefusalLinger = TimeSpan.FromSeconds(1);

    private static readonly byte[] s_badRequest =
        "HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"u8.ToArray();

    private static readonly byte[] s_forbidden = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"u8.ToArray();

    /// <summary>Reads the request and answers it. What follows the request stays unread.</summary>
    /// <returns>False: the peer was refused, and told unless it had gone; the connection is only to be disposed of.</returns>
    /// <remarks>Does not throw for what a peer sends. The caller bounds the time by aborting the connection.</remarks>
    internal static async Task<bool> TryAcceptAsync(TransportConnection connection, WebSocketListenerOptions options)
    {
        int searched = 0;
        while (true)
        {
            ReadResult result = await connection.Input.ReadAsync().ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            byte[]? answer = Answer(buffer, options, ref searched, out int length, out bool isAccepted);
            connection.Input.AdvanceTo(buffer.GetPosition(length), length > 0 ? buffer.GetPosition(length) : buffer.End);
            if (answer is null && result.IsCompleted)
                return false;
            if (answer is null)
                continue;
            answer.CopyTo(connection.Output.GetSpan(answer.Length));
            connection.Output.Advance(answer.Length);
            if (connection.Output.Commit())
                connection.Output.Send();
            if (!isAccepted)
                await connection.CloseAsync(RefusalLinger).ConfigureAwait(false);
            return isAccepted;
        }
    }

    // Null: the request is not complete. length: what is to be consumed.
    private static byte[]? Answer(
        in ReadOnlySequence<byte> buffer, WebSocketListenerOptions options, ref int searched, out int length, out bool isAccepted)
    {
        int size = (int)Math.Min(buffer.Length, MaximumRequestSize);
        if (buffer.FirstSpan.Length >= size)
            return Answer(buffer.FirstSpan[..size], options, ref searched, out length, out isAccepted);
        byte[] copy = ArrayPool<byte>.Shared.Rent(MaximumRequestSize);
        buffer.Slice(0, size).CopyTo(copy);
        byte[]? answer = Answer(copy.AsSpan(0, size), options, ref searched, out length, out isAccepted);
        ArrayPool<byte>.Shared.Return(copy);
        return answer;
    }

    private static byte[]? Answer(
        ReadOnlySpan<byte> bytes, WebSocketListenerOptions options, ref int searched, out int length, out bool isAccepted)
    {
        isAccepted = false;
        length = 0;

        // Whoever speaks another protocol is not waited for.
        ReadOnlySpan<byte> method = "GET "u8;
        if (!bytes[..Math.Min(bytes.Length, method.Length)].SequenceEqual(method[..Math.Min(bytes.Length, method.Length)]))
        {
            length = bytes.Length;
            return s_badRequest;
        }
        int end = bytes[searched..].IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            searched = Math.Max(0, bytes.Length - 3);
            length = bytes.Length < MaximumRequestSize ? 0 : bytes.Length;
            return length == 0 ? null : s_badRequest;
        }
        end += searched;
        length = end + 4;
        if (!UpgradeRequest.TryParse(bytes[..(end + 2)], out UpgradeRequest request))
            return s_badRequest;
        isAccepted = IsAllowed(request.Origin, options.AllowedOrigins);
        return isAccepted ? Accept(request) : s_forbidden;
    }

    private static bool IsAllowed(ReadOnlySpan<byte> origin, IReadOnlyList<string> allowed)
    {
        for (int i = 0; i < allowed.Count; i++)
        {
            if (origin.SequenceEqual(Encoding.UTF8.GetBytes(allowed[i])))
                return true;
        }
        return allowed.Count == 0;
    }

    // Spelling and order of the headers are Mosquitto's; there are clients that compare them.
    private static byte[] Accept(in UpgradeRequest request) => Encoding.ASCII.GetBytes(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n" +
        $"Sec-WebSocket-Accept: {AcceptKey(request.Key)}\r\nSec-WebSocket-Protocol: {Encoding.ASCII.GetString(request.Protocol)}\r\n\r\n");

    [SuppressMessage("Security", "CA5350", Justification = "RFC 6455 §4.2.2 demands SHA-1; nothing is kept secret by it.")]
    private static string AcceptKey(ReadOnlySpan<byte> key)
    {
        ReadOnlySpan<byte> guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"u8;
        Span<byte> text = stackalloc byte[key.Length + guid.Length];
        key.CopyTo(text);
        guid.CopyTo(text[key.Length..]);
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData(text, hash);
        return Convert.ToBase64String(hash);
    }
}
