using System.Net;
using System.Net.Sockets;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Transport.Tests;

public class ListenerTests
{
    private static readonly SocketTransportOptions Options = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AcceptAsync_ListenerDisposed_ReturnsNull(bool eventLoops)
    {
        SocketTransportOptions options = Options with { EventLoops = eventLoops };
        TransportListener listener = SocketTransport.Listen(new IPEndPoint(IPAddress.Loopback, 0), options);
        Task<TransportConnection?> accepting = listener.AcceptAsync(CancellationToken.None).AsTask();
        await listener.DisposeAsync();
        await listener.DisposeAsync();
        Assert.Null(await accepting.WaitAsync(Wire.Guard));
        Assert.Null(await listener.AcceptAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AcceptAsync_TokenCancelled_ThrowsAndGoesOn(bool eventLoops)
    {
        SocketTransportOptions options = Options with { EventLoops = eventLoops };
        await using TransportListener listener = SocketTransport.Listen(new IPEndPoint(IPAddress.Loopback, 0), options);
        using var cancellation = new CancellationTokenSource();
        Task<TransportConnection?> accepting = listener.AcceptAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting.WaitAsync(Wire.Guard));
        await using TransportConnection client = await SocketTransport.ConnectAsync(listener.LocalEndPoint, options, CancellationToken.None);
        await using TransportConnection? server = await listener.AcceptAsync(CancellationToken.None);
        Assert.NotNull(server);
    }

    [Fact]
    public async Task AcceptAsync_DescriptorsExhausted_WaitsAndGoesOn()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        int attempts = 0;
        SocketError[] errors = [SocketError.TooManyOpenSockets, SocketError.NoBufferSpaceAvailable, SocketError.ConnectionAborted, SocketError.TooManyOpenSockets];
        await using var listener = new Sockets.SocketListener(socket, Options, token =>
            attempts < errors.Length ? throw new SocketException((int)errors[attempts++]) : socket.AcceptAsync(token));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint);
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        await using TransportConnection? connection = await listener.AcceptAsync(CancellationToken.None).AsTask().WaitAsync(Wire.Guard);
        Assert.NotNull(connection);
        Assert.Equal(errors.Length, attempts);
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds, 30, 10_000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Listen_PortOfAPredecessorWhoClosedFirst_BindsAtOnce(bool eventLoops)
    {
        SocketTransportOptions options = Options with { EventLoops = eventLoops };
        TransportListener first = SocketTransport.Listen(new IPEndPoint(IPAddress.Loopback, 0), options);
        await using TransportConnection client = await SocketTransport.ConnectAsync(first.LocalEndPoint, options, CancellationToken.None);
        TransportConnection server = (await first.AcceptAsync(CancellationToken.None))!;
        Task close = server.CloseAsync(Wire.Guard).AsTask();
        Assert.Empty(await client.ReadToEndAsync());
        await client.CloseAsync(Wire.Guard).AsTask().WaitAsync(Wire.Guard);
        await close.WaitAsync(Wire.Guard);
        await first.DisposeAsync();
        await using TransportListener second = SocketTransport.Listen(first.LocalEndPoint, options);
        Assert.Equal(first.LocalEndPoint, second.LocalEndPoint);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Listen_PortInUse_Throws(bool eventLoops)
    {
        SocketTransportOptions options = Options with { EventLoops = eventLoops };
        await using TransportListener first = SocketTransport.Listen(new IPEndPoint(IPAddress.Loopback, 0), options);
        SocketException exception = Assert.Throws<SocketException>(() => SocketTransport.Listen(first.LocalEndPoint, options));
        Assert.Equal(SocketError.AddressAlreadyInUse, exception.SocketErrorCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Listen_Ipv6Any_DoesNotTakeIpv4(bool eventLoops)
    {
        SocketTransportOptions options = Options with { EventLoops = eventLoops };
        await using TransportListener six = SocketTransport.Listen(new IPEndPoint(IPAddress.IPv6Any, 0), options);
        int port = ((IPEndPoint)six.LocalEndPoint).Port;
        var four = new IPEndPoint(IPAddress.Loopback, port);
        SocketException exception = await Assert.ThrowsAsync<SocketException>(
            () => SocketTransport.ConnectAsync(four, options, CancellationToken.None).AsTask());
        Assert.Equal(SocketError.ConnectionRefused, exception.SocketErrorCode);
    }

    [Fact]
    public async Task AcceptedConnection_Options_AreInherited()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Sockets.SocketFactory.Configure(listener, Options);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!);
        using Socket accepted = await listener.AcceptAsync();
        Assert.True(accepted.NoDelay);
        int idle = (int)accepted.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime)!;
        int interval = (int)accepted.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval)!;
        int count = (int)accepted.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount)!;
        Assert.NotEqual(0, (int)accepted.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)!);
        Assert.InRange(idle + (interval * count), 1, 150);
    }

    [Fact]
    public async Task MemoryListener_ConnectAndClose_BehavesAsASocketListener()
    {
        var leaks = new LeakCheck();
        var listener = new MemoryListener(new MemoryTransportOptions { BufferPool = leaks.Pool });
        await using (TransportConnection client = await listener.ConnectAsync())
        await using (TransportConnection server = (await listener.AcceptAsync(CancellationToken.None))!)
        {
            client.Send([1, 2]);
            Assert.Equal([1, 2], await server.ReadAsync(2));
        }
        await using TransportConnection unaccepted = await listener.ConnectAsync();
        Task<System.IO.Pipelines.ReadResult> waiting = unaccepted.Input.ReadAsync().AsTask();
        await listener.DisposeAsync();
        Assert.True((await waiting.WaitAsync(Wire.Guard)).IsCompleted);
        Assert.Null(await listener.AcceptAsync(CancellationToken.None));
        await Assert.ThrowsAsync<SocketException>(() => listener.ConnectAsync().AsTask());
        leaks.AssertNothingOutstanding();
    }
}
