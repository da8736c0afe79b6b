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

    protected abstract TimeProvider Time { get; }

    /// <inheritdoc/>
    public sealed override ValueTask ServeAsync(IInputHandler handler) => Reader.ServeAsync(handler);

    /// <inheritdoc/>
    public sealed override void Abort() => Abort(SocketError.OperationAborted);

    /// <inheritdoc/>
    public sealed override ValueTask CloseAsync(TimeSpan linger) => CloseAsync(linger, isPeerDone: false);

    /// <inheritdoc/>
    public sealed override ValueTask CloseAfterLastAsync(TimeSpan linger) => CloseAsync(linger, isPeerDone: true);

    private ValueTask CloseAsync(TimeSpan linger, bool isPeerDone)
    {
        if (Interlocked.CompareExchange(ref _state, Closing, Open) != Open)
            return WhenClosed();
        Reader.Close();
        Task? sent = Writer.BeginClose();
        if (sent is not null)
            return new ValueTask(CloseSlowAsync(sent, discarded: null, linger));
        if (isPeerDone)
        {
            // The transport's own end is the end of the stream.
            Release(abortive: false);
            return ValueTask.CompletedTask;
        }
        ShutdownSend();
        Task? discarded = linger > TimeSpan.Zero ? Reader.Discard() : null;
        if (discarded is not null)
            return new ValueTask(CloseSlowAsync(sent: null, discarded, linger));
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
        if (Volatile.Read(ref _state) == Released)
            return;
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

    private async Task CloseSlowAsync(Task? sent, Task? discarded, TimeSpan linger)
    {
        long start = Time.GetTimestamp();
        if (sent is not null)
        {
            if (!await WaitAsync(sent, linger).ConfigureAwait(false))
            {
                Abort(SocketError.OperationAborted);
                return;
            }
            ShutdownSend();
            discarded = Reader.Discard();
        }
        if (discarded is not null)
            await WaitAsync(discarded, linger - Time.GetElapsedTime(start)).ConfigureAwait(false);
        Release(abortive: false);
    }

    // False: the time was over first.
    private async Task<bool> WaitAsync(Task task, TimeSpan time)
    {
        if (task.IsCompleted || time <= TimeSpan.Zero)
            return task.IsCompleted;
        using var timeout = new CancellationTokenSource();
        await Task.WhenAny(task, Task.Delay(time, Time, timeout.Token)).ConfigureAwait(false);
        await timeout.CancelAsync().ConfigureAwait(false);
        return task.IsCompleted;
    }
}
