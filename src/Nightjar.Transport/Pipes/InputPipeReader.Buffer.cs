using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Nightjar.Transport.Buffers;

namespace Nightjar.Transport.Pipes;

// The bytes that were received and not consumed: in the connection's own small buffer, or in one block, or in a chain of 64 KiB blocks.
internal abstract partial class InputPipeReader
{
    // What a wait is done with; most messages that travel alone fit.
    private const int SmallBufferSize = 256;

    // Least room for receiving behind bytes that stay in the small buffer, and in a block.
    private const int LeastSmallRoom = 64;
    private const int LeastRoom = 4 * 1024;

    // Least room for a receive that expects much; up to as many unconsumed bytes are moved to make it.
    private const int LeastBulkRoom = 16 * 1024;

    // Made when it is needed first.
    private byte[]? _small;
    private BufferBlock? _head;
    private BufferBlock? _tail;

    // First unconsumed byte in _head, or in _small when there is no block.
    private int _start;
    private int _smallEnd;

    // There are bytes that the reading side has not seen, or has seen and wants to see again.
    private bool _unexamined;

    // The last receive filled its buffer.
    private bool _more;

    // Where the pending receive writes; nowhere yet when the transport brings a block.
    private byte[] _target = [];
    private int _targetOffset;
    private int _targetLength;

    // The block that a receive without a target brought, until its result is taken.
    private BufferBlock? _arrived;

    protected InputPipeReader(BufferPool pool) => Pool = pool;

    protected BufferPool Pool { get; }

    /// <summary>Size class of the block that a transport brings. What fills it is followed by a larger one, so that it may be small while little is
    /// expected that takes long to handle. Another thread may set it; which of the two a receive takes does not matter.</summary>
    internal int BroughtClass { get; set; } = BufferPool.LargestClass;

    // Of the small buffer or of the only block.
    private int Unread => (_head is null ? _smallEnd : _head.Filled) - _start;

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_head is not null && !ReferenceEquals(_head, _tail))
        {
            AdvanceChain(consumed, examined);
            return;
        }
        int end = _start + Unread;
        if (_start == end)
            return;
        int start = consumed.GetInteger();
        int seen = examined.GetInteger();
        if (start < _start || start > end || seen < start || seen > end)
            throw new ArgumentOutOfRangeException(nameof(consumed), "The position is not in what was read.");
        _start = start;
        _unexamined = seen < end;
        if (start == end)
            ReleaseConsumed();
    }

    private void AdvanceChain(SequencePosition consumed, SequencePosition examined)
    {
        if (consumed.GetObject() is not BufferBlock block || examined.GetObject() is not BufferBlock seen)
            throw new ArgumentOutOfRangeException(nameof(consumed), "The position is not in what was read.");
        while (!ReferenceEquals(_head, block))
            PopHead();
        _start = consumed.GetInteger();
        while (_start == _head!.Filled && !ReferenceEquals(_head, _tail))
        {
            PopHead();
            _start = 0;
        }
        _unexamined = !ReferenceEquals(seen, _tail) || examined.GetInteger() < _tail!.Filled;
        if (ReferenceEquals(_head, _tail) && _start == _head.Filled)
            ReleaseConsumed();
    }

    private void PopHead()
    {
        BufferBlock done = _head!;
        if (ReferenceEquals(done, _tail))
            throw new InvalidOperationException("The position is not in what was read.");
        _head = done.NextBlock;
        Pool.Return(done);
    }

    // Everything is consumed. A receive that an earlier read left pending still writes behind the end, so that nothing moves then.
    private void ReleaseConsumed()
    {
        if ((Volatile.Read(ref _state) & (Receiving | Parked)) == 0)
            ReleaseBuffer();
    }

    private void ReleaseBuffer()
    {
        if (_arrived is { } arrived)
        {
            _arrived = null;
            Pool.Return(arrived);
        }
        Pool.ReturnChain(_head);
        _head = null;
        _tail = null;
        _start = 0;
        _smallEnd = 0;
        _unexamined = false;
    }

    private ReadResult MakeResult(bool isCanceled)
    {
        int state = Volatile.Read(ref _state);
        ReadOnlySequence<byte> buffer = ReadOnlySequence<byte>.Empty;
        if (_head is null)
        {
            if (_start < _smallEnd)
                buffer = new ReadOnlySequence<byte>(_small!, _start, _smallEnd - _start);
        }
        else if (ReferenceEquals(_head, _tail))
        {
            buffer = new ReadOnlySequence<byte>(_head.Array, _start, _head.Filled - _start);
        }
        else
        {
            buffer = new ReadOnlySequence<byte>(_head, _start, _tail!, _tail!.Filled);
        }
        return new ReadResult(buffer, isCanceled, _completed || (state & Closed) != 0);
    }

    // Takes the result of a receive into _target, and what a full target left behind.
    private void AcceptReceived()
    {
        if (_receiveError != SocketError.Success || _received == 0)
        {
            EndOfStream(_receiveError);
            return;
        }
        _unexamined = true;
        if (_arrived is { } arrived)
        {
            // The buffer was empty when the wait began, and nobody else fills it.
            _head = arrived;
            _tail = arrived;
            _arrived = null;
            _more = arrived.Free == 0;
            return;
        }
        if (_tail is null)
            _smallEnd += _received;
        else
            _tail.Filled += _received;
        _more = _received == _targetLength;
        if (_more && _targetLength < LeastBulkRoom)
            TryReceiveMore();
    }

    private void EndOfStream(SocketError error)
    {
        _completed = true;
        if (error != SocketError.Success)
            OnReceiveFailed(error);
    }

    // A synchronous receive of up to a block. False: nothing is there.
    private bool TryReceiveMore()
    {
        MakeBulkRoom();
        int room = _tail!.Free;
        int received = TryReceive(_tail.FreeSpan, out SocketError error);
        _more = received == room;
        if (received > 0)
        {
            _tail.Filled += received;
            _unexamined = true;
            return true;
        }
        if (ReferenceEquals(_head, _tail) && Unread == 0)
            ReleaseBuffer();
        if (error == SocketError.WouldBlock)
            return false;
        EndOfStream(error);
        return true;
    }

    private void MakeBulkRoom()
    {
        if (_head is null || (ReferenceEquals(_head, _tail) && _head.SizeClass < BufferPool.LargestClass))
            MoveTo(BufferPool.LargestClass);
        else if (_tail!.Free >= LeastBulkRoom)
            return;
        else if (ReferenceEquals(_head, _tail) && Unread <= LeastBulkRoom)
            MoveToFront(_head.Array, ref _head.Filled);
        else
            ChainBlock();
    }

    // Chooses where to wait: the smallest place that holds the unconsumed bytes and leaves room, so that a peer that sends little cannot
    // make us hold much.
    private void PrepareWait()
    {
        if (_head is null)
        {
            if (_start > 0)
                MoveToFront(_small!, ref _smallEnd);
            if (SmallBufferSize - _smallEnd < LeastSmallRoom)
                MoveTo(0);
        }
        else if (!ReferenceEquals(_head, _tail))
        {
            if (_tail!.Free < LeastRoom)
                ChainBlock();
        }
        else if (Unread <= SmallBufferSize / 2)
        {
            MoveToSmall();
        }
        else
        {
            FitBlock();
        }
        if (_tail is null && _smallEnd == 0 && BringsBlocks)
        {
            SetTarget([], 0);
            return;
        }
        if (_tail is null)
            SetTarget(_small ??= new byte[SmallBufferSize], _smallEnd);
        else
            SetTarget(_tail.Array, _tail.Filled);
    }

    private void SetTarget(byte[] array, int offset)
    {
        _target = array;
        _targetOffset = offset;
        _targetLength = array.Length - offset;
    }

    /// <summary>Receives into the target of the wait, or into a block of the pool when it has none.</summary>
    /// <returns>As <see cref="TryReceive"/>.</returns>
    protected int ReceiveTarget(out SocketError error)
    {
        if (_targetLength > 0)
            return TryReceive(_target.AsSpan(_targetOffset, _targetLength), out error);
        BufferBlock block = Pool.Rent(BroughtClass);
        int received = TryReceive(block.Array, out error);
        if (received > 0)
        {
            block.Filled = received;
            _arrived = block;
        }
        else
        {
            Pool.Return(block);
        }
        return received;
    }

    // A block of which the unconsumed bytes take at most three quarters, unless it is the largest.
    private void FitBlock()
    {
        BufferBlock block = _head!;
        int unread = Unread;
        int sizeClass = Math.Min(BufferPool.ClassOf(unread + (unread / 3)), BufferPool.LargestClass);
        if (sizeClass != block.SizeClass)
            MoveTo(sizeClass);
        else if (block.Free >= Math.Min(LeastRoom, block.Array.Length / 4))
            return;
        else if (_start > 0 && unread <= LeastBulkRoom)
            MoveToFront(block.Array, ref block.Filled);
        else
            ChainBlock();
    }

    private void MoveToFront(byte[] array, ref int end)
    {
        array.AsSpan(_start, end - _start).CopyTo(array);
        end -= _start;
        _start = 0;
    }

    private void MoveToSmall()
    {
        BufferBlock block = _head!;
        _smallEnd = Unread;
        block.Array.AsSpan(_start, _smallEnd).CopyTo(_small ??= new byte[SmallBufferSize]);
        _start = 0;
        _head = null;
        _tail = null;
        Pool.Return(block);
    }

    private void MoveTo(int sizeClass)
    {
        BufferBlock block = Pool.Rent(sizeClass);
        block.Filled = Unread;
        (_head is null ? _small : _head.Array).AsSpan(_start, block.Filled).CopyTo(block.Array);
        Pool.ReturnChain(_head);
        _head = block;
        _tail = block;
        _start = 0;
        _smallEnd = 0;
    }

    private void ChainBlock()
    {
        BufferBlock block = Pool.Rent(BufferPool.LargestClass);
        _tail!.Chain(block);
        _tail = block;
    }
}
