using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Nightjar.Transport.Buffers;
using Nightjar.Transport.Pipes;

namespace Nightjar.Transport.Tls;

/// <summary>Reads what TLS decrypts. The first wait shakes hands.</summary>
/// <remarks>A wait is a read of no bytes, which returns when bytes are decrypted: until then TLS holds no buffer, and nothing is
/// allocated.</remarks>
internal sealed class TlsPipeReader : InputPipeReader
{
    private readonly TlsConnection _connection;
    private readonly Action _continue;

    // The read of no bytes that is under way, if one is; it may outlast the receive that began it.
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _awaiter;
    private bool _isWaiting;
    private ArraySegment<byte> _target;

    // That read has come to its end and nothing was taken since.
    private bool _isDecrypted;

    // The stream has ended, and how.
    private bool _isFinished;
    private SocketError _error;

    internal TlsPipeReader(TlsConnection connection, BufferPool pool)
        : base(pool)
    {
        _connection = connection;
        _continue = Continue;
    }

    protected override bool BringsBlocks => true;

    protected override int TryReceive(Span<byte> destination, out SocketError error)
    {
        int received = 0;
        error = SocketError.WouldBlock;
        while (received < destination.Length && IsDecrypted())
        {
            int count = Read(destination[received..]);
            if (count == 0)
                break;
            received += count;
        }
        if (received > 0)
            error = SocketError.Success;
        else if (_isFinished)
            error = _error;
        return received;
    }

    protected override bool ReceiveAsync(byte[] array, int offset, int count, out int received, out SocketError error)
    {
        if (!_connection.IsReady && !_isFinished)
        {
            _target = new ArraySegment<byte>(array, offset, count);
            ThreadPool.UnsafeQueueUserWorkItem(static reader => _ = reader.ShakeHandsAsync(), this, preferLocal: false);
            received = 0;
            error = SocketError.Success;
            return true;
        }
        if (!IsDecrypted() && !_isFinished)
        {
            _target = new ArraySegment<byte>(array, offset, count);
            received = 0;
            error = SocketError.Success;
            _awaiter.UnsafeOnCompleted(_continue);
            return true;
        }
        _isDecrypted = !_isFinished;
        received = ReceiveTarget(out error);
        return false;
    }

    protected override void OnReceiveFailed(SocketError error) => _connection.SetReceiveError(error);

    private async Task ShakeHandsAsync()
    {
        if (!await _connection.ShakeHandsAsync().ConfigureAwait(false))
            Finish(_connection.Error);
        Receive();
    }

    // Bytes are decrypted, and this thread is the receiver until it says so.
    private void Continue() => Receive();

    private void Receive()
    {
        ArraySegment<byte> target = _target;
        _target = default;
        if (!ReceiveAsync(target.Array!, target.Offset, target.Count, out int received, out SocketError error))
            OnReceived(received, error);
    }

    // Whether a read returns at once. False: either the stream has ended, or a wait is under way that has to be awaited.
    [SuppressMessage("Reliability", "CA2012", Justification = "Awaited once, by hand: a state machine for each wait would be garbage.")]
    private bool IsDecrypted()
    {
        if (_isFinished || !_connection.IsReady)
            return false;
        if (_isDecrypted)
        {
            _isDecrypted = false;
            return true;
        }
        if (!_isWaiting)
        {
            _connection.Records.EnterUse();
            _awaiter = _connection.Stream!.ReadAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false).GetAwaiter();
            _isWaiting = true;
        }
        if (!_awaiter.IsCompleted)
            return false;
        _isWaiting = false;
        try
        {
            _awaiter.GetResult();
            return true;
        }
#pragma warning disable CA1031 // Whatever decryption throws is about what the peer sent, and ends this connection only.
        catch (Exception exception)
        {
            Finish(_connection.Fail(exception));
            return false;
        }
#pragma warning restore CA1031
        finally
        {
            _awaiter = default;
            _connection.Records.LeaveUse();
        }
    }

    // Only of what is decrypted.
    private int Read(Span<byte> destination)
    {
        if (_isFinished)
            return 0;
        _connection.Records.EnterUse();
        try
        {
            int count = _connection.Stream!.Read(destination);
            if (count == 0)
                Finish(_connection.InnerError);
            return count;
        }
#pragma warning disable CA1031 // As above: the records behind the first may be broken.
        catch (Exception exception)
        {
            Finish(_connection.Fail(exception));
            return 0;
        }
#pragma warning restore CA1031
        finally
        {
            _connection.Records.LeaveUse();
        }
    }

    private void Finish(SocketError error)
    {
        _isFinished = true;
        _error = error;
    }
}
