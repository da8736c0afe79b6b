using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Nightjar.Transport;
using Nightjar.Transport.Buffers;

namespace Nightjar.Testing.Broker;

/// <summary>
/// The broker's end of a connection that moves only when it is told to: what is fed is handled on the calling thread before the call returns,
/// and what the broker sends stands in <see cref="Sent"/>. Nothing of it allocates in the steady state, so that a test can count what the broker does.
/// </summary>
/// <remarks>One thread; that of a store may send, while this one does nothing but look at <see cref="Sent"/> until all that it waits for is there.</remarks>
public sealed class SteppedConnection : TransportConnection
{
    private readonly SteppedReader _reader = new();
    private readonly SteppedWriter _writer;

    /// <summary>An open connection with blocks from a pool.</summary>
    public SteppedConnection(BufferPool pool) => _writer = new SteppedWriter(pool);

    /// <inheritdoc/>
    public override PipeReader Input => _reader;

    /// <inheritdoc/>
    public override OutputPipeWriter Output => _writer;

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint => null;

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint => null;

    /// <inheritdoc/>
    public override SocketError Error => SocketError.Success;

    /// <summary>What the broker sent since <see cref="ClearSent"/>.</summary>
    public ReadOnlySpan<byte> Sent => _writer.Sent;

    /// <summary>Whether what is sent is kept in <see cref="Sent"/>; false only counts it.</summary>
    public bool KeepsSent
    {
        get => _writer.Keeps;
        set => _writer.Keeps = value;
    }

    /// <summary>All bytes the broker sent.</summary>
    public long SentBytes => _writer.Total;

    /// <summary>Forgets what was sent.</summary>
    public void ClearSent() => _writer.Clear();

    /// <summary>Has whole packets handled; returns when they are.</summary>
    public void Feed(ReadOnlyMemory<byte> packets) => _reader.Feed(packets);

    /// <summary>The peer ends the connection without a word.</summary>
    public void End() => _reader.End();

    /// <inheritdoc/>
    public override void Abort()
    {
        _writer.Close();
        _reader.End();
    }

    /// <inheritdoc/>
    public override ValueTask CloseAsync(TimeSpan linger)
    {
        _writer.BeginClose();
        _reader.End();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        Abort();
        return ValueTask.CompletedTask;
    }

    private sealed class SteppedReader : PipeReader, IValueTaskSource<ReadResult>
    {
        private ManualResetValueTaskSourceCore<ReadResult> _core;
        private ReadOnlySequence<byte> _unread;
        private bool _waiting;
        private bool _ended;
        private bool _unexamined;

        internal void Feed(ReadOnlyMemory<byte> packets)
        {
            if (!_waiting) throw new InvalidOperationException(_ended ? "The connection has ended." : "The broker is not reading.");
            _unread = new ReadOnlySequence<byte>(packets);
            _waiting = false;
            _core.SetResult(new ReadResult(_unread, isCanceled: false, isCompleted: false));
        }

        internal void End()
        {
            _ended = true;
            if (!_waiting) return;
            _waiting = false;
            _core.SetResult(new ReadResult(default, isCanceled: false, isCompleted: true));
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            if (_ended || _unexamined) return new ValueTask<ReadResult>(new ReadResult(_unread, isCanceled: false, isCompleted: _ended));
            _core.Reset();
            _waiting = true;
            return new ValueTask<ReadResult>(this, _core.Version);
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            var rest = _unread.Slice(consumed);
            // A client that is slowed leaves packets for later.
            _unexamined = !rest.IsEmpty && !_unread.Slice(examined).IsEmpty;
            if (!rest.IsEmpty && !_unexamined && !_ended) throw new InvalidOperationException("Whole packets are fed, and all of them are handled.");
            _unread = _unexamined ? rest : default;
        }

        public override bool TryRead(out ReadResult result)
        {
            result = default;
            return false;
        }

        public override void CancelPendingRead()
        {
        }

        public override void Complete(Exception? exception = null) => _ended = true;

        public ReadResult GetResult(short token) => _core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }

    private sealed class SteppedWriter(BufferPool pool) : OutputPipeWriter(pool)
    {
        private byte[] _sent = new byte[256];

        // Set behind the bytes and their array, which another thread may have written.
        private volatile int _length;

        internal bool Keeps { get; set; } = true;

        internal long Total { get; private set; }

        internal ReadOnlySpan<byte> Sent
        {
            get
            {
                var length = _length;
                return _sent.AsSpan(0, length);
            }
        }

        public override bool SendsInPlace => true;

        internal void Clear() => _length = 0;

        private protected override int TryTransmit(ReadOnlySpan<byte> bytes, out SocketError error)
        {
            error = SocketError.Success;
            Total += bytes.Length;
            if (!Keeps) return bytes.Length;
            if (_sent.Length - _length < bytes.Length) Array.Resize(ref _sent, Math.Max(_sent.Length * 2, _length + bytes.Length));
            bytes.CopyTo(_sent.AsSpan(_length));
            _length += bytes.Length;
            return bytes.Length;
        }

        private protected override bool TransmitAsync(byte[] array, int offset, int count, out int sent, out SocketError error)
        {
            sent = 0;
            error = SocketError.ConnectionReset;
            return false;
        }

        private protected override void ShutdownSend()
        {
        }

        private protected override void OnSendFailed(SocketError error)
        {
        }
    }
}
