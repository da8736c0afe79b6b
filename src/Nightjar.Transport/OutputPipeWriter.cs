using System.IO.Pipelines;
using System.Net.Sockets;
using Nightjar.Transport.Buffers;
using Nightjar.Transport.Pipes;

namespace Nightjar.Transport;

/// <summary>The output buffer of a connection: many fill it under the caller's lock, one sends.</summary>
/// <remarks>
/// <para>Bytes go into blocks that grow from 1 KiB to 64 KiB. A block that holds only uncommitted bytes grows by copying, so that a batch
/// normally leaves in one system call; the size of recent batches decides how large the first block is. <see cref="Commit"/> links the
/// blocks into the send queue. While a send is under way the fill side goes on in the queue's last block: committed bytes never change,
/// so that sender and filler share it. What <see cref="Append"/> adds is a block that leads to bytes of others.</para>
/// <para>Ownership: blocks from <c>_first</c> to <c>_fill</c> belong to the fill side, the queue to the sender while <c>_sending</c>, else
/// to whoever holds the gate; the last block of the queue belongs to both while <c>_tailTaken</c>, and who leaves last returns it.</para>
/// </remarks>
public abstract partial class OutputPipeWriter : PipeWriter, IThreadPoolWorkItem
{
    // A flush completes when no more than this is left unsent.
    private const int FlushThreshold = 64 * 1024;

    // What one call sends before it leaves the thread to others.
    private const int SendBudget = 256 * 1024;

    // Where writers put what goes nowhere after the end. Nobody reads it, so that writers may race in it.
    private static readonly byte[] s_discard = new byte[BufferPool.MaximumBlockSize];

    private readonly BufferPool _pool;
    private readonly Lock _gate = new();

    // Fill side: under the caller's lock.
    private BufferBlock? _fill;
    private BufferBlock? _first;
    private long _written;
    private long _appended;
    private int _startClass;
    private bool _completed;

    // Under the gate.
    private BufferBlock? _head;
    private BufferBlock? _tail;
    private long _committed;
    private bool _tailTaken;
    private bool _sending;
    private bool _closing;
    private bool _closed;
    private bool _shutdownRequested;
    private TaskCompletionSource? _idle;
    private FlushOperation? _flush;
    private bool _flushPending;

    // The sender, of whom there is one while _sending; _sent is read by others.
    private int _offset;
    private long _sent;
    private bool _wasBlocked;

    private Action<object?>? _drained;
    private object? _drainedState;

    private protected OutputPipeWriter(BufferPool pool) => _pool = pool;

    /// <summary>Bytes written and not yet taken by the operating system, committed or not; 0 after the end.</summary>
    /// <remarks>Any thread; a moment's picture.</remarks>
    public long UnsentBytes
    {
        get
        {
            // In this order, so that the difference is never negative.
            long sent = Volatile.Read(ref _sent);
            return Volatile.Read(ref _closed) ? 0 : Volatile.Read(ref _written) - sent;
        }
    }

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _written - Volatile.Read(ref _committed);

    /// <summary>Whether <see cref="Append"/> sends bytes from where they lie; otherwise it copies them.</summary>
    public virtual bool SendsInPlace => false;

    /// <summary>Room for the next bytes. Fill side.</summary>
    /// <param name="sizeHint">Least bytes wanted, contiguous; 0 for whatever there is.</param>
    /// <returns>At least <paramref name="sizeHint"/> bytes, valid until the next call. After the end it leads nowhere.</returns>
    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        BufferBlock? block = _fill;
        if (block is not null && block.Free >= sizeHint && block.Free > 0)
            return block.FreeSpan;
        block = GetBlockSlow(sizeHint);
        return block is null ? GetDiscard(sizeHint).Span : block.FreeSpan;
    }

    /// <inheritdoc cref="GetSpan"/>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        BufferBlock? block = _fill;
        if (block is null || block.Free < sizeHint || block.Free == 0)
            block = GetBlockSlow(sizeHint);
        return block is null ? GetDiscard(sizeHint) : block.Array.AsMemory(block.Filled);
    }

    /// <summary>Counts bytes that were put into the last span as written. Fill side.</summary>
    public override void Advance(int bytes)
    {
        BufferBlock? block = _fill;
        if (block is null)
            return;
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)block.Free, nameof(bytes));
        block.Filled += bytes;
        Volatile.Write(ref _written, _written + bytes);
    }

    /// <summary>Writes bytes that others hold too, such as the payload of a message with many receivers. Fill side.</summary>
    /// <param name="array">Where they are.</param>
    /// <param name="start">Their first one.</param>
    /// <param name="count">How many.</param>
    /// <param name="owner">One reference to them is taken over. It is given back when they are sent or given up, by any thread, and under the caller's lock
    /// when that is known at once.</param>
    public void Append(byte[] array, int start, int count, IByteOwner owner)
    {
        ArgumentNullException.ThrowIfNull(owner);
        if (SendsInPlace && count > 0 && !_completed && !Volatile.Read(ref _closing))
        {
            BufferBlock block = _pool.Borrow(array, start, count, owner);
            if (_first is null)
                _first = block;
            else
                _fill!.NextBlock = block;
            _fill = block;
            _appended += count;
            Volatile.Write(ref _written, _written + count);
            return;
        }
        array.AsSpan(start, count).CopyTo(GetSpan(count));
        Advance(count);
        owner.Release();
    }

    /// <summary>Makes what was written eligible for sending. Fill side; no system call.</summary>
    /// <returns>True: the caller must call <see cref="Send"/> after releasing its lock. False: there is nothing to send, or a send is under
    /// way and takes it along, or the connection has ended.</returns>
    public bool Commit()
    {
        BufferBlock? last = _fill;
        if (last is null)
            return false;
        BufferBlock? first = _first;
        BufferBlock? idle = null;
        bool mustSend = false;
        _fill = null;
        _first = null;
        lock (_gate)
        {
            _tailTaken = false;
            if (_closing)
            {
                Volatile.Write(ref _written, _committed);
            }
            else if (_written != _committed)
            {
                if (first is not null)
                {
                    LinkLocked(first, last);
                    first = null;
                }
                Volatile.Write(ref _committed, _written);
            }
            if (!_sending)
            {
                if (!_closing && _committed != _sent)
                    mustSend = _sending = true;
                else
                    idle = DetachQueueLocked();
            }
        }
        _appended = 0;
        _pool.ReturnChain(first);
        _pool.ReturnChain(idle);
        return mustSend;
    }

    /// <summary>Sends until everything committed is sent or the operating system would block; the rest goes on by itself.</summary>
    /// <remarks>Only after <see cref="Commit"/> returned true, once, without the caller's lock. Never blocks.</remarks>
    public void Send()
    {
        int budget = SendBudget;
        bool more = TryTakeFirst(out BufferBlock block, out int length) || TakeNext(out block, out length);
        for (; more; more = TakeNext(out block, out length))
        {
            if (budget <= 0)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
            int sent = TryTransmit(block, _offset, ref length, out SocketError error);
            MarkSent(sent);
            budget -= sent;
            if (sent == length)
                continue;
            if (error is SocketError.Success or SocketError.WouldBlock)
            {
                _wasBlocked = true;
                if (TransmitAsync(block.Array, block.Start + _offset, length - sent, out sent, out error))
                    return;
                MarkSent(sent);
            }
            if (error != SocketError.Success)
                Fail(error);
        }
    }

    /// <summary>Asks to be told when everything was sent after a send could not finish at once, which is the end of back-pressure.</summary>
    /// <param name="callback">Called on an I/O thread without any lock, each time. By then more may have been written.</param>
    /// <param name="state">Handed to the callback.</param>
    /// <remarks>Set once, before the first Commit.</remarks>
    public void OnDrained(Action<object?> callback, object? state)
    {
        _drainedState = state;
        _drained = callback;
    }

    /// <summary>Commit and Send. Completes when at most 64 KiB are unsent; the result is completed after the end of the connection.</summary>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Commit())
            Send();
        return WhenSentAsync(cancellationToken);
    }

    /// <summary>Waits, without committing anything, until at most 64 KiB are unsent; the result is completed after the end of the connection.</summary>
    /// <remarks>Any thread, but one wait (or flush) at a time. Completes at once when what is unsent is not committed yet.</remarks>
    public ValueTask<FlushResult> WhenSentAsync(CancellationToken cancellationToken = default)
    {
        if (UnsentBytes <= FlushThreshold)
            return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: Volatile.Read(ref _closing)));
        ValueTask<FlushResult> pending;
        lock (_gate)
        {
            if (_closed || !_sending || UnsentBytes <= FlushThreshold)
                return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: _closing));
            _flush ??= new FlushOperation();
            _flushPending = true;
            pending = _flush.Start();
        }
        return cancellationToken.CanBeCanceled ? AwaitFlushAsync(pending, cancellationToken) : pending;
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush()
    {
        FlushOperation? flush;
        lock (_gate)
            flush = TakeFlushLocked();
        flush?.Complete(new FlushResult(isCanceled: true, isCompleted: false));
    }

    /// <summary>Ends the fill side: commits, sends, and ends our half of the stream when everything is sent. Later writes are
    /// swallowed.</summary>
    public override void Complete(Exception? exception = null)
    {
        if (_completed)
            return;
        bool mustSend = Commit();
        _completed = true;
        bool shutdown;
        lock (_gate)
        {
            shutdown = !_sending && !_closing;
            _shutdownRequested = !shutdown && !_closing;
        }
        if (mustSend)
            Send();
        else if (shutdown)
            ShutdownSend();
    }

    void IThreadPoolWorkItem.Execute() => Send();

    /// <summary>Offers bytes to the operating system without waiting.</summary>
    /// <returns>How many it took; fewer than offered, with Success or WouldBlock, when it would block.</returns>
    private protected abstract int TryTransmit(ReadOnlySpan<byte> bytes, out SocketError error);

    /// <summary>Offers the bytes of a block, or of a chain of them where that is one operation, without waiting.</summary>
    /// <param name="block">The first block.</param>
    /// <param name="offset">What of it is sent already.</param>
    /// <param name="length">How many bytes there are, in this block and the next ones; then, how many were offered.</param>
    /// <param name="error">As of <see cref="TryTransmit(ReadOnlySpan{byte}, out SocketError)"/>.</param>
    private protected virtual int TryTransmit(BufferBlock block, int offset, ref int length, out SocketError error)
    {
        length = Math.Min(length, block.Length - offset);
        return TryTransmit(block.Array.AsSpan(block.Start + offset, length), out error);
    }

    /// <summary>Sends bytes when the operating system is ready: what was offered last, less what was taken of it.</summary>
    /// <returns>True: <see cref="OnTransmitted"/> follows. False: done already, with the result in the arguments.</returns>
    private protected abstract bool TransmitAsync(byte[] array, int offset, int count, out int sent, out SocketError error);

    /// <summary>Tells the peer that no more bytes come.</summary>
    private protected abstract void ShutdownSend();

    /// <summary>Sending has failed: the connection is to be ended.</summary>
    private protected abstract void OnSendFailed(SocketError error);

    /// <summary>Continues after a pending <see cref="TransmitAsync"/>.</summary>
    private protected void OnTransmitted(int sent, SocketError error)
    {
        MarkSent(sent);
        if (error != SocketError.Success)
            Fail(error);
        Send();
    }

    private static Memory<byte> GetDiscard(int sizeHint) => sizeHint <= s_discard.Length ? s_discard : new byte[sizeHint];

    // Makes room: in the queue's last block when a send is under way, else in a block of our own, grown by copying while it is small.
    private BufferBlock? GetBlockSlow(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        if (_completed || Volatile.Read(ref _closing))
        {
            Commit();
            return null;
        }
        int wanted = Math.Max(sizeHint, 1);
        BufferBlock? last = _fill;
        if (last is null && TryTakeTail(wanted))
            return _fill;
        if (_first is null)
            return _first = _fill = _pool.RentAtLeast(Math.Max(wanted, BufferPool.SizeOf(_startClass)));
        if (ReferenceEquals(last, _first) && last!.SizeClass < BufferPool.LargestClass && last.Filled + wanted <= BufferPool.MaximumBlockSize)
            return _first = _fill = Grow(last, wanted);
        // Between bytes of others stand short headers.
        int size = last!.SizeClass == BufferPool.BorrowedClass ? BufferPool.MinimumBlockSize : BufferPool.MaximumBlockSize;
        BufferBlock next = _pool.RentAtLeast(Math.Max(wanted, size));
        last.NextBlock = next;
        return _fill = next;
    }

    private bool TryTakeTail(int wanted)
    {
        lock (_gate)
        {
            if (_tail is null || _closing || _tail.Free < wanted)
                return false;
            _tailTaken = true;
            _fill = _tail;
            return true;
        }
    }

    private BufferBlock Grow(BufferBlock block, int wanted)
    {
        int sizeClass = Math.Max(block.SizeClass + 1, BufferPool.ClassOf(block.Filled + wanted));
        BufferBlock larger = _pool.Rent(sizeClass);
        block.Array.AsSpan(0, block.Filled).CopyTo(larger.Array);
        larger.Filled = block.Filled;
        _pool.Return(block);
        return larger;
    }
}
