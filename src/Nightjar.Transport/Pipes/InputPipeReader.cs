using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Nightjar.Transport.Pipes;

/// <summary>The input of a connection: reads straight from the transport into its own buffer, without a copying loop and without an
/// allocation a read.</summary>
/// <remarks>
/// <para>A wait is an asynchronous receive into a small buffer that belongs to the connection, so that nothing pooled is held meanwhile and
/// a message that travels alone costs one receive; or, where the transport can wait without receiving, no buffer at all. When a receive fills its buffer, a synchronous one into a 64 KiB block follows, and
/// the next read begins with such a one. After some reads that found bytes at once, the connection goes to the end of the thread pool's
/// queue, so that it cannot keep its thread.</para>
/// <para>Who may do what is in <c>_state</c>. The buffer belongs to the reading side, that is the caller of ReadAsync, the handler that is served or, while a read
/// waits, whoever takes <see cref="Waiting"/> out of the state. A pending receive writes only behind the end of the buffer, and the
/// block it writes to is neither returned nor moved before its result was taken.</para>
/// </remarks>
internal abstract partial class InputPipeReader : PipeReader, IValueTaskSource<ReadResult>, IValueTaskSource, IThreadPoolWorkItem
{
    // A receive is pending, or the read waits for its turn in the thread pool.
    private const int Receiving = 1;

    // Somebody awaits ReadAsync, or is served.
    private const int Waiting = 2;

    // A receive has ended and nobody was waiting; the next read takes its result.
    private const int Parked = 4;

    // CancelPendingRead came while nobody was waiting.
    private const int CancelRequested = 8;

    // The connection is closed on our side: reads complete.
    private const int Closed = 16;

    // The reading side is done: blocks are given back as soon as no receive is pending.
    private const int Ended = 32;

    // What the peer still sends is thrown away.
    private const int Discarding = 64;

    // Reads in a row that may find bytes at once.
    private const int ReadsInTurn = 8;

    private ManualResetValueTaskSourceCore<bool> _core;
    private EndingOperation? _ending;

    // Who takes what is read while ServeAsync has not completed; null: who awaits ReadAsync. Of the reading side.
    private IInputHandler? _handler;
    private int _state;
    private int _readsLeft = ReadsInTurn;

    // Result of the last receive that was not synchronous.
    private int _received;
    private SocketError _receiveError;

    // The peer's stream has ended, in whatever way.
    private bool _completed;

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        cancellationToken.CanBeCanceled ? ReadCancellableAsync(cancellationToken) : ReadCoreAsync();

    /// <summary>Who takes what is read; null for who awaits a read.</summary>
    internal IInputHandler? Handler => _handler;

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        if (TryTakeResult(out result))
            return true;
        TakeParked();
        return TryTakeResult(out result);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead()
    {
        int state = Volatile.Read(ref _state);
        while (true)
        {
            int next = (state & Waiting) != 0 ? state & ~Waiting : state | CancelRequested;
            int seen = Interlocked.CompareExchange(ref _state, next, state);
            if (seen == state)
                break;
            state = seen;
        }
        if ((state & Waiting) != 0)
            ThreadPool.UnsafeQueueUserWorkItem(static reader => reader.CompleteRead(isCanceled: true), this, preferLocal: false);
    }

    /// <summary>Ends the reading side; blocks go back.</summary>
    public override void Complete(Exception? exception = null)
    {
        int old = Interlocked.Or(ref _state, Ended);
        if ((old & (Ended | Receiving)) == 0)
            ReleaseBuffer();
    }

    /// <inheritdoc cref="TransportConnection.ServeAsync"/>
    internal ValueTask ServeAsync(IInputHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ThrowIfReading();
        _core.Reset();
        var served = new ValueTask(this, _core.Version);
        _handler = handler;
        Serve(first: null);
        return served;
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => MakeResult(_core.GetResult(token));

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    // The turn of a connection that had stood back. A cancelled or closed read was completed by who did that.
    void IThreadPoolWorkItem.Execute()
    {
        int old = EndReceiving(parks: false);
        if ((old & Ended) != 0)
            ReleaseBuffer();
        if ((old & (Waiting | Ended)) == Waiting)
        {
            ReceiveOutcome outcome = Receive();
            if (outcome != ReceiveOutcome.Pending)
                CompleteRead(outcome == ReceiveOutcome.Canceled);
        }
        else if ((old & Waiting) != 0)
        {
            CompleteRead(isCanceled: false);
        }
        if ((old & Waiting) == 0)
            AfterReceiving(old, more: true);
    }

    /// <summary>Whether a wait with nothing unconsumed is one for readiness: the transport then calls <see cref="ReceiveTarget"/>, and no buffer
    /// is held meanwhile.</summary>
    protected virtual bool BringsBlocks => false;

    /// <summary>Has <see cref="IThreadPoolWorkItem.Execute"/> called after others had their turn.</summary>
    protected virtual void QueueTurn() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    /// <summary>Takes bytes that are there.</summary>
    /// <returns>Bytes received; 0 with Success at the end of the stream, with WouldBlock when there is nothing.</returns>
    protected abstract int TryReceive(Span<byte> destination, out SocketError error);

    /// <summary>Receives at least one byte.</summary>
    /// <returns>True: <see cref="OnReceived"/> follows. False: done already, with the result in the arguments.</returns>
    protected abstract bool ReceiveAsync(byte[] array, int offset, int count, out int received, out SocketError error);

    /// <summary>Tells the connection why its stream broke.</summary>
    protected abstract void OnReceiveFailed(SocketError error);

    /// <summary>The connection is disposed of. A receive may still be pending.</summary>
    protected virtual void OnEnded()
    {
    }

    /// <summary>Continues after a pending receive.</summary>
    internal void OnReceived(int received, SocketError error)
    {
        _received = received;
        _receiveError = error;
        _readsLeft = ReadsInTurn;
        int old = EndReceiving(parks: true);
        if ((old & Ended) != 0)
            ReleaseBuffer();
        else if ((old & Waiting) != 0)
            AcceptReceived();
        if ((old & Waiting) != 0)
            CompleteRead(isCanceled: false);
        else
            AfterReceiving(old, more: received > 0 && error == SocketError.Success);
    }

    private ValueTask<ReadResult> ReadCoreAsync()
    {
        ThrowIfReading();
        _core.Reset();
        var pending = new ValueTask<ReadResult>(this, _core.Version);
        return TryReadOrWait(out ReadResult result) ? new ValueTask<ReadResult>(result) : pending;
    }

    private void ThrowIfReading()
    {
        if ((Volatile.Read(ref _state) & Waiting) != 0 || _handler is not null)
            throw new InvalidOperationException("A read is pending already.");
    }

    // False: a wait has begun, and this thread must not touch the reader any more.
    private bool TryReadOrWait(out ReadResult result)
    {
        while (!TryRead(out result))
        {
            if ((Volatile.Read(ref _state) & (Receiving | Parked)) != 0)
            {
                if (TryJoinReceive())
                    return false;
                continue;
            }
            if (--_readsLeft <= 0)
            {
                if (TryStandBack())
                    return false;
                continue;
            }
            ReceiveOutcome outcome = Receive();
            if (outcome == ReceiveOutcome.Pending)
                return false;
            result = MakeResult(outcome == ReceiveOutcome.Canceled);
            break;
        }
        return true;
    }

    // The wait is over; the reading side is the caller's.
    private void CompleteRead(bool isCanceled)
    {
        if (_handler is null)
            _core.SetResult(isCanceled);
        else
            Serve(MakeResult(isCanceled));
    }

    // From a result on, or from the first read.
    private void Serve(ReadResult? first)
    {
        IInputHandler handler = _handler!;
        bool isReading = first is null;
        ReadResult result = first.GetValueOrDefault();
        try
        {
            while (isReading || handler.Take(this, result))
            {
                isReading = true;
                if (!TryReadOrWait(out result))
                    return;
                isReading = false;
            }
        }
#pragma warning disable CA1031 // It is told to who awaits the end of the serving.
        catch (Exception exception)
        {
            if (isReading && !TryGiveUpWait())
                return;
            _handler = null;
            _core.SetException(exception);
            return;
        }
#pragma warning restore CA1031
        _handler = null;
        _core.SetResult(false);
    }

    // A read has failed with an exception, such as for want of memory, in the middle of beginning a wait or before. False: whoever has cancelled or closed
    // meanwhile completes it.
    private bool TryGiveUpWait()
    {
        int old = EndReceiving(parks: false);
        if ((old & Receiving) == 0)
            return true;
        if ((old & Ended) != 0)
            ReleaseBuffer();
        AfterReceiving(old, more: false);
        return (old & Waiting) != 0;
    }

    // What can be told without the transport.
    private bool TryTakeResult(out ReadResult result)
    {
        int state = Volatile.Read(ref _state);
        if ((state & Ended) != 0)
            throw new InvalidOperationException("Reading was completed.");
        bool isCanceled = (state & CancelRequested) != 0;
        if (isCanceled)
            Interlocked.And(ref _state, ~CancelRequested);
        if (isCanceled || _unexamined || _completed || (state & Closed) != 0)
        {
            result = MakeResult(isCanceled);
            return true;
        }
        result = default;
        return false;
    }

    private void TakeParked()
    {
        if ((Volatile.Read(ref _state) & Parked) == 0)
            return;
        Interlocked.And(ref _state, ~Parked);
        AcceptReceived();
    }

    // Joins a receive that an earlier, cancelled read has begun. False: there is something else to look at meanwhile.
    private bool TryJoinReceive()
    {
        int state = Volatile.Read(ref _state);
        while ((state & Receiving) != 0 && (state & (CancelRequested | Closed)) == 0)
        {
            int seen = Interlocked.CompareExchange(ref _state, state | Waiting, state);
            if (seen == state)
                return true;
            state = seen;
        }
        return false;
    }

    private bool TryStandBack()
    {
        _readsLeft = ReadsInTurn;
        if (!BeginReceiving())
            return false;
        QueueTurn();
        return true;
    }

    // The reading side goes to the transport. When that leaves the read pending, this thread must not touch the reader any more.
    private ReceiveOutcome Receive()
    {
        if (_more && TryReceiveMore())
            return ReceiveOutcome.Done;
        PrepareWait();
        if (!BeginReceiving())
            return (Interlocked.And(ref _state, ~CancelRequested) & CancelRequested) != 0 ? ReceiveOutcome.Canceled : ReceiveOutcome.Done;
        if (ReceiveAsync(_target, _targetOffset, _targetLength, out int received, out SocketError error))
            return ReceiveOutcome.Pending;
        _received = received;
        _receiveError = error;
        int old = EndReceiving(parks: true);
        if ((old & Ended) != 0)
            ReleaseBuffer();
        if ((old & Waiting) == 0)
        {
            AfterReceiving(old, more: received > 0 && error == SocketError.Success);
            return ReceiveOutcome.Pending;
        }
        if ((old & Ended) == 0)
            AcceptReceived();
        return ReceiveOutcome.Done;
    }

    // A receive for which nobody waits has ended; those who end the connection may wait for that.
    private void AfterReceiving(int old, bool more)
    {
        if ((old & Discarding) != 0)
            ContinueDiscard(more);
        if ((Volatile.Read(ref _state) & Receiving) == 0)
            Volatile.Read(ref _ending)?.ReceiveEnded();
    }

    private bool BeginReceiving()
    {
        int state = Volatile.Read(ref _state);
        while ((state & (CancelRequested | Closed | Ended)) == 0)
        {
            int seen = Interlocked.CompareExchange(ref _state, state | Receiving | Waiting, state);
            if (seen == state)
                return true;
            state = seen;
        }
        return false;
    }

    // Returns the state before. Who finds Waiting in it owns the buffer and must complete the read.
    private int EndReceiving(bool parks)
    {
        int state = Volatile.Read(ref _state);
        while (true)
        {
            int next = state & ~(Receiving | Waiting);
            if (parks && (state & Waiting) == 0)
                next |= Parked;
            int seen = Interlocked.CompareExchange(ref _state, next, state);
            if (seen == state)
                return state;
            state = seen;
        }
    }

    private async ValueTask<ReadResult> ReadCancellableAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ReadResult result;
        using (cancellationToken.UnsafeRegister(static state => ((InputPipeReader)state!).CancelPendingRead(), this))
            result = await ReadCoreAsync().ConfigureAwait(false);
        if (cancellationToken.IsCancellationRequested)
        {
            // The token's cancellation is not the next read's.
            Interlocked.And(ref _state, ~CancelRequested);
            if (result.IsCanceled)
                throw new OperationCanceledException(cancellationToken);
        }
        return result;
    }

    private enum ReceiveOutcome : byte
    {
        Done,
        Pending,
        Canceled,
    }
}
