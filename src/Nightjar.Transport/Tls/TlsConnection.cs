using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Nightjar.Transport.Buffers;
using Nightjar.Transport.Pipes;

namespace Nightjar.Transport.Tls;

/// <summary>A connection that speaks TLS over the connection below.</summary>
/// <remarks>The runtime's TLS does the protocol; the pipes around it are those of every connection, so that nothing throws at what a peer
/// does, the output is filled under a lock and sent without waiting, and an idle connection holds no buffer.</remarks>
internal sealed class TlsConnection : TransportConnection
{
    private const int ShutdownTries = 100;

    // 4 KiB: what a peer sends in a handshake waits for the thread pool, of many peers at once.
    private const int HandshakeBlockClass = 1;

    private readonly TransportConnection _inner;
    private readonly TimeProvider _time;
    private readonly TlsPipeReader _reader;
    private readonly TlsOutputWriter _writer;
    private readonly TlsHandshake _handshake;

    // Null from the end of the handshake on, which nobody asks of an idle connection.
    private TaskCompletionSource? _whenReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _closed;
    private TlsSession? _session;
    private string? _failure;
    private int _error;
    private int _isShutDown;

    /// <summary>Takes a connection over on which nothing was exchanged.</summary>
    internal TlsConnection(TransportConnection inner, TlsHandshake handshake, BufferPool pool, TimeProvider time)
    {
        _inner = inner;
        _time = time;
        _handshake = handshake;
        Records = new RecordStream(inner);
        SetBlockClass(HandshakeBlockClass);
        _reader = new TlsPipeReader(this, pool);
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
    /// <remarks>ConnectionAborted when the peer broke TLS.</remarks>
    public override SocketError Error => (SocketError)Volatile.Read(ref _error) is var error and not SocketError.Success ? error : _inner.Error;

    /// <inheritdoc/>
    public override TlsSession? Tls => Volatile.Read(ref _session);

    /// <inheritdoc/>
    public override string? Failure => Volatile.Read(ref _failure);

    /// <summary>The runtime's TLS; null until the handshake begins, usable when <see cref="IsReady"/>.</summary>
    internal SslStream? Stream { get; private set; }

    /// <summary>The records below it.</summary>
    internal RecordStream Records { get; }

    /// <summary>The handshake is over and has succeeded.</summary>
    internal bool IsReady => Volatile.Read(ref _session) is not null;

    /// <summary>Completes when the handshake is over, in whatever way, or the connection has ended.</summary>
    internal Task WhenReady => Volatile.Read(ref _whenReady)?.Task ?? Task.CompletedTask;

    /// <summary>Why the connection below ended.</summary>
    internal SocketError InnerError => _inner.Error;

    /// <summary>Shakes hands, once. On the thread pool.</summary>
    /// <returns>Whether it succeeded; <see cref="Failure"/> says why not, unless the connection ended first.</returns>
    internal async Task<bool> ShakeHandsAsync()
    {
        Records.IsShakingHands = true;
        try
        {
            // Nothing is made for a peer that says nothing.
            await Records.ReadAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
            if (Records.IsEnded)
                return false;
            return await AuthenticateAsync().ConfigureAwait(false);
        }
        finally
        {
            Records.IsShakingHands = false;
            Records.LeaveUse();
            SetReady();
        }
    }

    /// <summary>The same for a client, who speaks first.</summary>
    internal async Task<bool> BeginHandshakeAsync()
    {
        try
        {
            return await AuthenticateAsync().ConfigureAwait(false);
        }
        finally
        {
            Records.LeaveUse();
            SetReady();
        }
    }

    /// <summary>Notes what TLS could not go on with. The first reason counts.</summary>
    internal SocketError Fail(Exception exception)
    {
        if (Records.IsEnded || _inner.Error != SocketError.Success)
            return _inner.Error;
        Interlocked.CompareExchange(ref _failure, _handshake.Explain(exception), null);
        return SocketError.ConnectionAborted;
    }

    /// <summary>Notes why the input ended.</summary>
    internal void SetReceiveError(SocketError error) =>
        Interlocked.CompareExchange(ref _error, (int)error, (int)SocketError.Success);

    /// <summary>Tells the peer that no more bytes come, once.</summary>
    /// <returns>False when the reading side is decrypting at this moment: nothing was done.</returns>
    internal bool TryShutDown()
    {
        if (!IsReady || Volatile.Read(ref _isShutDown) != 0)
            return true;
        if (!Records.TryEnterEnding())
            return false;
        try
        {
            // Completes at once, because writing to the records never waits; a failure is looked at, so that it is no unobserved one.
            if (Interlocked.Exchange(ref _isShutDown, 1) == 0)
                _ = Stream!.ShutdownAsync().Exception;
        }
#pragma warning disable CA1031 // TLS has failed before, in whatever way; then there is no orderly end.
        catch (Exception)
        {
        }
#pragma warning restore CA1031
        finally
        {
            Records.LeaveEnding();
        }
        return true;
    }

    /// <inheritdoc/>
    public override ValueTask ServeAsync(IInputHandler handler) => _reader.ServeAsync(handler);

    /// <inheritdoc/>
    public override void Abort()
    {
        _inner.Abort();
        _reader.Close();
        _ = _writer.Close();
        SetReady();
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
        if (Stream is { } stream)
            await stream.DisposeAsync().ConfigureAwait(false);
    }

    private void SetReady() => Interlocked.Exchange(ref _whenReady, null)?.TrySetResult();

    private void SetBlockClass(int sizeClass)
    {
        if (_inner.Input is InputPipeReader records)
            records.BroughtClass = sizeClass;
    }

    private async Task<bool> AuthenticateAsync()
    {
        var stream = new SslStream(Records, leaveInnerStreamOpen: true);
        Stream = stream;
        try
        {
            await _handshake.AuthenticateAsync(stream).ConfigureAwait(false);
            _ = RuntimeSsl.TryReleaseBuffers(stream);
            SetBlockClass(BufferPool.LargestClass);
            NativeHeap.HandshakeEnded();
            Volatile.Write(ref _session, TlsHandshake.Describe(stream));
            return true;
        }
#pragma warning disable CA1031 // Whatever the handshake throws is about what the peer sent, and ends this connection only.
        catch (Exception exception)
        {
            SocketError error = Fail(exception);
            if (error != SocketError.Success)
                SetReceiveError(error);
            return false;
        }
#pragma warning restore CA1031
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
            // A peer that sends all the time may have to do without the end of TLS; the end of the stream it sees.
            for (int tries = 0; tries < ShutdownTries && !TryShutDown(); tries++)
                await Task.Yield();
            TimeSpan left = linger - _time.GetElapsedTime(start);
            await _inner.CloseAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero).ConfigureAwait(false);
            _ = _writer.Close();
            SetReady();
        }
        closed.TrySetResult();
    }
}
