using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Nightjar.Transport.Buffers;
using Nightjar.Transport.Pipes;

namespace Nightjar.Transport.OpenSsl;

/// <summary>Reads what OpenSSL makes of the input of the connection below. The first read does the handshake.</summary>
/// <remarks>After the handshake a wait allocates nothing: it is a wait of the input below.</remarks>
internal sealed class TlsPipeReader : InputPipeReader
{
    private readonly TlsConnection _connection;
    private readonly PipeReader _input;
    private readonly Action _continue;

    // The pending receive.
    private ConfiguredValueTaskAwaitable<ReadResult>.ConfiguredValueTaskAwaiter _awaiter;
    private ArraySegment<byte> _target;

    // The last receive filled its buffer: OpenSSL may hold more of the same record.
    private bool _mayHoldMore;

    // The stream has ended, and how.
    private bool _isFinished;
    private SocketError _error;

    internal TlsPipeReader(TlsConnection connection, PipeReader input, BufferPool pool)
        : base(pool)
    {
        _connection = connection;
        _input = input;
        _continue = Continue;
    }

    protected override int TryReceive(Span<byte> destination, out SocketError error)
    {
        int received = 0;
        if (_connection.Established is { } channel && !_isFinished)
        {
            TakeHeld(channel, destination, ref received);
            while (!_isFinished && received < destination.Length && _input.TryRead(out ReadResult result))
                Take(channel, result, destination, ref received);
        }
        error = received > 0 ? SocketError.Success : _isFinished ? _error : SocketError.WouldBlock;
        return received;
    }

    [SuppressMessage("Reliability", "CA2012", Justification = "Awaited once, by hand: a state machine for each wait would be garbage.")]
    protected override bool ReceiveAsync(byte[] array, int offset, int count, out int received, out SocketError error)
    {
        received = 0;
        error = SocketError.Success;
        TlsChannel? channel = _connection.Established;
        if (channel is null && !_isFinished)
        {
            _target = new ArraySegment<byte>(array, offset, count);
            _ = ShakeHandsAsync();
            return true;
        }
        Span<byte> destination = array.AsSpan(offset, count);
        if (!_isFinished)
            TakeHeld(channel!, destination, ref received);
        while (!_isFinished && received == 0)
        {
            ConfiguredValueTaskAwaitable<ReadResult>.ConfiguredValueTaskAwaiter awaiter =
                _input.ReadAsync().ConfigureAwait(false).GetAwaiter();
            if (!awaiter.IsCompleted)
            {
                _target = new ArraySegment<byte>(array, offset, count);
                _awaiter = awaiter;
                awaiter.UnsafeOnCompleted(_continue);
                return true;
            }
            Take(channel!, awaiter.GetResult(), destination, ref received);
        }
        error = received > 0 ? SocketError.Success : _error;
        return false;
    }

    protected override void OnReceiveFailed(SocketError error) => _connection.SetReceiveError(error);

    private async Task ShakeHandsAsync()
    {
        if (!await _connection.ShakeHandsAsync().ConfigureAwait(false))
            Finish(_connection.Error);
        ReceiveTarget();
    }

    // The input below has something, and this thread is the receiver until it says so.
    private void Continue()
    {
        ReadResult result = _awaiter.GetResult();
        _awaiter = default;
        int received = 0;
        Take(_connection.Established!, result, _target, ref received);
        if (received > 0 || _isFinished)
            OnReceived(received, received > 0 ? SocketError.Success : _error);
        else
            ReceiveTarget();
    }

    private void ReceiveTarget()
    {
        ArraySegment<byte> target = _target;
        _target = default;
        if (!ReceiveAsync(target.Array!, target.Offset, target.Count, out int received, out SocketError error))
            OnReceived(received, error);
    }

    // What OpenSSL holds of records it has taken already.
    private void TakeHeld(TlsChannel channel, Span<byte> destination, ref int received)
    {
        if (!_mayHoldMore)
            return;
        ReadOnlySequence<byte> none = ReadOnlySequence<byte>.Empty;
        Note(channel, channel.Read(ref none, destination, out int count));
        received += count;
    }

    private void Take(TlsChannel channel, in ReadResult result, Span<byte> destination, ref int received)
    {
        ReadOnlySequence<byte> source = result.Buffer;
        TlsStatus status = channel.Read(ref source, destination[received..], out int count);
        received += count;
        _input.AdvanceTo(source.Start, status == TlsStatus.NeedMoreData ? result.Buffer.End : source.Start);
        Note(channel, status);
        if (status == TlsStatus.NeedMoreData && result.IsCompleted)
            Finish(_connection.InnerError);
    }

    private void Note(TlsChannel channel, TlsStatus status)
    {
        _mayHoldMore = status == TlsStatus.Done;
        if (status == TlsStatus.Ended)
        {
            Finish(SocketError.Success);
        }
        else if (status == TlsStatus.Failed)
        {
            _connection.SetFailure(channel.Failure);
            Finish(SocketError.ConnectionAborted);
        }
    }

    private void Finish(SocketError error)
    {
        _isFinished = true;
        _error = error;
    }
}
