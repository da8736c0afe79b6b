using System.Net.Sockets;
using Microsoft.Extensions.ObjectPool;

namespace Nightjar.Transport.Sockets;

/// <summary>A send that waits until the operating system takes the bytes. Pooled, because few connections need one at a time.</summary>
internal sealed class SendOperation : SocketAsyncEventArgs
{
    private static readonly DefaultObjectPool<SendOperation> s_pool = new(new Policy(), maximumRetained: 256);

    private SocketOutputWriter? _writer;

    private SendOperation()
        : base(unsafeSuppressExecutionContextFlow: true)
    {
    }

    internal static SendOperation Rent(SocketOutputWriter writer, byte[] array, int offset, int count)
    {
        SendOperation operation = s_pool.Get();
        operation._writer = writer;
        operation.SetBuffer(array, offset, count);
        return operation;
    }

    internal void Return()
    {
        _writer = null;
        SetBuffer(null, 0, 0);
        s_pool.Return(this);
    }

    protected override void OnCompleted(SocketAsyncEventArgs e)
    {
        SocketOutputWriter writer = _writer!;
        int sent = BytesTransferred;
        SocketError error = SocketError;
        Return();
        writer.OnSent(sent, error);
    }

    private sealed class Policy : PooledObjectPolicy<SendOperation>
    {
        public override SendOperation Create() => new();

        public override bool Return(SendOperation obj) => true;
    }
}
