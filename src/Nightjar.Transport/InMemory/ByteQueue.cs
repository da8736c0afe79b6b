using System.Net.Sockets;
using Nightjar.Transport.Buffers;

namespace Nightjar.Transport.InMemory;

/// <summary>One direction of an in-memory connection: what a socket's send and receive buffers are to TCP.</summary>
/// <remarks>At most one read and one write wait at a time. A waiting operation is completed on the thread pool.</remarks>
internal sealed class ByteQueue(BufferPool pool, int capacity)
{
    private readonly Lock _gate = new();
    private BufferBlock? _head;
    private BufferBlock? _tail;
    private int _start;
    private int _count;
    private bool _ended;
    private SocketError _error;
    private SocketError _readError;

    private MemoryPipeReader? _reader;
    private ArraySegment<byte> _readTarget;
    private MemoryOutputWriter? _writer;
    private ArraySegment<byte> _writeSource;

    /// <summary>Bytes written and not yet read.</summary>
    internal int Count => Volatile.Read(ref _count);

    internal int Read(Span<byte> destination, out SocketError error)
    {
        lock (_gate)
        {
            int read = ReadLocked(destination, out error);
            ResumeWriterLocked();
            return read;
        }
    }

    internal bool ReadAsync(MemoryPipeReader reader, byte[] array, int offset, int count, out int read, out SocketError error)
    {
        lock (_gate)
        {
            read = ReadLocked(array.AsSpan(offset, count), out error);
            if (error == SocketError.WouldBlock)
            {
                _reader = reader;
                _readTarget = new ArraySegment<byte>(array, offset, count);
                return true;
            }
            ResumeWriterLocked();
            return false;
        }
    }

    internal int Write(ReadOnlySpan<byte> source, out SocketError error)
    {
        lock (_gate)
        {
            int written = WriteLocked(source, out error);
            ResumeReaderLocked();
            return written;
        }
    }

    internal bool WriteAsync(MemoryOutputWriter writer, byte[] array, int offset, int count, out int written, out SocketError error)
    {
        lock (_gate)
        {
            written = WriteLocked(array.AsSpan(offset, count), out error);
            if (error == SocketError.WouldBlock)
            {
                _writer = writer;
                _writeSource = new ArraySegment<byte>(array, offset, count);
                return true;
            }
            ResumeReaderLocked();
            return false;
        }
    }

    /// <summary>The writer's stream ends after what was written.</summary>
    internal void End()
    {
        lock (_gate)
        {
            _ended = true;
            ResumeWriterLocked();
            ResumeReaderLocked();
        }
    }

    /// <summary>The writer's stream is reset: what is unread is lost.</summary>
    internal void Break()
    {
        lock (_gate)
        {
            if (_ended)
                return;
            BreakLocked(SocketError.ConnectionReset, SocketError.OperationAborted);
        }
    }

    /// <summary>The reader is gone: writes fail.</summary>
    internal void CloseReader()
    {
        lock (_gate)
            BreakLocked(SocketError.OperationAborted, SocketError.ConnectionReset);
    }

    private void BreakLocked(SocketError readError, SocketError writeError)
    {
        if (_readError == SocketError.Success)
            _readError = readError;
        if (_error == SocketError.Success)
            _error = writeError;
        pool.ReturnChain(_head);
        _head = null;
        _tail = null;
        _start = 0;
        _count = 0;
        ResumeWriterLocked();
        ResumeReaderLocked();
    }

    private int ReadLocked(Span<byte> destination, out SocketError error)
    {
        int total = 0;
        while (_head is not null && total < destination.Length)
        {
            int count = Math.Min(_head.Filled - _start, destination.Length - total);
            _head.Array.AsSpan(_start, count).CopyTo(destination[total..]);
            total += count;
            _start += count;
            if (_start < _head.Filled)
                break;
            BufferBlock done = _head;
            _head = done.NextBlock;
            _start = 0;
            pool.Return(done);
        }
        if (_head is null)
            _tail = null;
        _count -= total;
        error = total > 0 || destination.Length == 0 ? SocketError.Success
            : _readError != SocketError.Success ? _readError
            : _ended ? SocketError.Success : SocketError.WouldBlock;
        return total;
    }

    private int WriteLocked(ReadOnlySpan<byte> source, out SocketError error)
    {
        error = _error != SocketError.Success ? _error : _ended ? SocketError.Shutdown : SocketError.Success;
        if (error != SocketError.Success)
            return 0;
        int total = Math.Min(source.Length, capacity - _count);
        error = total == 0 ? SocketError.WouldBlock : SocketError.Success;
        source = source[..total];
        while (source.Length > 0)
        {
            if (_tail is null || _tail.Free == 0)
                AppendLocked(source.Length);
            int count = Math.Min(_tail!.Free, source.Length);
            source[..count].CopyTo(_tail.FreeSpan);
            _tail.Filled += count;
            source = source[count..];
        }
        _count += total;
        return total;
    }

    private void AppendLocked(int size)
    {
        BufferBlock block = pool.RentAtLeast(Math.Min(size, BufferPool.MaximumBlockSize));
        if (_tail is null)
            _head = block;
        else
            _tail.NextBlock = block;
        _tail = block;
    }

    private void ResumeReaderLocked()
    {
        if (_reader is not MemoryPipeReader reader)
            return;
        int read = ReadLocked(_readTarget, out SocketError error);
        if (error == SocketError.WouldBlock)
            return;
        _reader = null;
        _readTarget = default;
        ResumeWriterLocked();
        ThreadPool.UnsafeQueueUserWorkItem(
            static done => done.reader.OnReceived(done.read, done.error), (reader, read, error), preferLocal: false);
    }

    private void ResumeWriterLocked()
    {
        if (_writer is not MemoryOutputWriter writer)
            return;
        int written = WriteLocked(_writeSource, out SocketError error);
        if (error == SocketError.WouldBlock)
            return;
        _writer = null;
        _writeSource = default;
        ThreadPool.UnsafeQueueUserWorkItem(
            static done => done.writer.OnWritten(done.written, done.error), (writer, written, error), preferLocal: false);
    }
}
