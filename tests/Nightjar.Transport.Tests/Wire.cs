using System.Buffers;
using System.IO.Pipelines;

namespace Nightjar.Transport.Tests;

/// <summary>Short forms of what most tests do to a connection.</summary>
internal static class Wire
{
    /// <summary>Longer than anything here takes; what exceeds it hangs.</summary>
    internal static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    /// <summary>Bytes that differ from their neighbours over long distances.</summary>
    internal static byte[] Pattern(int length, int seed = 7)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal static void Write(this TransportConnection connection, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(connection.Output.GetSpan(bytes.Length));
        connection.Output.Advance(bytes.Length);
    }

    internal static void Send(this TransportConnection connection, ReadOnlySpan<byte> bytes)
    {
        connection.Write(bytes);
        if (connection.Output.Commit())
            connection.Output.Send();
    }

    /// <summary>Reads until that many bytes came or the stream ended.</summary>
    internal static async Task<byte[]> ReadAsync(this TransportConnection connection, int length)
    {
        var received = new MemoryStream();
        while (received.Length < length)
        {
            ReadResult result = await connection.Input.ReadAsync().AsTask().WaitAsync(Guard);
            ReadOnlySequence<byte> part = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, length - received.Length));
            foreach (ReadOnlyMemory<byte> segment in part)
                received.Write(segment.Span);
            bool ended = result.IsCompleted && part.Length == result.Buffer.Length;
            connection.Input.AdvanceTo(part.End);
            if (ended)
                break;
        }
        return received.ToArray();
    }

    /// <summary>The same, as ASCII.</summary>
    internal static async Task<string> ReadTextAsync(this TransportConnection connection, int length) =>
        System.Text.Encoding.ASCII.GetString(await connection.ReadAsync(length));

    internal static Task<byte[]> ReadToEndAsync(this TransportConnection connection) => connection.ReadAsync(int.MaxValue);
}
