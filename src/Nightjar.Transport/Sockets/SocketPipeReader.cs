using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Nightjar.Transport.Buffers;
using Nightjar.Transport.Pipes;

namespace Nightjar.Transport.Sockets;

/// <summary>Reads a socket.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The operation is disposed of when the connection is.")]
internal sealed class SocketPipeReader : InputPipeReader
{
    private readonly SocketConnection _connection;
    private readonly Socket _socket;
    private readonly ReceiveOperation _operation;

    internal SocketPipeReader(SocketConnection connection, Socket socket, BufferPool pool)
        : base(pool)
    {
        _connection = connection;
        _socket = socket;
        _operation = new ReceiveOperation(this);
    }

    protected override int TryReceive(Span<byte> destination, out SocketError error)
    {
        try
        {
            int received = _socket.Receive(destination, SocketFlags.None, out error);
            return error == SocketError.Success ? received : 0;
        }
        catch (ObjectDisposedException)
        {
            error = SocketError.OperationAborted;
            return 0;
        }
    }

    protected override bool ReceiveAsync(byte[] array, int offset, int count, out int received, out SocketError error)
    {
        try
        {
            _operation.SetTarget(array, offset, count);
            if (_socket.ReceiveAsync(_operation))
            {
                received = 0;
                error = SocketError.Success;
                return true;
            }
            received = _operation.BytesTransferred;
            error = _operation.SocketError;
        }
        catch (ObjectDisposedException)
        {
            received = 0;
            error = SocketError.OperationAborted;
        }
        return false;
    }

    protected override void OnReceiveFailed(SocketError error) => _connection.SetReceiveError(error);

    protected override void OnEnded() => _operation.Dispose();

    /// <summary>The receive of one connection.</summary>
    private sealed class ReceiveOperation(SocketPipeReader reader) : SocketAsyncEventArgs(unsafeSuppressExecutionContextFlow: true)
    {
        private int _count;

        internal void SetTarget(byte[] array, int offset, int count)
        {
            // Setting the same target again would cost more than comparing.
            if (ReferenceEquals(Buffer, array) && Offset == offset && _count == count)
                return;
            SetBuffer(array, offset, count);
            _count = count;
        }

        protected override void OnCompleted(SocketAsyncEventArgs e) => reader.OnReceived(BytesTransferred, SocketError);
    }
}
