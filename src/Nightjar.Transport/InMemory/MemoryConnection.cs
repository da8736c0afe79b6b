using System.Net;
using Nightjar.Transport.Pipes;

namespace Nightjar.Transport.InMemory;

/// <summary>One end of a connection within the process.</summary>
internal sealed class MemoryConnection : PipeConnection
{
    private readonly MemoryPipeReader _reader;
    private readonly MemoryOutputWriter _writer;
    private readonly ByteQueue _incoming;
    private readonly ByteQueue _outgoing;

    private MemoryConnection(MemoryTransportOptions options, ByteQueue incoming, ByteQueue outgoing, EndPoint local, EndPoint remote)
    {
        _incoming = incoming;
        _outgoing = outgoing;
        Time = options.TimeProvider;
        LocalEndPoint = local;
        RemoteEndPoint = remote;
        _reader = new MemoryPipeReader(this, incoming, options.BufferPool);
        _writer = new MemoryOutputWriter(this, outgoing, options.BufferPool);
    }

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint { get; }

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint { get; }

    protected override InputPipeReader Reader => _reader;

    protected override OutputPipeWriter Writer => _writer;

    protected override TimeProvider Time { get; }

    internal static (MemoryConnection Client, MemoryConnection Server) CreatePair(
        MemoryTransportOptions options, EndPoint client, EndPoint server)
    {
        var upward = new ByteQueue(options.BufferPool, options.Capacity);
        var downward = new ByteQueue(options.BufferPool, options.Capacity);
        return (new MemoryConnection(options, downward, upward, client, server),
            new MemoryConnection(options, upward, downward, server, client));
    }

    internal override void ShutdownSend() => _outgoing.End();

    // As with a socket, bytes that were received and not read make the end a reset.
    protected override void CloseTransport(bool abortive)
    {
        if (abortive || _incoming.Count > 0)
            _outgoing.Break();
        else
            _outgoing.End();
        _incoming.CloseReader();
    }
}
