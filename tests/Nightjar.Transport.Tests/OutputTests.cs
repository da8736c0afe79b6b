using Nightjar.Testing;
using Xunit;

namespace Nightjar.Transport.Tests;

public class OutputTests
{
    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task Send_PeerStopsReading_KeepsTheRestAndTellsWhenDrained(TransportKind kind)
    {
        var leaks = new LeakCheck();
        byte[] data = Wire.Pattern(8_000_000);
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool, capacity: 32 * 1024))
        {
            var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            pair.Client.Output.OnDrained(static state => ((TaskCompletionSource)state!).TrySetResult(), drained);
            for (int i = 0; i < data.Length; i += 1000)
                pair.Client.Send(data.AsSpan(i, 1000));
            Assert.True(pair.Client.Output.UnsentBytes > 1_000_000);
            Assert.False(drained.Task.IsCompleted);
            Assert.Equal(data, await pair.Server.ReadAsync(data.Length));
            await drained.Task.WaitAsync(Wire.Guard);
            Assert.Equal(0, pair.Client.Output.UnsentBytes);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task Commit_WhileASendIsBlocked_ReturnsFalseAndFillsBlocks(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool, capacity: 8 * 1024))
        {
            byte[] data = Wire.Pattern(4_000_000);
            pair.Client.Send(data);
            Assert.True(pair.Client.Output.UnsentBytes > 0);
            long before = leaks.Pool.Outstanding;
            byte[] message = Wire.Pattern(100, seed: 9);
            for (int i = 0; i < 1000; i++)
            {
                pair.Client.Write(message);
                Assert.False(pair.Client.Output.Commit());
            }
            Assert.InRange(leaks.Pool.Outstanding - before, 0, 15);
            byte[] received = await pair.Server.ReadAsync(data.Length + 100_000);
            Assert.True(received.AsSpan(0, data.Length).SequenceEqual(data));
            Assert.True(received.AsSpan(received.Length - 100).SequenceEqual(message));
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task GetSpan_LargerThanABlock_IsContiguous(TransportKind kind)
    {
        var leaks = new LeakCheck();
        byte[] data = Wire.Pattern(1_500_000);
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool))
        {
            pair.Client.Write([1, 2, 3]);
            Assert.True(pair.Client.Output.GetSpan(data.Length).Length >= data.Length);
            pair.Client.Send(data);
            Assert.Equal([1, 2, 3, .. data], await pair.Server.ReadAsync(data.Length + 3));
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task Advance_MoreThanTheSpan_Throws()
    {
        var leaks = new LeakCheck();
        await using (TransportPair pair = await TransportPair.CreateAsync(TransportKind.Memory, leaks.Pool))
        {
            int length = pair.Client.Output.GetSpan(1).Length;
            Assert.Throws<ArgumentOutOfRangeException>(() => pair.Client.Output.Advance(length + 1));
            Assert.Throws<ArgumentOutOfRangeException>(() => pair.Client.Output.Advance(-1));
            Assert.False(pair.Client.Output.Commit());
        }
        leaks.AssertNothingOutstanding();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task Commit_AfterTheEnd_SwallowsAndReturnsFalse(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool))
        {
            pair.Client.Write([1]);
            pair.Client.Abort();
            Assert.False(pair.Client.Output.Commit());
            Assert.True(pair.Client.Output.GetSpan(100_000).Length >= 100_000);
            pair.Client.Output.Advance(100_000);
            Assert.True(pair.Client.Output.GetMemory(10).Length >= 10);
            Assert.False(pair.Client.Output.Commit());
            Assert.Equal(0, pair.Client.Output.UnsentBytes);
            Assert.True((await pair.Client.Output.FlushAsync()).IsCompleted);
        }
        leaks.AssertNothingOutstanding();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task FlushAsync_PeerStopsReading_CompletesWhenItReads(TransportKind kind)
    {
        var leaks = new LeakCheck();
        byte[] data = Wire.Pattern(6_000_000);
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool, capacity: 32 * 1024))
        {
            pair.Client.Write(data);
            Task<System.IO.Pipelines.FlushResult> flush = pair.Client.Output.FlushAsync().AsTask();
            Assert.False(flush.IsCompleted);
            Assert.Equal(data, await pair.Server.ReadAsync(data.Length));
            Assert.False((await flush.WaitAsync(Wire.Guard)).IsCompleted);
            pair.Client.Write(data);
            using var cancellation = new CancellationTokenSource();
            Task<System.IO.Pipelines.FlushResult> cancelled = pair.Client.Output.FlushAsync(cancellation.Token).AsTask();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Wire.Guard));
            pair.Client.Write(data);
            Task<System.IO.Pipelines.FlushResult> aborted = pair.Client.Output.FlushAsync().AsTask();
            pair.Client.Abort();
            Assert.True((await aborted.WaitAsync(Wire.Guard)).IsCompleted);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.Socket, 11)]
    [InlineData(TransportKind.EventLoop, 11)]
    [InlineData(TransportKind.Socket, 12)]
    [InlineData(TransportKind.EventLoop, 12)]
    [InlineData(TransportKind.Memory, 13)]
    public async Task Output_FilledByManyThreads_KeepsEachThreadsOrder(TransportKind kind, int seed)
    {
        const int Threads = 4;
        const int Messages = 20_000;
        var leaks = new LeakCheck();
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool, capacity: 16 * 1024))
        {
            var gate = new object();
            Task[] writers = [.. Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
                WriteNumbered(pair.Client.Output, gate, thread, Messages, new Random(seed + thread))))];
            int[] next = new int[Threads];
            for (int i = 0; i < Threads * Messages; i++)
            {
                byte[] header = await pair.Server.ReadAsync(7);
                int thread = header[0];
                Assert.Equal(next[thread]++, BitConverter.ToInt32(header, 1));
                byte[] body = await pair.Server.ReadAsync(BitConverter.ToUInt16(header, 5));
                Assert.True(body.AsSpan().IndexOfAnyExcept((byte)thread) < 0);
            }
            await Task.WhenAll(writers).WaitAsync(Wire.Guard);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    // As the broker does: several messages under the lock, one commit, the send outside.
    private static void WriteNumbered(OutputPipeWriter output, object gate, int thread, int count, Random random)
    {
        int number = 0;
        while (number < count)
        {
            bool mustSend;
            lock (gate)
            {
                for (int batch = random.Next(1, 20); batch > 0 && number < count; batch--)
                {
                    ushort length = (ushort)random.Next(0, random.Next(20) == 0 ? 3000 : 100);
                    Span<byte> span = output.GetSpan(7 + length);
                    span[0] = (byte)thread;
                    BitConverter.TryWriteBytes(span[1..], number++);
                    BitConverter.TryWriteBytes(span[5..], length);
                    span.Slice(7, length).Fill((byte)thread);
                    output.Advance(7 + length);
                }
                mustSend = output.Commit();
            }
            if (mustSend)
                output.Send();
        }
    }
}
