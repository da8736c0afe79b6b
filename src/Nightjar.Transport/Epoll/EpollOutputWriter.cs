using System.Net.Sockets;
using Nightjar.Transport.Buffers;

namespace Nightjar.Transport.Epoll;

/// <summary>Sends to the descriptor of an <see cref="EpollConnection"/>.</summary>
internal sealed class EpollOutputWriter : OutputPipeWriter
{
    private readonly EpollConnection _connection;

    internal EpollOutputWriter(EpollConnection connection, BufferPool pool)
        : base(pool) => _connection = connection;

    /// <inheritdoc/>
    public override bool SendsInPlace => true;

    /// <summary>The wait for room is over, and the caller has taken it.</summary>
    /// <param name="error">Success when there is room again.</param>
    internal void OnWritable(SocketError error) => OnTransmitted(0, error);

    private protected override int TryTransmit(ReadOnlySpan<byte> bytes, out SocketError error) => _connection.Send(bytes, out error);

    private protected override int TryTransmit(BufferBlock block, int offset, ref int length, out SocketError error) =>
        block.Length - offset >= length ? base.TryTransmit(block, offset, ref length, out error) : _connection.Send(block, offset, ref length, out error);

    private protected override bool TransmitAsync(byte[] array, int offset, int count, out int sent, out SocketError error)
    {
        sent = 0;
        return _connection.TryArmSend(out error);
    }

    private protected override void ShutdownSend() => _connection.ShutdownSend();

    private protected override void OnSendFailed(SocketError error) => _connection.Abort(error);
}
