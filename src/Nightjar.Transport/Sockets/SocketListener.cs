using System.Net;
using System.Net.Sockets;

namespace Nightjar.Transport.Sockets;

/// <summary>Accepts connections from a listening socket.</summary>
internal sealed class SocketListener : TransportListener
{
    private readonly Socket _socket;
    private readonly SocketTransportOptions _options;
    private readonly Func<CancellationToken, ValueTask<Socket>> _accept;
    private readonly CancellationTokenSource _closed = new();
    private readonly AcceptBackOff _backOff;
    private int _isClosed;

    /// <summary>Takes a listening socket over.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="options">How accepted sockets are to be.</param>
    /// <param name="accept">Accepts one; null for the socket's own way.</param>
    internal SocketListener(Socket socket, SocketTransportOptions options, Func<CancellationToken, ValueTask<Socket>>? accept = null)
    {
        _socket = socket;
        _options = options;
        _accept = accept ?? socket.AcceptAsync;
        _backOff = new AcceptBackOff(options.TimeProvider, _closed.Token);
        LocalEndPoint = socket.LocalEndPoint!;
    }

    /// <inheritdoc/>
    public override EndPoint LocalEndPoint { get; }

    /// <summary>Makes a socket that listens.</summary>
    internal static Socket Open(EndPoint endPoint, SocketTransportOptions options)
    {
        Socket socket = SocketFactory.Create(endPoint);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = false;
            SocketFactory.Configure(socket, options);
            if (options.Device is not null && endPoint is IPEndPoint)
                SocketFactory.BindToDevice(socket, options.Device);
            if (endPoint is UnixDomainSocketEndPoint unix)
                UnixSocketFile.MakeFree(unix);
            socket.Bind(endPoint);
            if (endPoint is UnixDomainSocketEndPoint bound)
                UnixSocketFile.Open(bound);
            socket.Listen(options.Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<TransportConnection?> AcceptAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _isClosed) == 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!_backOff.TryTakeReserve())
            {
                await _backOff.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }
            try
            {
                // The runtime keeps the operation for the next call.
                Socket socket = await _accept(cancellationToken).ConfigureAwait(false);
                _backOff.Reset();
                if (TryMakeConnection(socket) is SocketConnection connection)
                    return connection;
            }
            catch (SocketException exception)
            {
                if (IsShortage(exception.SocketErrorCode))
                {
                    _backOff.ReleaseReserve();
                    await _backOff.WaitAsync(cancellationToken).ConfigureAwait(false);
                }
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
        }
        return null;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        await _closed.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        _backOff.Dispose();
    }

    // What does not pass by trying again at once.
    private static bool IsShortage(SocketError error) =>
        error is not (SocketError.ConnectionAborted or SocketError.ConnectionReset or SocketError.OperationAborted or SocketError.Interrupted);

    // A peer may be gone before its connection was accepted.
    private SocketConnection? TryMakeConnection(Socket socket)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
                SocketFactory.Configure(socket, _options);
            return new SocketConnection(socket, _options);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
