using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Nightjar.Transport.Tls;

namespace Nightjar.Transport.WebSockets;

/// <summary>A server's WebSocket after its handshake, as a stream of bytes over the connection below.</summary>
/// <remarks>
/// The framing is our own, although the runtime has a WebSocket: that one throws at whatever a peer does wrong and whenever it goes without
/// Close, and has only asynchronous sends, of which one at a time, where an output here is filled under a lock and sent without waiting.
/// </remarks>
internal sealed class WebSocketConnection : TransportConnection
{
    private readonly TransportConnection _inner;
    private readonly TimeProvider _time;
    private readonly WebSocketPipeReader _reader;
    private TaskCompletionSource? _closed;
    private int _error;

    /// <summary>Takes a connection over that has exchanged its handshake.</summary>
    internal WebSocketConnection(TransportConnection inner, WebSocketListenerOptions options)
    {
        _inner = inner;
        _time = options.TimeProvider;
        _reader = new WebSocketPipeReader(this, inner.Input, options.BufferPool);
        Frames = new WebSocketOutputWriter(this, inner.Output, options.BufferPool);
    }

    /// <inheritdoc/>
    public override PipeReader Input => _reader;

    /// <inheritdoc/>
    public override OutputPipeWriter Output => Frames;

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint => _inner.LocalEndPoint;

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint => _inner.RemoteEndPoint;

    /// <inheritdoc/>
    /// <remarks>ConnectionAborted when the peer broke the framing.</remarks>
    public override SocketError Error => (SocketError)Volatile.Read(ref _error) is var error and not SocketError.Success ? error : _inner.Error;

    /// <inheritdoc/>
    public override TlsSession? Tls => _inner.Tls;

    /// <inheritdoc/>
    public override string? Failure => _inner.Failure;

    /// <summary>The output, with what the reading side sends.</summary>
    internal WebSocketOutputWriter Frames { get; }

    /// <summary>Why the connection below ended.</summary>
    internal SocketError InnerError => _inner.Error;

    /// <inheritdoc/>
    public override ValueTask ServeAsync(IInputHandler handler) => _reader.ServeAsync(handler);

    /// <inheritdoc/>
    public override void Abort()
    {
        _inner.Abort();
        _reader.Close();
        _ = Frames.Close();
    }

    /// <inheritdoc/>
    public override ValueTask CloseAsync(TimeSpan linger)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _closed, closed, null) is { } earlier)
            return new ValueTask(earlier.Task);
        return new ValueTask(CloseCoreAsync(closed, linger));
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        Abort();
        if (Frames.Close() is Task sending)
            await sending.ConfigureAwait(false);
        if (_reader.End() is Task receiving)
            await receiving.ConfigureAwait(false);
        await _inner.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Notes why the input ended.</summary>
    internal void SetReceiveError(SocketError error) =>
        Interlocked.CompareExchange(ref _error, (int)error, (int)SocketError.Success);

    // The peer's Close is in what the connection below discards until the peer's stream ends.
    private async Task CloseCoreAsync(TaskCompletionSource closed, TimeSpan linger)
    {
        long start = _time.GetTimestamp();
        _reader.Close();
        Task? sent = Frames.BeginClose();
        if (sent is not null)
            await sent.WaitAsync(linger, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (sent is { IsCompleted: false })
        {
            Abort();
        }
        else
        {
            Frames.SendClose(WebSocketCloseStatus.NormalClosure);
            TimeSpan left = linger - _time.GetElapsedTime(start);
            await _inner.CloseAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero).ConfigureAwait(false);
            _ = Frames.Close();
        }
        closed.TrySetResult();
    }
}
