using System.Net;
using System.Net.Sockets;
using Nightjar.Transport.Epoll;
using Nightjar.Transport.Sockets;

namespace Nightjar.Transport;

/// <summary>Connections over TCP (IPv4, IPv6) and unix domain sockets.</summary>
public static class SocketTransport
{
    private const string InlineCompletionsVariable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    private static int s_socketMade;

    /// <summary>Binds and listens. The runtime lets a port be taken again while connections of a predecessor linger, and not beside a
    /// living listener.</summary>
    /// <param name="endPoint">Address and port; port 0 takes a free one. An IPv6 address accepts IPv6 only.</param>
    /// <param name="options">How sockets are made.</param>
    /// <exception cref="SocketException">The address cannot be bound, or the device does not exist or may not be used.</exception>
    /// <exception cref="PlatformNotSupportedException">A device is given, and this is not Linux.</exception>
    /// <remarks>A unix domain socket is made for owner and group. What a listener that died has left at its path is removed, what somebody
    /// listens on or is no socket is not; the file goes when the listener is disposed of.</remarks>
    public static TransportListener Listen(EndPoint endPoint, SocketTransportOptions options)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentNullException.ThrowIfNull(options);
        Volatile.Write(ref s_socketMade, 1);
        Socket socket = SocketListener.Open(endPoint, options);
        try
        {
            return UsesLoops(endPoint, options) ? new EpollListener(socket, options) : new SocketListener(socket, options);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects to a peer.</summary>
    /// <param name="endPoint">Address and port, a DnsEndPoint, or a unix domain socket.</param>
    /// <param name="options">How sockets are made.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SocketException">The peer cannot be reached.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async ValueTask<TransportConnection> ConnectAsync(
        EndPoint endPoint, SocketTransportOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentNullException.ThrowIfNull(options);
        Volatile.Write(ref s_socketMade, 1);
        Socket socket = SocketFactory.Create(endPoint);
        try
        {
            SocketFactory.Configure(socket, options);
            if (options.LocalAddress is not null)
                socket.Bind(new IPEndPoint(options.LocalAddress, 0));
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return UsesLoops(endPoint, options) ? TakeOver(socket, options) : new SocketConnection(socket, options);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Lets the runtime's epoll threads run what follows an I/O, without a hop to the thread pool. On Linux only; elsewhere it has
    /// no effect. It holds for the whole process, so that it is the executable's choice: nothing that blocks may then run in a
    /// continuation.</summary>
    /// <returns>False when it is too late, because a socket was made through this class before: the runtime looks once, at the first
    /// asynchronous operation of any socket of the process.</returns>
    public static bool UseInlineCompletions()
    {
        if (Environment.GetEnvironmentVariable(InlineCompletionsVariable) == "1")
            return true;
        if (Volatile.Read(ref s_socketMade) != 0)
            return false;
        Environment.SetEnvironmentVariable(InlineCompletionsVariable, "1");
        return true;
    }

    private static bool UsesLoops(EndPoint endPoint, SocketTransportOptions options) =>
        options.EventLoops && EpollLoop.IsSupported && endPoint is not UnixDomainSocketEndPoint;

    // The runtime's socket goes, and its descriptor stays under another number.
    private static EpollConnection TakeOver(Socket socket, SocketTransportOptions options)
    {
        EndPoint? remote = socket.RemoteEndPoint;
        int descriptor = LinuxCalls.Duplicate((int)socket.SafeHandle.DangerousGetHandle());
        if (descriptor < 0)
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        socket.Dispose();
        return new EpollConnection(descriptor, remote, options);
    }
}
