using System.Net.Sockets;
using Nightjar.Transport.Buffers;
using Nightjar.Transport.Pipes;

namespace Nightjar.Transport.InMemory;

/// <summary>Reads a <see cref="ByteQueue"/>.</summary>
internal sealed class MemoryPipeReader(MemoryConnection connection, ByteQueue queue, BufferPool pool) : InputPipeReader(pool)
{
    protected override int TryReceive(Span<byte> destination, out SocketError error) => queue.Read(destination, out error);

    protected override bool ReceiveAsync(byte[] array, int offset, int count, out int received, out SocketError error) =>
        queue.ReadAsync(this, array, offset, count, out received, out error);

    protected override void OnReceiveFailed(SocketError error) => connection.SetReceiveError(error);
}
