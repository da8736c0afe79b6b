using System.IO.Pipelines;
using System.Net.Sockets;

namespace Nightjar.Transport.Pipes;

/// <summary>A connection made of an <see cref="InputPipeReader"/> and an <see cref="OutputPipeWriter"/>: how it ends is the same for every
/// transport.</summary>
internal abstract class PipeConnection : TransportConnection
{
    private const int Open = 0;
    private const int Closing = 1;
    private const int Released = 2;

    private TaskCompletionSource? _closed;
    private int _state;
    private int _error;

    /// <inheritdoc/>
    public sealed override PipeReader Input => Reader;

    /// <inheritdoc/>
    public sealed override OutputPipeWriter Output => Writer;

    /// <inheritdoc/>
    public sealed override SocketError Error => (SocketError)Volatile.Read(ref _error);

    protected abstract InputPipeReader Reader { get; }

    protected abstract OutputPipeWriter Writer { get; }

    /// <inheritdoc/>
    public sealed override void Abort()
    {
        if (Volatile.Read(ref _state) != Released)
            Abort(SocketError.OperationAborted);
    }

    /// <inheritdoc/>
    public sealed override ValueTask CloseAsync(TimeSpan linger)
    {
        if (Interlocked.CompareExchange(ref _state, Closing, Open) != Open)
            return WhenClosed();
        Reader.Close();
        Task? sent = Writer.BeginClose();
        if (sent is not null)
            return new ValueTask(CloseSlowAsync(sent, linger));
        ShutdownSend();
        Task? discarded = linger > TimeSpan.Zero ? Reader.Discard() : null;
        if (discarded is not null)
            return new ValueTask(CloseSlowAsync(discarded, linger));
        Release(abortive: false);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public sealed override async ValueTask DisposeAsync()
    {
        Abort();
        if (Writer.Close() is Task sending)
            await sending.ConfigureAwait(false);
        if (Reader.End() is Task receiving)
            await receiving.ConfigureAwait(false);
    }

    /// <summary>Ends the connection because it broke. The first reason counts.</summary>
    internal void Abort(SocketError error)
    {
        Interlocked.CompareExchange(ref _error, (int)error, (int)SocketError.Success);
        Release(abortive: true);
    }

    /// <summary>Notes why the input ended; the output ends by itself.</summary>
    internal void SetReceiveError(SocketError error)
    {
        if (Volatile.Read(ref _state) != Released)
            Interlocked.CompareExchange(ref _error, (int)error, (int)SocketError.Success);
    }

    /// <summary>Tells the peer that no more bytes come. Does not throw, whatever the state of the transport.</summary>
    internal abstract void ShutdownSend();

    /// <summary>Gives the transport back; pending operations end.</summary>
    protected abstract void CloseTransport(bool abortive);

    private void Release(bool abortive)
    {
        if (Interlocked.Exchange(ref _state, Released) == Released)
            return;
        Reader.Close();
        Writer.Close();
        CloseTransport(abortive);
        Volatile.Read(ref _closed)?.TrySetResult();
    }

    // Made only by those who have to wait for another's close.
    private ValueTask WhenClosed()
    {
        if (Volatile.Read(ref _state) == Released)
            return ValueTask.CompletedTask;
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        closed = Interlocked.CompareExchange(ref _closed, closed, null) ?? closed;
        if (Volatile.Read(ref _state) == Released)
            closed.TrySetResult();
        return new ValueTask(closed.Task);
    }

    // The first wait is for the send queue or, when that was empty at once, for the peer's end.
    private async Task CloseSlowAsync(Task first, TimeSpan linger)
    {
        if (linger <= TimeSpan.Zero)
        {
            Abort();
            return;
        }
        bool waitsForQueue = Writer.BeginClose() is not null;
        long deadline = Environment.TickCount64 + (long)linger.TotalMilliseconds;
        bool inTime = await WaitAsync(first, deadline).ConfigureAwait(false);
        if (waitsForQueue && inTime)
        {
            ShutdownSend();
            if (Reader.Discard() is Task discarded)
                await WaitAsync(discarded, deadline).ConfigureAwait(false);
        }
        Release(abortive: !inTime && waitsForQueue);
    }

    private static async Task<bool> WaitAsync(Task task, long deadline)
    {
        long left = Math.Max(0, deadline - Environment.TickCount64);
        using var timeout = new CancellationTokenSource();
        Task first = await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(left), timeout.Token)).ConfigureAwait(false);
        await timeout.CancelAsync().ConfigureAwait(false);
        return ReferenceEquals(first, task);
    }
}
