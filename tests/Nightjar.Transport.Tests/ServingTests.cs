using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Nightjar.Testing;
using Nightjar.Transport.Buffers;
using Nightjar.Transport.Pipes;
using Xunit;

namespace Nightjar.Transport.Tests;

public class ServingTests
{
    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task ServeAsync_BytesInAllSizes_HandsThemOverInOrderAndLeavesTheRestToTheNextRead(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool))
        {
            byte[] data = Wire.Pattern(300_000);
            var handler = new Collector(data.Length - 1);
            Task served = pair.Server.ServeAsync(handler).AsTask();
            int sent = 0;
            for (int length = 1; sent < data.Length; length = (length * 3) + 1)
            {
                int part = Math.Min(length, data.Length - sent);
                pair.Client.Send(data.AsSpan(sent, part));
                sent += part;
            }
            await served.WaitAsync(Wire.Guard);
            Assert.Equal(data.AsSpan(0, data.Length - 1).ToArray(), handler.Bytes);
            Assert.Equal(data[^1..], await pair.Server.ReadAsync(1));
            // And again.
            var next = new Collector(2);
            served = pair.Server.ServeAsync(next).AsTask();
            pair.Client.Send([8]);
            pair.Client.Send([9]);
            await served.WaitAsync(Wire.Guard);
            Assert.Equal([8, 9], next.Bytes);
            await leaks.AssertReturnsToZeroAsync();
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task ServeAsync_HandlerThrows_FailsWithItAndTheConnectionGoesOn(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool);
        Task served = pair.Server.ServeAsync(new Collector(1, throws: true)).AsTask();
        pair.Client.Send([1]);
        InvalidDataException thrown = await Assert.ThrowsAsync<InvalidDataException>(() => served.WaitAsync(Wire.Guard));
        Assert.Equal("enough", thrown.Message);
        pair.Client.Send([2]);
        Assert.Equal([2], await pair.Server.ReadAsync(1));
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task ServeAsync_ConnectionEnds_HandsTheEndOver(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool);
        var handler = new Collector(int.MaxValue);
        Task served = pair.Server.ServeAsync(handler).AsTask();
        pair.Client.Send([1, 2]);
        await pair.Client.CloseAsync(TimeSpan.FromSeconds(1));
        await served.WaitAsync(Wire.Guard);
        Assert.Equal([1, 2], handler.Bytes);
        Assert.True(handler.Last.IsCompleted);
        // Closed on this side while it waits.
        await using TransportPair other = await TransportPair.CreateAsync(kind, leaks.Pool);
        handler = new Collector(int.MaxValue);
        served = other.Server.ServeAsync(handler).AsTask();
        other.Server.Abort();
        await served.WaitAsync(Wire.Guard);
        Assert.True(handler.Last.IsCompleted);
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task ServeAsync_ReadCancelled_TellsTheHandlerAndLosesNothing(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool);
        var handler = new Collector(200);
        Task served = pair.Server.ServeAsync(handler).AsTask();
        for (int i = 0; i < 200; i++)
        {
            pair.Server.Input.CancelPendingRead();
            pair.Client.Send([(byte)i]);
        }
        await served.WaitAsync(Wire.Guard);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => (byte)i), handler.Bytes);
        Assert.InRange(handler.Canceled, 1, 201);
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task ServeAsync_BytesAlwaysThere_HandsOverLittleMoreThanABlockAtATime(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool, capacity: 2_000_000);
        var handler = new Collector(20_000_000, keeps: false);
        Task served = pair.Server.ServeAsync(handler).AsTask();
        pair.Client.Send(new byte[20_000_000]);
        await served.WaitAsync(Wire.Guard);
        Assert.InRange(handler.LargestRead, 1, 80 * 1024);
    }

    [Fact]
    public async Task ServeAsync_WhileAnotherReadIsPending_Throws()
    {
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(TransportKind.Memory, leaks.Pool);
        var handler = new Collector(1);
        Task served = pair.Server.ServeAsync(handler).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(() => pair.Server.Input.ReadAsync().AsTask());
        await Assert.ThrowsAsync<InvalidOperationException>(() => pair.Server.ServeAsync(handler).AsTask());
        pair.Client.Send([1]);
        await served.WaitAsync(Wire.Guard);
    }

    // For want of memory, say: with the wait begun, and with one that somebody who closes has taken.
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(1, true)]
    public async Task ServeAsync_ReadThrows_FailsOnceAndCanBeEnded(int receives, bool closes)
    {
        var reader = new FailingReader(new BufferPool(), receives, closes);
        var handler = new Collector(int.MaxValue);
        Task served = reader.ServeAsync(handler).AsTask();
        if (closes)
        {
            // Who has closed it tells the handler of the end.
            await served.WaitAsync(Wire.Guard);
            Assert.True(handler.Last.IsCompleted);
        }
        else
        {
            await Assert.ThrowsAsync<InvalidDataException>(() => served.WaitAsync(Wire.Guard));
            reader.Close();
        }
        Assert.Equal(receives, handler.Bytes.Length);
        Assert.Null(reader.End());
    }

    // Receives one byte at a time, so many of them.
    private sealed class FailingReader(BufferPool pool, int receives, bool closes) : InputPipeReader(pool)
    {
        private int _left = receives;

        protected override int TryReceive(Span<byte> destination, out SocketError error)
        {
            error = SocketError.WouldBlock;
            return 0;
        }

        protected override bool ReceiveAsync(byte[] array, int offset, int count, out int received, out SocketError error)
        {
            received = 1;
            error = SocketError.Success;
            if (_left-- > 0)
                return false;
            if (closes)
                Close();
            throw new InvalidDataException("no more");
        }

        protected override void OnReceiveFailed(SocketError error)
        {
        }
    }

    // Takes so many bytes.
    private sealed class Collector(int wanted, bool throws = false, bool keeps = true) : IInputHandler
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();
        private long _left = wanted;
        private int _calls;

        internal byte[] Bytes => _bytes.WrittenSpan.ToArray();

        internal ReadResult Last { get; private set; }

        internal int Canceled { get; private set; }

        internal long LargestRead { get; private set; }

        public bool Take(PipeReader input, in ReadResult result)
        {
            Assert.Equal(1, Interlocked.Increment(ref _calls));
            ReadOnlySequence<byte> part = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, _left));
            if (keeps)
                _bytes.Write(part.ToArray());
            _left -= part.Length;
            LargestRead = Math.Max(LargestRead, part.Length);
            Canceled += result.IsCanceled ? 1 : 0;
            input.AdvanceTo(part.End);
            Last = result;
            Assert.Equal(0, Interlocked.Decrement(ref _calls));
            if (throws)
                throw new InvalidDataException("enough");
            return _left > 0 && !result.IsCompleted;
        }
    }
}
