using System.Net.Sockets;
using Nightjar.Transport.Buffers;

namespace Nightjar.Transport.Sockets;

/// <summary>Sends to a socket: at once as long as the operating system takes bytes, else by a pooled operation.</summary>
internal sealed class SocketOutputWriter : OutputPipeWriter
{
    private readonly SocketConnection _connection;
    private readonly Socket _socket;

    internal SocketOutputWriter(SocketConnection connection, Socket socket, BufferPool pool)
        : base(pool)
    {
        _connection = connection;
        _socket = socket;
    }

    /// <summary>Ends a send that had to wait. The operation is free again.</summary>
    internal void OnSent(int sent, SocketError error) => OnTransmitted(sent, error);

    private protected override int TryTransmit(ReadOnlySpan<byte> bytes, out SocketError error)
    {
        try
        {
            int sent = _socket.Send(bytes, SocketFlags.None, out error);
            return error == SocketError.Success ? sent : 0;
        }
        catch (ObjectDisposedException)
        {
            error = SocketError.OperationAborted;
            return 0;
        }
    }

    private protected override bool TransmitAsync(byte[] array, int offset, int count, out int sent, out SocketError error)
    {
        SendOperation operation = SendOperation.Rent(this, array, offset, count);
        try
        {
            if (_socket.SendAsync(operation))
            {
                sent = 0;
                error = SocketError.Success;
                return true;
            }
            sent = operation.BytesTransferred;
            error = operation.SocketError;
        }
        catch (ObjectDisposedException)
        {
            sent = 0;
            error = SocketError.OperationAborted;
        }
        operation.Return();
        return false;
    }

    private protected override void ShutdownSend() => _connection.ShutdownSend();

    private protected override void OnSendFailed(SocketError error) => _connection.Abort(error);
}
