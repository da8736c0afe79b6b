using System.IO.Pipelines;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Transport.Tests;

public class InputTests
{
    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task ReadAsync_NothingUnconsumed_HoldsNoBlockWhileWaiting(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool);
        byte[] data = Wire.Pattern(500_000);
        pair.Client.Send(data);
        Assert.Equal(data, await pair.Server.ReadAsync(data.Length));
        Task<ReadResult> waiting = pair.Server.Input.ReadAsync().AsTask();
        await leaks.AssertReturnsToZeroAsync();
        Assert.False(waiting.IsCompleted);
        pair.Client.Send([1]);
        Assert.Equal(1, (await waiting.WaitAsync(Wire.Guard)).Buffer.Length);
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task ReadAsync_PartOfAFrameUnconsumed_HoldsLittle(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool);
        byte[] data = Wire.Pattern(200_000);
        foreach ((int length, int most) in new[] { (1, 0), (100, 0), (600, 1024), (3000, 4096), (10_000, 16_384), (150_000, 262_144) })
        {
            await UnderstandAsync(pair, length, data);
            Task<ReadResult> waiting = pair.Server.Input.ReadAsync().AsTask();
            long held = leaks.Pool.GetCounters().Sum(c => c.Outstanding * c.BlockSize);
            Assert.True(held <= most, $"{held} bytes are held for {length}");
            pair.Client.Send(data.AsSpan(length, 1));
            ReadResult result = await waiting.WaitAsync(Wire.Guard);
            Assert.True(BuffersEqual(result, data.AsSpan(0, length + 1)));
            pair.Server.Input.AdvanceTo(result.Buffer.End);
            await leaks.AssertReturnsToZeroAsync();
        }
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task CancelPendingRead_ReadPending_CompletesItAndLosesNothing(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool))
        {
            for (int i = 0; i < 200; i++)
            {
                Task<ReadResult> waiting = pair.Server.Input.ReadAsync().AsTask();
                if (i % 3 == 0)
                    pair.Client.Send([(byte)i]);
                pair.Server.Input.CancelPendingRead();
                if (i % 3 == 1)
                    pair.Client.Send([(byte)i]);
                ReadResult result = await waiting.WaitAsync(Wire.Guard);
                pair.Server.Input.AdvanceTo(result.Buffer.Start);
                if (i % 3 == 2)
                    pair.Client.Send([(byte)i]);
                while (result.Buffer.IsEmpty)
                {
                    result = await pair.Server.Input.ReadAsync().AsTask().WaitAsync(Wire.Guard);
                    Assert.True(result.IsCanceled || !result.Buffer.IsEmpty);
                    if (result.Buffer.IsEmpty)
                        pair.Server.Input.AdvanceTo(result.Buffer.Start);
                }
                Assert.Equal((byte)i, result.Buffer.FirstSpan[0]);
                pair.Server.Input.AdvanceTo(result.Buffer.End);
            }
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    public async Task ReadAsync_TokenCancelled_ThrowsAndGoesOn(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool);
        using var cancellation = new CancellationTokenSource();
        Task<ReadResult> waiting = pair.Server.Input.ReadAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Wire.Guard));
        pair.Client.Send([5]);
        Assert.Equal([5], await pair.Server.ReadAsync(1));
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task ReadAsync_BytesAlwaysThere_LeavesTheThreadFromTimeToTime(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool, capacity: 2_000_000);
        // The first read waits, so that every other is made by the thread that completed the one before: an event loop's own, which cannot
        // complete a read while it makes the next one.
        Task<int> reading = ReadAllAsync();
        pair.Client.Send(new byte[20_000_000]);
        int longest = await reading.WaitAsync(Wire.Guard);
        Assert.InRange(longest, 1, 8);

        async Task<int> ReadAllAsync()
        {
            int inTurn = 0;
            int longest = 0;
            for (int left = 20_000_000; left > 0;)
            {
                ValueTask<ReadResult> read = pair.Server.Input.ReadAsync();
                inTurn = read.IsCompleted ? inTurn + 1 : 0;
                longest = Math.Max(longest, inTurn);
                ReadResult result = await read.ConfigureAwait(false);
                Assert.InRange(result.Buffer.Length, 1, 80 * 1024);
                left -= (int)result.Buffer.Length;
                pair.Server.Input.AdvanceTo(result.Buffer.End);
            }
            return longest;
        }
    }

    [Fact]
    public async Task AdvanceTo_OutsideOfTheBuffer_Throws()
    {
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(TransportKind.Memory, leaks.Pool);
        pair.Client.Send([1, 2, 3]);
        ReadResult result = await pair.Server.Input.ReadAsync().AsTask().WaitAsync(Wire.Guard);
        Assert.Throws<ArgumentOutOfRangeException>(() => pair.Server.Input.AdvanceTo(new SequencePosition(null, 1000)));
        pair.Server.Input.AdvanceTo(result.Buffer.End);
    }

    [Fact]
    public async Task TryRead_NothingThere_ReturnsFalse()
    {
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(TransportKind.Memory, leaks.Pool);
        Assert.False(pair.Server.Input.TryRead(out _));
        pair.Client.Send([1, 2]);
        ReadResult result = await pair.Server.Input.ReadAsync().AsTask().WaitAsync(Wire.Guard);
        pair.Server.Input.AdvanceTo(result.Buffer.GetPosition(1));
        Assert.True(pair.Server.Input.TryRead(out result));
        Assert.Equal(1, result.Buffer.Length);
        pair.Server.Input.AdvanceTo(result.Buffer.End);
        Assert.False(pair.Server.Input.TryRead(out _));
    }

    // Lets the server have seen the first bytes of something longer.
    private static async Task UnderstandAsync(TransportPair pair, int length, byte[] data)
    {
        pair.Client.Send(data.AsSpan(0, length));
        while (true)
        {
            ReadResult result = await pair.Server.Input.ReadAsync().AsTask().WaitAsync(Wire.Guard);
            pair.Server.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.Buffer.Length == length)
                return;
        }
    }

    private static bool BuffersEqual(ReadResult result, ReadOnlySpan<byte> expected)
    {
        var reader = new System.Buffers.SequenceReader<byte>(result.Buffer);
        return reader.Length == expected.Length && reader.IsNext(expected);
    }
}
