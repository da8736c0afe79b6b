using System.IO.Pipelines;
using System.Net.Sockets;
using Nightjar.Transport.Buffers;
using Nightjar.Transport.Pipes;

namespace Nightjar.Transport;

// The send queue: what the fill side, the sender and those who end the connection do to it under the gate.
public abstract partial class OutputPipeWriter
{
    /// <summary>Swallows later commits.</summary>
    /// <returns>Completes when everything committed before is sent or lost; null when that is so now.</returns>
    internal Task? BeginClose()
    {
        lock (_gate)
        {
            _closing = true;
            return WhenIdleLocked();
        }
    }

    /// <summary>Drops what is unsent. The sender, if there is one, gives its blocks back when it notices.</summary>
    /// <returns>Completes when the sender has left; null when there is none.</returns>
    internal Task? Close()
    {
        BufferBlock? released = null;
        FlushOperation? flush;
        Task? idle;
        lock (_gate)
        {
            _closing = true;
            _closed = true;
            if (!_sending)
                released = DetachQueueLocked();
            flush = TakeFlushLocked();
            idle = WhenIdleLocked();
        }
        if (released is not null)
            _pool.ReturnChain(released);
        flush?.Complete(new FlushResult(isCanceled: false, isCompleted: true));
        return idle;
    }

    private void LinkLocked(BufferBlock first, BufferBlock last)
    {
        if (_tail is null)
            _head = first;
        else
            _tail.NextBlock = first;
        _tail = last;
        int sizeClass = Math.Min(BufferPool.ClassOf((int)Math.Min(_written - _committed - _appended, int.MaxValue)), BufferPool.LargestClass);
        if (sizeClass > _startClass)
            _startClass = sizeClass;
        else if (sizeClass < _startClass)
            _startClass--;
    }

    // What a send begins with, which the commit has left in the queue: without the gate. False: the gate is needed.
    private bool TryTakeFirst(out BufferBlock block, out int length)
    {
        // Before the queue, which only grows while this thread is the sender.
        long unsent = Volatile.Read(ref _committed) - _sent;
        block = _head!;
        bool isPlain = unsent > 0 && block is not null && block.Length > _offset && !Volatile.Read(ref _closed) && !Volatile.Read(ref _flushPending);
        length = isPlain ? (int)Math.Min(Math.Max(SendBudget, block!.Length - _offset), unsent) : 0;
        return isPlain;
    }

    // Gives back what has been sent and finds the next bytes. False: nothing is left, and this thread is no longer the sender.
    private bool TakeNext(out BufferBlock block, out int length)
    {
        BufferBlock? released;
        FlushOperation? flush = null;
        bool more;
        bool shutdown = false;
        bool drained = false;
        TaskCompletionSource? idle = null;
        lock (_gate)
        {
            more = !_closed && _committed != _sent;
            if (more)
            {
                released = PopSentLocked();
            }
            else
            {
                released = DetachQueueLocked();
                _sending = false;
                idle = _idle;
                _idle = null;
                shutdown = _shutdownRequested && !_closing;
                drained = _wasBlocked && !_closing;
                _wasBlocked = false;
            }
            block = _head!;
            // A block that is longer than the budget is offered as a whole, as long as the system takes it.
            length = more ? (int)Math.Min(Math.Max(SendBudget, block.Length - _offset), _committed - _sent) : 0;
            if (_flushPending && UnsentBytes <= FlushThreshold)
                flush = TakeFlushLocked();
        }
        _pool.ReturnChain(released);
        flush?.Complete(new FlushResult(isCanceled: false, isCompleted: Volatile.Read(ref _closing)));
        if (!more)
            AfterSending(shutdown, drained, idle);
        return more;
    }

    // Another thread may be the sender by now.
    private void AfterSending(bool shutdown, bool drained, TaskCompletionSource? idle)
    {
        idle?.TrySetResult();
        if (shutdown)
            ShutdownSend();
        if (drained)
            _drained?.Invoke(_drainedState);
    }

    // Beyond the end of the first block when more than that was sent at once.
    private void MarkSent(int count)
    {
        _offset += count;
        Volatile.Write(ref _sent, _sent + count);
    }

    private void Fail(SocketError error)
    {
        Close();
        OnSendFailed(error);
    }

    private BufferBlock? PopSentLocked()
    {
        BufferBlock? first = null;
        BufferBlock? last = null;
        // Something is unsent, and the block that it is in stays.
        while (_head!.Length <= _offset)
        {
            first ??= _head;
            last = _head;
            _offset -= _head.Length;
            _head = _head.NextBlock;
        }
        if (last is not null)
            last.NextBlock = null;
        return first;
    }

    // Takes everything out of the queue but a last block that the fill side is in.
    private BufferBlock? DetachQueueLocked()
    {
        BufferBlock? released = _head;
        if (!_tailTaken)
        {
            _head = null;
            _tail = null;
            _offset = 0;
            return released;
        }
        if (ReferenceEquals(_head, _tail))
            return null;
        BufferBlock last = released!;
        _offset -= last.Length;
        while (!ReferenceEquals(last.Next, _tail))
        {
            last = last.NextBlock!;
            _offset -= last.Length;
        }
        last.NextBlock = null;
        _head = _tail;
        // Of the last block; below zero when the rest is given up.
        _offset = Math.Max(_offset, 0);
        return released;
    }

    private FlushOperation? TakeFlushLocked()
    {
        if (!_flushPending)
            return null;
        _flushPending = false;
        return _flush;
    }

    private Task? WhenIdleLocked() =>
        _sending ? (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : null;

    private async ValueTask<FlushResult> AwaitFlushAsync(ValueTask<FlushResult> pending, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static state => ((OutputPipeWriter)state!).CancelPendingFlush(), this);
        FlushResult result = await pending.ConfigureAwait(false);
        if (result.IsCanceled)
            cancellationToken.ThrowIfCancellationRequested();
        return result;
    }
}
