using System.Net;
using System.Net.Sockets;
using Nightjar.Transport.Pipes;

namespace Nightjar.Transport.Sockets;

/// <summary>A connection over a connected stream socket.</summary>
internal sealed class SocketConnection : PipeConnection
{
    private readonly Socket _socket;
    private readonly SocketPipeReader _reader;
    private readonly SocketOutputWriter _writer;

    /// <summary>Takes the socket over.</summary>
    internal SocketConnection(Socket socket, SocketTransportOptions options)
    {
        _socket = socket;
        Time = options.TimeProvider;
        socket.Blocking = false;
        _reader = new SocketPipeReader(this, socket, options.BufferPool);
        _writer = new SocketOutputWriter(this, socket, options.BufferPool);
    }

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint => GetEndPoint(static socket => socket.LocalEndPoint);

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint => GetEndPoint(static socket => socket.RemoteEndPoint);

    protected override InputPipeReader Reader => _reader;

    protected override OutputPipeWriter Writer => _writer;

    protected override TimeProvider Time { get; }

    internal override void ShutdownSend()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The peer was faster.
        }
        catch (ObjectDisposedException)
        {
            // So were we.
        }
    }

    protected override void CloseTransport(bool abortive)
    {
        if (abortive)
            _socket.Close(0);
        else
            _socket.Dispose();
    }

    private EndPoint? GetEndPoint(Func<Socket, EndPoint?> get)
    {
        try
        {
            return get(_socket);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
