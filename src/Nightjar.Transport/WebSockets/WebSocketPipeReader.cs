using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using Nightjar.Transport.Buffers;
using Nightjar.Transport.Pipes;

namespace Nightjar.Transport.WebSockets;

/// <summary>Reads the payloads of a client's frames from the input of the connection below.</summary>
/// <remarks>A payload byte is copied once, which unmasks it. A wait allocates nothing: it is a wait of the input below.</remarks>
internal sealed class WebSocketPipeReader : InputPipeReader
{
    private readonly WebSocketConnection _connection;
    private readonly PipeReader _input;
    private readonly FrameDecoder _decoder = new();
    private readonly Action _continue;

    // The pending receive.
    private ConfiguredValueTaskAwaitable<ReadResult>.ConfiguredValueTaskAwaiter _awaiter;
    private ArraySegment<byte> _target;

    // The stream has ended, and how.
    private bool _isFinished;
    private SocketError _error;

    internal WebSocketPipeReader(WebSocketConnection connection, PipeReader input, BufferPool pool)
        : base(pool)
    {
        _connection = connection;
        _input = input;
        _continue = Continue;
    }

    protected override int TryReceive(Span<byte> destination, out SocketError error)
    {
        int received = 0;
        while (!_isFinished)
        {
            if (!_input.TryRead(out ReadResult result))
            {
                error = SocketError.WouldBlock;
                return 0;
            }
            if (TryTake(result, destination, out received))
                break;
        }
        error = received > 0 ? SocketError.Success : _error;
        return received;
    }

    [SuppressMessage("Reliability", "CA2012", Justification = "Awaited once, by hand: a state machine for each wait would be garbage.")]
    protected override bool ReceiveAsync(byte[] array, int offset, int count, out int received, out SocketError error)
    {
        received = 0;
        while (!_isFinished)
        {
            ConfiguredValueTaskAwaitable<ReadResult>.ConfiguredValueTaskAwaiter awaiter =
                _input.ReadAsync().ConfigureAwait(false).GetAwaiter();
            if (!awaiter.IsCompleted)
            {
                _target = new ArraySegment<byte>(array, offset, count);
                _awaiter = awaiter;
                error = SocketError.Success;
                awaiter.UnsafeOnCompleted(_continue);
                return true;
            }
            if (TryTake(awaiter.GetResult(), array.AsSpan(offset, count), out received))
                break;
        }
        error = received > 0 ? SocketError.Success : _error;
        return false;
    }

    protected override void OnReceiveFailed(SocketError error) => _connection.SetReceiveError(error);

    // The input below has something, and this thread is the receiver until it says so.
    private void Continue()
    {
        ReadResult result = _awaiter.GetResult();
        ArraySegment<byte> target = _target;
        _awaiter = default;
        _target = default;
        if (TryTake(result, target, out int received))
            OnReceived(received, received > 0 ? SocketError.Success : _error);
        else if (!ReceiveAsync(target.Array!, target.Offset, target.Count, out received, out SocketError error))
            OnReceived(received, error);
    }

    // False: there was no payload, and there may be more.
    private bool TryTake(in ReadResult result, Span<byte> destination, out int received)
    {
        ReadOnlySequence<byte> source = result.Buffer;
        FrameEvent last = Decode(ref source, destination, out received);
        _input.AdvanceTo(source.Start, last == FrameEvent.NeedMoreData ? result.Buffer.End : source.Start);
        if (last == FrameEvent.NeedMoreData && result.IsCompleted)
            Finish(_connection.InnerError);
        return received > 0 || _isFinished;
    }

    private FrameEvent Decode(ref ReadOnlySequence<byte> source, Span<byte> destination, out int received)
    {
        Span<byte> control = stackalloc byte[FrameDecoder.MaximumControlPayload];
        received = 0;
        while (true)
        {
            FrameEvent current = _decoder.Decode(ref source, destination[received..], out int written, control, out int controlLength);
            received += written;
            switch (current)
            {
                case FrameEvent.Ping:
                    _connection.Frames.SendPong(control[..controlLength]);
                    continue;
                case FrameEvent.Close:
                    _connection.Frames.SendClose(AnswerTo(control[..controlLength]));
                    Finish(SocketError.Success);
                    break;
                case FrameEvent.ProtocolError or FrameEvent.UnsupportedData:
                    _connection.Frames.SendClose(
                        current == FrameEvent.ProtocolError ? WebSocketCloseStatus.ProtocolError : WebSocketCloseStatus.InvalidMessageType);
                    Finish(SocketError.ConnectionAborted);
                    break;
            }
            return current;
        }
    }

    private void Finish(SocketError error)
    {
        _isFinished = true;
        _error = error;
    }

    // A Close is answered with the code it came with (RFC 6455 §5.5.1); a code that must not be sent is answered as an error.
    private static WebSocketCloseStatus AnswerTo(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty)
            return WebSocketCloseStatus.Empty;
        int code = payload.Length < 2 ? 0 : (payload[0] << 8) | payload[1];
        return code is (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999)
            ? (WebSocketCloseStatus)code
            : WebSocketCloseStatus.ProtocolError;
    }
}
