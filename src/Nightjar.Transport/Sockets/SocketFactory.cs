using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Nightjar.Transport.Sockets;

/// <summary>Makes sockets as the options say.</summary>
internal static class SocketFactory
{
    // SOL_SOCKET and SO_BINDTODEVICE of Linux.
    private const int SocketLevel = 1;
    private const int BindToDeviceOption = 25;

    /// <summary>Makes a stream socket of the address's family; for a name, one that reaches both families.</summary>
    internal static Socket Create(EndPoint endPoint) => endPoint switch
    {
        IPEndPoint => new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp),
        UnixDomainSocketEndPoint => new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
        _ => new Socket(SocketType.Stream, ProtocolType.Tcp),
    };

    /// <summary>Sets what concerns a connection. On Linux an accepted socket inherits all of it from its listener.</summary>
    internal static void Configure(Socket socket, SocketTransportOptions options)
    {
        if (options.SendBufferSize > 0)
            socket.SendBufferSize = options.SendBufferSize;
        if (options.ReceiveBufferSize > 0)
            socket.ReceiveBufferSize = options.ReceiveBufferSize;
        if (socket.AddressFamily == AddressFamily.Unix)
            return;
        if (options.NoDelay)
            socket.NoDelay = true;
        if (!options.KeepAlive)
            return;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, Seconds(options.KeepAliveIdle));
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, Seconds(options.KeepAliveInterval));
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, options.KeepAliveCount);
    }

    /// <summary>Has a socket see one network device only.</summary>
    /// <exception cref="SocketException">There is no such device, or this process may not.</exception>
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    internal static void BindToDevice(Socket socket, string device)
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException($"Listening on the device '{device}' alone needs Linux; listen on its address instead.");
        try
        {
            socket.SetRawSocketOption(SocketLevel, BindToDeviceOption, Encoding.UTF8.GetBytes(device));
        }
        catch (SocketException exception)
        {
            throw new SocketException(
                exception.ErrorCode, $"Cannot listen on the network device '{device}': {exception.Message}. It must exist, and without CAP_NET_RAW an old kernel refuses.");
        }
    }

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)time.TotalSeconds);
}
