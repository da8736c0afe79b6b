using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Nightjar.Transport.Buffers;
using Nightjar.Transport.OpenSsl.Interop;
using Nightjar.Transport.Tls;

namespace Nightjar.Transport.OpenSsl;

/// <summary>TLS by OpenSSL over another connection, as a stream of bytes like any other.</summary>
/// <remarks>OpenSSL's object is made when the handshake begins, at a server with the peer's first bytes: who connects and is silent costs none.</remarks>
internal sealed class TlsConnection : TransportConnection
{
    // How long a peer may take to fetch the alert that ends its handshake.
    private static readonly TimeSpan AlertLinger = TimeSpan.FromSeconds(2);

    private readonly TransportConnection _inner;
    private readonly SslContextHandle _context;
    private readonly Func<SslContextHandle, OutputPipeWriter, TlsChannel?> _makeChannel;
    private readonly bool _isServer;
    private readonly TimeProvider _time;
    private readonly TlsPipeReader _reader;
    private readonly TlsOutputWriter _writer;
    private TaskCompletionSource? _closed;
    private TlsChannel? _channel;
    private TlsSession? _session;
    private string? _failure;
    private int _error;

    /// <summary>Takes a connection over.</summary>
    /// <param name="inner">The bare connection.</param>
    /// <param name="context">Belongs to the connection; let go of when the handshake has begun.</param>
    /// <param name="makeChannel">Makes OpenSSL's end over the output below; null when there is no memory.</param>
    /// <param name="isServer">The peer speaks first.</param>
    /// <param name="pool">Where the blocks come from.</param>
    /// <param name="time">Clock of the linger.</param>
    internal TlsConnection(
        TransportConnection inner,
        SslContextHandle context,
        Func<SslContextHandle, OutputPipeWriter, TlsChannel?> makeChannel,
        bool isServer,
        BufferPool pool,
        TimeProvider time)
    {
        _inner = inner;
        _context = context;
        _makeChannel = makeChannel;
        _isServer = isServer;
        _time = time;
        _reader = new TlsPipeReader(this, inner.Input, pool);
        _writer = new TlsOutputWriter(this, inner.Output, pool);
    }

    /// <inheritdoc/>
    public override PipeReader Input => _reader;

    /// <inheritdoc/>
    public override OutputPipeWriter Output => _writer;

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint => _inner.LocalEndPoint;

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint => _inner.RemoteEndPoint;

    /// <inheritdoc/>
    /// <remarks>ConnectionAborted when the peer broke the protocol or its handshake failed.</remarks>
    public override SocketError Error => (SocketError)Volatile.Read(ref _error) is var error and not SocketError.Success ? error : _inner.Error;

    /// <inheritdoc/>
    public override TlsSession? Tls => Volatile.Read(ref _session);

    /// <inheritdoc/>
    public override string? Failure => Volatile.Read(ref _failure);

    /// <summary>OpenSSL's end once the handshake is over; null before.</summary>
    internal TlsChannel? Established => Volatile.Read(ref _session) is null ? null : _channel;

    /// <summary>Why the connection below ended.</summary>
    internal SocketError InnerError => _inner.Error;

    /// <inheritdoc/>
    public override ValueTask ServeAsync(IInputHandler handler) => _reader.ServeAsync(handler);

    /// <inheritdoc/>
    public override void Abort()
    {
        _inner.Abort();
        _reader.Close();
        _ = _writer.Close();
        _writer.Refuse();
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
        if (_writer.Close() is Task sending)
            await sending.ConfigureAwait(false);
        if (_reader.End() is Task receiving)
            await receiving.ConfigureAwait(false);
        await _inner.DisposeAsync().ConfigureAwait(false);
        _channel?.Dispose();
        _context.Dispose();
    }

    /// <summary>Does the handshake, on the thread pool. Once.</summary>
    /// <returns>False: it failed, <see cref="Failure"/> says why, and the peer had time to fetch its alert.</returns>
    internal async ValueTask<bool> ShakeHandsAsync()
    {
        ReadResult result = default;
        bool hasResult = _isServer;
        if (hasResult)
            result = await _inner.Input.ReadAsync().ConfigureAwait(false);
        while (true)
        {
            // Whoever reads sockets must not do the arithmetic of a handshake.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            TlsStatus status = Step(result, hasResult);
            if (status == TlsStatus.Done)
                return true;
            if (status != TlsStatus.NeedMoreData || result.IsCompleted)
            {
                await FailAsync(status).ConfigureAwait(false);
                return false;
            }
            result = await _inner.Input.ReadAsync().ConfigureAwait(false);
            hasResult = true;
        }
    }

    /// <summary>Notes why the input ended.</summary>
    internal void SetReceiveError(SocketError error) =>
        Interlocked.CompareExchange(ref _error, (int)error, (int)SocketError.Success);

    /// <summary>Notes what OpenSSL says against the peer.</summary>
    internal void SetFailure(string? failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        SetReceiveError(SocketError.ConnectionAborted);
    }

    private TlsStatus Step(in ReadResult result, bool hasResult)
    {
        ReadOnlySequence<byte> input = result.Buffer;
        TlsSession? session = null;
        TlsStatus status = TlsStatus.NeedMoreData;
        if (!hasResult || !input.IsEmpty)
        {
            _channel ??= MakeChannel();
            status = _channel is null ? TlsStatus.Failed : _channel.ShakeHands(ref input, out session);
        }
        if (hasResult)
            _inner.Input.AdvanceTo(input.Start, status == TlsStatus.NeedMoreData ? result.Buffer.End : input.Start);
        if (session is not null)
        {
            Volatile.Write(ref _session, session);
            _writer.Release();
        }
        return status;
    }

    private TlsChannel? MakeChannel()
    {
        TlsChannel? channel = _context.IsInvalid ? null : _makeChannel(_context, _inner.Output);
        _context.Dispose();
        return channel;
    }

    private async ValueTask FailAsync(TlsStatus status)
    {
        if (status == TlsStatus.NeedMoreData && _inner.Error == SocketError.Success)
            SetFailure("The peer ended the connection during the TLS handshake.");
        else if (status != TlsStatus.NeedMoreData)
            SetFailure(_channel is null ? "OpenSSL found no memory for a connection, or its context is gone." : _channel.Failure ?? "The peer ended TLS before its handshake was over.");
        _writer.Refuse();
        await _inner.CloseAsync(AlertLinger).ConfigureAwait(false);
    }

    // The peer's close_notify is in what the connection below discards until the peer's stream ends.
    private async Task CloseCoreAsync(TaskCompletionSource closed, TimeSpan linger)
    {
        long start = _time.GetTimestamp();
        _reader.Close();
        Task? sent = _writer.BeginClose();
        if (sent is not null)
            await sent.WaitAsync(linger, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (sent is { IsCompleted: false })
        {
            Abort();
        }
        else
        {
            Established?.SendClose(complete: false);
            TimeSpan left = linger - _time.GetElapsedTime(start);
            await _inner.CloseAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero).ConfigureAwait(false);
            _ = _writer.Close();
        }
        closed.TrySetResult();
    }
}
