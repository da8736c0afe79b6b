using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Transport.Tests;

public class EndingTests
{
    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.SocketV6)]
    [InlineData(TransportKind.Memory)]
    public async Task Complete_OfTheOutput_EndsOneHalfOnly(TransportKind kind)
    {
        var leaks = new LeakCheck();
        byte[] data = Wire.Pattern(300_000);
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool))
        {
            pair.Client.Write(data);
            pair.Client.Output.Complete();
            Assert.Equal(data, await pair.Server.ReadToEndAsync());
            Assert.Equal(SocketError.Success, pair.Server.Error);
            pair.Server.Send([1, 2, 3]);
            Assert.Equal([1, 2, 3], await pair.Client.ReadAsync(3));
            pair.Server.Output.Complete();
            Assert.Empty(await pair.Client.ReadToEndAsync());
            Assert.Equal(SocketError.Success, pair.Client.Error);
        }
        leaks.AssertNothingOutstanding();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task Abort_ReadPending_CompletesItAndResetsThePeer(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool))
        {
            Task<ReadResult> ours = pair.Client.Input.ReadAsync().AsTask();
            Task<ReadResult> theirs = pair.Server.Input.ReadAsync().AsTask();
            Assert.False(ours.IsCompleted);
            pair.Client.Abort();
            pair.Client.Abort();
            Assert.True((await ours.WaitAsync(Wire.Guard)).IsCompleted);
            Assert.True((await theirs.WaitAsync(Wire.Guard)).IsCompleted);
            Assert.Equal(SocketError.OperationAborted, pair.Client.Error);
            Assert.Equal(SocketError.ConnectionReset, pair.Server.Error);
            Assert.True((await pair.Server.Input.ReadAsync()).IsCompleted);
        }
        leaks.AssertNothingOutstanding();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReadAsync_PeerResets_CompletesWithTheReason(bool eventLoops)
    {
        var leaks = new LeakCheck();
        var options = new SocketTransportOptions { BufferPool = leaks.Pool, EventLoops = eventLoops };
        await using TransportListener listener = SocketTransport.Listen(new IPEndPoint(IPAddress.Loopback, 0), options);
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listener.LocalEndPoint);
        TransportConnection connection = (await listener.AcceptAsync(CancellationToken.None))!;
        Assert.Equal(peer.LocalEndPoint, connection.RemoteEndPoint);
        Assert.Equal(peer.RemoteEndPoint, connection.LocalEndPoint);
        Task<ReadResult> waiting = connection.Input.ReadAsync().AsTask();
        peer.Close(0);
        Assert.True((await waiting.WaitAsync(Wire.Guard)).IsCompleted);
        Assert.Equal(SocketError.ConnectionReset, connection.Error);
        connection.Send([1]);
        await connection.CloseAsync(Wire.Guard).AsTask().WaitAsync(Wire.Guard);
        await connection.DisposeAsync();
        leaks.AssertNothingOutstanding();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task CloseAsync_InputUnread_PeerStillGetsWhatWasCommitted(TransportKind kind)
    {
        var leaks = new LeakCheck();
        byte[] farewell = Wire.Pattern(400_000);
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool))
        {
            pair.Client.Send(new byte[50_000]);
            pair.Server.Send(farewell);
            Task close = pair.Server.CloseAsync(Wire.Guard).AsTask();
            pair.Client.Send(new byte[50_000]);
            Assert.Equal(farewell, await pair.Client.ReadToEndAsync());
            Assert.Equal(SocketError.Success, pair.Client.Error);
            await pair.Client.CloseAsync(Wire.Guard).AsTask().WaitAsync(Wire.Guard);
            await close.WaitAsync(Wire.Guard);
            await pair.Server.CloseAsync(Wire.Guard).AsTask().WaitAsync(Wire.Guard);
            Assert.Equal(SocketError.Success, pair.Server.Error);
        }
        leaks.AssertNothingOutstanding();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task CloseAsync_ReadPendingElsewhere_CompletesIt(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool))
        {
            Task<ReadResult> waiting = pair.Server.Input.ReadAsync().AsTask();
            Task close = pair.Server.CloseAsync(Wire.Guard).AsTask();
            Task second = pair.Server.CloseAsync(Wire.Guard).AsTask();
            Assert.True((await waiting.WaitAsync(Wire.Guard)).IsCompleted);
            Assert.False(close.IsCompleted);
            pair.Client.Send([1, 2, 3]);
            Assert.Empty(await pair.Client.ReadToEndAsync());
            await pair.Client.CloseAsync(Wire.Guard).AsTask().WaitAsync(Wire.Guard);
            await close.WaitAsync(Wire.Guard);
            await second.WaitAsync(Wire.Guard);
        }
        leaks.AssertNothingOutstanding();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task CloseAsync_PeerNeverReads_EndsAfterTheLinger(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool, capacity: 8192))
        {
            pair.Server.Send(new byte[5_000_000]);
            long start = Stopwatch.GetTimestamp();
            await pair.Server.CloseAsync(TimeSpan.FromMilliseconds(100)).AsTask().WaitAsync(Wire.Guard);
            Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 90, 10_000);
            await pair.Server.DisposeAsync();
        }
        leaks.AssertNothingOutstanding();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task CloseAsync_PeerNeverCloses_EndsAfterTheLingerWithoutReset(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool))
        {
            pair.Server.Send([1, 2]);
            await pair.Server.CloseAsync(TimeSpan.FromMilliseconds(50)).AsTask().WaitAsync(Wire.Guard);
            Assert.Equal([1, 2], await pair.Client.ReadToEndAsync());
            Assert.Equal(SocketError.Success, pair.Client.Error);
        }
        leaks.AssertNothingOutstanding();
    }

    [Theory]
    [InlineData(TransportKind.Socket, 31)]
    [InlineData(TransportKind.EventLoop, 31)]
    [InlineData(TransportKind.Memory, 32)]
    public async Task CloseAsync_WhileTheOwnerReads_EndsBothSoon(TransportKind kind, int seed)
    {
        var leaks = new LeakCheck();
        var random = new Random(seed);
        for (int round = 0; round < 300; round++)
        {
            await using TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool);
            int spins = random.Next(0, 2000);
            Task client = Task.Run(() => ReadUntilEndAsync(pair.Client));
            Task server = Task.Run(() => ReadUntilEndAsync(pair.Server));
            for (int i = 0; i < random.Next(4); i++)
                pair.Client.Send(new byte[random.Next(1, 1000)]);
            Task close = Task.Run(() => EndAsync(pair.Server, spins, abort: false, Wire.Guard));
            await client.WaitAsync(Wire.Guard);
            await pair.Client.CloseAsync(Wire.Guard).AsTask().WaitAsync(Wire.Guard / 2);
            await close.WaitAsync(Wire.Guard / 2);
            await server.WaitAsync(Wire.Guard);
            Assert.Equal(SocketError.Success, pair.Client.Error);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.Socket, 21)]
    [InlineData(TransportKind.EventLoop, 21)]
    [InlineData(TransportKind.Socket, 22)]
    [InlineData(TransportKind.EventLoop, 22)]
    [InlineData(TransportKind.Memory, 23)]
    [InlineData(TransportKind.Memory, 24)]
    public async Task Abort_FromOtherThreadsInTheMiddle_LeaksNothing(TransportKind kind, int seed)
    {
        var leaks = new LeakCheck();
        var random = new Random(seed);
        for (int round = 0; round < 100; round++)
        {
            TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool, capacity: 8192);
            int delay = random.Next(0, 3000);
            Task[] work =
            [
                Task.Run(() => WriteUntilEnd(pair.Client, seed + round)),
                Task.Run(() => WriteUntilEnd(pair.Server, seed - round)),
                ReadUntilEndAsync(pair.Client),
                ReadUntilEndAsync(pair.Server),
                Task.Run(() => EndAsync(round % 2 == 0 ? pair.Client : pair.Server, delay, round % 4 < 2)),
                Task.Run(() => EndAsync(pair.Client, delay, abort: true)),
            ];
            await Task.WhenAll(work).WaitAsync(Wire.Guard);
            await pair.DisposeAsync();
            await leaks.AssertReturnsToZeroAsync();
        }
    }

    private static async Task EndAsync(TransportConnection connection, int spins, bool abort, TimeSpan? linger = null)
    {
        Thread.SpinWait(spins);
        if (abort)
            connection.Abort();
        else
            await connection.CloseAsync(linger ?? TimeSpan.FromMilliseconds(20));
    }

    private static void WriteUntilEnd(TransportConnection connection, int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < 500 && !(connection.Error != SocketError.Success); i++)
        {
            int length = random.Next(1, 5000);
            connection.Output.GetSpan(length)[..length].Fill((byte)i);
            connection.Output.Advance(length);
            if (random.Next(3) == 0 && connection.Output.Commit())
                connection.Output.Send();
        }
        connection.Output.Complete();
    }

    private static async Task ReadUntilEndAsync(TransportConnection connection)
    {
        await Task.Yield();
        while (true)
        {
            ReadResult result = await connection.Input.ReadAsync();
            long touched = 0;
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
                touched += segment.Length;
            connection.Input.AdvanceTo(touched < 0 ? result.Buffer.Start : result.Buffer.End);
            if (result.IsCompleted)
                return;
        }
    }
}
