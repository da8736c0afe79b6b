using System.Net.Sockets;
using Nightjar.Transport.Buffers;
using Nightjar.Transport.Pipes;

namespace Nightjar.Transport.Epoll;

/// <summary>Reads the descriptor of an <see cref="EpollConnection"/>.</summary>
internal sealed class EpollPipeReader(EpollConnection connection, BufferPool pool) : InputPipeReader(pool)
{
    protected override bool BringsBlocks => true;

    /// <summary>Bytes are there, or the end is, for a wait that the caller has taken.</summary>
    internal void OnReadable()
    {
        if (!TryWait(out int received, out SocketError error))
            OnReceived(received, error);
    }

    protected override void QueueTurn() => connection.Post(this);

    protected override int TryReceive(Span<byte> destination, out SocketError error) => connection.Receive(destination, out error);

    protected override bool ReceiveAsync(byte[] array, int offset, int count, out int received, out SocketError error) =>
        TryWait(out received, out error);

    protected override void OnReceiveFailed(SocketError error) => connection.SetReceiveError(error);

    // True: a wait has begun, and this thread must not touch the reader any more.
    private bool TryWait(out int received, out SocketError error)
    {
        while (true)
        {
            if (connection.MayBeReadable)
            {
                received = ReceiveTarget(out error);
                if (error != SocketError.WouldBlock)
                    return false;
            }
            received = 0;
            if (connection.TryArmReceive(out error))
                return true;
            if (error != SocketError.Success)
                return false;
        }
    }
}
