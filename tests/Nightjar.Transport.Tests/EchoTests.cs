using System.Buffers;
using System.IO.Pipelines;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Transport.Tests;

public class EchoTests
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(TransportKind.Socket, 1)]
    [InlineData(TransportKind.EventLoop, 1)]
    [InlineData(TransportKind.Socket, 2)]
    [InlineData(TransportKind.EventLoop, 2)]
    [InlineData(TransportKind.Socket, 3)]
    [InlineData(TransportKind.EventLoop, 3)]
    [InlineData(TransportKind.SocketV6, 4)]
    [InlineData(TransportKind.Memory, 5)]
    [InlineData(TransportKind.Memory, 6)]
    [InlineData(TransportKind.Memory, 7)]
    public async Task Echo_RandomSizesAndSegmentation_ReturnsSameBytes(TransportKind kind, int seed)
    {
        var leaks = new LeakCheck();
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool))
        {
            var random = new Random(seed);
            byte[] data = new byte[3_000_000];
            random.NextBytes(data);
            Task echo = EchoAsync(pair.Server, data.Length, new Random(seed + 1000));
            Task write = WriteAsync(pair.Client, data, new Random(seed + 2000));
            byte[] received = await ReadAllAsync(pair.Client, data.Length, new Random(seed + 3000)).WaitAsync(Guard);
            await write.WaitAsync(Guard);
            Assert.True(data.AsSpan().SequenceEqual(received), $"seed {seed}");
            await pair.Client.CloseAsync(Guard).AsTask().WaitAsync(Guard);
            await echo.WaitAsync(Guard);
            Assert.Equal(System.Net.Sockets.SocketError.Success, pair.Client.Error);
            Assert.Equal(System.Net.Sockets.SocketError.Success, pair.Server.Error);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    private static async Task WriteAsync(TransportConnection connection, byte[] data, Random random)
    {
        int offset = 0;
        while (offset < data.Length)
        {
            int pieces = random.Next(1, 6);
            for (int i = 0; i < pieces && offset < data.Length; i++)
            {
                int count = Math.Min(RandomSize(random), data.Length - offset);
                data.AsSpan(offset, count).CopyTo(connection.Output.GetSpan(count));
                connection.Output.Advance(count);
                offset += count;
            }
            await connection.Output.FlushAsync();
        }
    }

    private static int RandomSize(Random random) => random.Next(8) switch
    {
        0 => random.Next(1, 200_000),
        1 or 2 => random.Next(1, 20_000),
        3 or 4 => random.Next(1, 2_000),
        _ => random.Next(1, 300),
    };

    private static async Task<byte[]> ReadAllAsync(TransportConnection connection, int length, Random random)
    {
        var result = new MemoryStream();
        while (result.Length < length)
        {
            ReadResult read = await connection.Input.ReadAsync();
            Assert.False(read.IsCompleted && read.Buffer.IsEmpty, $"ended at {result.Length}: {connection.Error}");
            Consume(connection, read, random, length - result.Length, span => result.Write(span));
        }
        return result.ToArray();
    }

    private static async Task EchoAsync(TransportConnection connection, long left, Random random)
    {
        while (true)
        {
            ReadResult read = await connection.Input.ReadAsync();
            if (read.Buffer.IsEmpty && read.IsCompleted)
                break;
            left -= Consume(connection, read, random, left, span => connection.Output.Write(span));
            if (connection.Output.Commit())
                connection.Output.Send();
        }
        await connection.CloseAsync(Guard);
    }

    // Takes a part, and sometimes asks for more before it takes the rest.
    private static long Consume(TransportConnection connection, ReadResult read, Random random, long left, SpanAction sink)
    {
        ReadOnlySequence<byte> buffer = read.Buffer;
        long count = random.Next(3) > 0 ? buffer.Length : random.NextInt64(0, buffer.Length + 1);
        foreach (ReadOnlyMemory<byte> segment in buffer.Slice(0, count))
            sink(segment.Span);
        SequencePosition consumed = buffer.GetPosition(count);
        bool waitsForMore = count > 0 && count < buffer.Length && buffer.Length < left && random.Next(2) == 0;
        connection.Input.AdvanceTo(consumed, waitsForMore ? buffer.End : consumed);
        return count;
    }

    private delegate void SpanAction(ReadOnlySpan<byte> span);
}
