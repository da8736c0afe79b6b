using System.Net.Sockets;
using Nightjar.Transport.Buffers;

namespace Nightjar.Transport.InMemory;

/// <summary>Writes to a <see cref="ByteQueue"/>.</summary>
internal sealed class MemoryOutputWriter(MemoryConnection connection, ByteQueue queue, BufferPool pool) : OutputPipeWriter(pool)
{
    /// <inheritdoc/>
    public override bool SendsInPlace => true;

    /// <summary>The reader made room, or the queue ended.</summary>
    internal void OnWritten(int written, SocketError error) => OnTransmitted(written, error);

    private protected override int TryTransmit(ReadOnlySpan<byte> bytes, out SocketError error) => queue.Write(bytes, out error);

    private protected override bool TransmitAsync(byte[] array, int offset, int count, out int sent, out SocketError error) =>
        queue.WriteAsync(this, array, offset, count, out sent, out error);

    private protected override void ShutdownSend() => connection.ShutdownSend();

    private protected override void OnSendFailed(SocketError error) => connection.Abort(error);
}
