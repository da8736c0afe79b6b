using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Transport.Tests;

[Collection(AloneCollection.Name)]
public class ProcessTests
{
    [Theory]
    [InlineData(TransportKind.Socket, 100)]
    [InlineData(TransportKind.Socket, 2000)]
    [InlineData(TransportKind.Socket, 30_000)]
    [InlineData(TransportKind.EventLoop, 100)]
    [InlineData(TransportKind.EventLoop, 2000)]
    [InlineData(TransportKind.EventLoop, 30_000)]
    public async Task ReadAndWrite_SteadyState_AllocateNothing(TransportKind kind, int size)
    {
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool);
        Task echo = EchoAsync(pair.Server);
        byte[] message = Wire.Pattern(size);
        await PingAsync(pair.Client, message, 300);
        Assert.InRange(await LeastAllocatedAsync(() => PingAsync(pair.Client, message, 1000)) / 1000, 0, 2);
        await pair.Client.CloseAsync(Wire.Guard);
        await echo.WaitAsync(Wire.Guard);
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    public async Task BlockedSends_SteadyState_AllocateNothing(TransportKind kind)
    {
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool, capacity: 4096);
        byte[] data = new byte[60_000];
        await BlockAsync(pair, data, 100);
        Assert.InRange(await LeastAllocatedAsync(() => BlockAsync(pair, data, 100)) / 100, 0, 20);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connections_ThousandOpenedAndClosed_LeakNothing(bool eventLoops)
    {
        var leaks = new LeakCheck();
        var options = new SocketTransportOptions { BufferPool = leaks.Pool, EventLoops = eventLoops };
        await using TransportListener listener = SocketTransport.Listen(new IPEndPoint(IPAddress.Loopback, 0), options);
        int before = CountDescriptors();
        for (int i = 0; i < 1000; i++)
        {
            ValueTask<TransportConnection?> accepting = listener.AcceptAsync(CancellationToken.None);
            TransportConnection client = await SocketTransport.ConnectAsync(listener.LocalEndPoint, options, CancellationToken.None);
            TransportConnection server = (await accepting)!;
            Task<ReadResult> waiting = server.Input.ReadAsync().AsTask();
            client.Send([1, 2, 3]);
            server.Send(new byte[5000]);
            if (i % 2 == 0)
                client.Abort();
            await (i % 3 == 0 ? server : client).CloseAsync(TimeSpan.FromMilliseconds(10));
            await client.DisposeAsync();
            await server.DisposeAsync();
            await waiting.WaitAsync(Wire.Guard);
        }
        await leaks.AssertReturnsToZeroAsync();
        Assert.InRange(CountDescriptors() - before, -50, 20);
    }

    [Fact]
    public void DescriptorReserve_TakenAndReleased_CountsInDescriptors()
    {
        if (!OperatingSystem.IsLinux())
            return;
        int before = CountDescriptors();
        using var reserve = new Sockets.DescriptorReserve();
        Assert.True(reserve.TryTake());
        Assert.True(reserve.TryTake());
        Assert.Equal(before + 16, CountDescriptors());
        reserve.Release();
        Assert.Equal(before, CountDescriptors());
    }

    [Theory]
    [InlineData(false, 2500)]
    [InlineData(true, 900)]
    public async Task Connections_Idle_AreSmall(bool eventLoops, int bytes)
    {
        const int Count = 1000;
        var leaks = new LeakCheck();
        var options = new SocketTransportOptions { BufferPool = leaks.Pool, Backlog = Count, EventLoops = eventLoops };
        await using TransportListener listener = SocketTransport.Listen(new IPEndPoint(IPAddress.Loopback, 0), options);
        var connections = new List<TransportConnection>();
        await OpenIdleAsync(listener, options, connections, 50);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        await OpenIdleAsync(listener, options, connections, Count / 2);
        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Count;
        Assert.InRange(each, 300, bytes);
        Assert.Equal(0, leaks.Pool.Outstanding);
        foreach (TransportConnection connection in connections)
            await connection.DisposeAsync();
        leaks.AssertNothingOutstanding();
    }

    // Blocks and threads settle in the first rounds, so that the best round counts.
    private static async Task<long> LeastAllocatedAsync(Func<Task> work)
    {
        long least = long.MaxValue;
        for (int round = 0; round < 6; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await work();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        return least;
    }

    private static async Task OpenIdleAsync(
        TransportListener listener, SocketTransportOptions options, List<TransportConnection> connections, int pairs)
    {
        for (int i = 0; i < pairs; i++)
        {
            connections.Add(await SocketTransport.ConnectAsync(listener.LocalEndPoint, options, CancellationToken.None));
            connections.Add((await listener.AcceptAsync(CancellationToken.None))!);
            connections[^1].Send([1]);
            Assert.Single(await connections[^2].ReadAsync(1));
            _ = connections[^1].Input.ReadAsync().AsTask();
            _ = connections[^2].Input.ReadAsync().AsTask();
        }
    }

    private static async Task PingAsync(TransportConnection connection, byte[] message, int count)
    {
        for (int i = 0; i < count; i++)
        {
            connection.Send(message);
            for (long left = message.Length; left > 0;)
            {
                ReadResult result = await connection.Input.ReadAsync();
                left -= result.Buffer.Length;
                connection.Input.AdvanceTo(result.Buffer.End);
            }
        }
    }

    private static async Task BlockAsync(TransportPair pair, byte[] data, int count)
    {
        for (int i = 0; i < count; i++)
        {
            pair.Client.Send(data);
            for (long left = data.Length; left > 0;)
            {
                ReadResult result = await pair.Server.Input.ReadAsync();
                left -= result.Buffer.Length;
                pair.Server.Input.AdvanceTo(result.Buffer.End);
            }
        }
    }

    private static async Task EchoAsync(TransportConnection connection)
    {
        while (true)
        {
            ReadResult result = await connection.Input.ReadAsync();
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
                connection.Write(segment.Span);
            connection.Input.AdvanceTo(result.Buffer.End);
            if (connection.Output.Commit())
                connection.Output.Send();
            if (result.IsCompleted)
                break;
        }
        await connection.CloseAsync(Wire.Guard);
    }

    private static int CountDescriptors() => OperatingSystem.IsLinux() ? Directory.GetFiles("/proc/self/fd").Length : 0;
}
