using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using Nightjar.Transport.Buffers;

namespace Nightjar.Transport.WebSockets;

/// <summary>Sends what was committed as binary frames through the output of the connection below.</summary>
/// <remarks>Its bytes are taken as long as little waits below, so that back-pressure is seen here as it is seen at a socket. The reading
/// side sends control frames between the frames of data; the gate keeps frames whole.</remarks>
internal sealed class WebSocketOutputWriter : OutputPipeWriter
{
    // What may wait below before no more is taken: what FlushAsync waits for.
    private const int Backlog = 64 * 1024;

    private const int MaximumHeaderLength = 4;

    // A frame with its header fills a block; longer forms of the length are never needed.
    private const int MaximumPayload = BufferPool.MaximumBlockSize - MaximumHeaderLength;

    // Pongs sent while the peer takes nothing. A peer that goes on with Pings meanwhile may miss answers (RFC 6455 §5.5.3).
    private const int PongsInBacklog = 64;

    private readonly WebSocketConnection _connection;
    private readonly OutputPipeWriter _output;
    private readonly Action _continue;
    private readonly Lock _gate = new();

    // Under the gate.
    private int _pongsLeft = PongsInBacklog;
    private bool _isCloseSent;

    // The pending transmit.
    private ConfiguredValueTaskAwaitable<FlushResult>.ConfiguredValueTaskAwaiter _awaiter;
    private ArraySegment<byte> _source;

    internal WebSocketOutputWriter(WebSocketConnection connection, OutputPipeWriter output, BufferPool pool)
        : base(pool)
    {
        _connection = connection;
        _output = output;
        _continue = Continue;
    }

    /// <summary>Answers a Ping.</summary>
    internal void SendPong(ReadOnlySpan<byte> payload)
    {
        bool mustSend;
        lock (_gate)
        {
            if (_output.UnsentBytes <= Backlog)
                _pongsLeft = PongsInBacklog;
            if (_isCloseSent || --_pongsLeft < 0)
                return;
            mustSend = WriteLocked(Opcode.Pong, payload);
        }
        if (mustSend)
            _output.Send();
    }

    /// <summary>Sends Close, once; nothing goes out after it.</summary>
    internal void SendClose(WebSocketCloseStatus status)
    {
        Span<byte> payload = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)status);
        bool mustSend;
        lock (_gate)
        {
            if (_isCloseSent)
                return;
            mustSend = WriteLocked(Opcode.Close, status == WebSocketCloseStatus.Empty ? default : payload);
            _isCloseSent = true;
        }
        if (mustSend)
            _output.Send();
    }

    private protected override int TryTransmit(ReadOnlySpan<byte> bytes, out SocketError error)
    {
        int total = 0;
        while (total < bytes.Length && _output.UnsentBytes <= Backlog)
        {
            int count = Math.Min(bytes.Length - total, MaximumPayload);
            bool mustSend;
            lock (_gate)
                mustSend = !_isCloseSent && WriteLocked(Opcode.Binary, bytes.Slice(total, count));
            if (mustSend)
                _output.Send();
            total += count;
        }
        error = total < bytes.Length ? SocketError.WouldBlock : SocketError.Success;
        return total;
    }

    [SuppressMessage("Reliability", "CA2012", Justification = "Awaited once, by hand: the result goes to the sender, which is no task.")]
    private protected override bool TransmitAsync(byte[] array, int offset, int count, out int sent, out SocketError error)
    {
        ConfiguredValueTaskAwaitable<FlushResult>.ConfiguredValueTaskAwaiter awaiter;

        // Everything written below is committed before the gate is left, so that this only waits.
        lock (_gate)
            awaiter = _output.FlushAsync().ConfigureAwait(false).GetAwaiter();
        if (!awaiter.IsCompleted)
        {
            _source = new ArraySegment<byte>(array, offset, count);
            _awaiter = awaiter;
            sent = 0;
            error = SocketError.Success;
            awaiter.UnsafeOnCompleted(_continue);
            return true;
        }
        sent = Transmit(awaiter.GetResult(), array.AsSpan(offset, count), out error);
        return false;
    }

    private protected override void ShutdownSend()
    {
        SendClose(WebSocketCloseStatus.NormalClosure);
        lock (_gate)
            _output.Complete();
    }

    private protected override void OnSendFailed(SocketError error) => _connection.Abort();

    private void Continue()
    {
        FlushResult result = _awaiter.GetResult();
        ArraySegment<byte> source = _source;
        _awaiter = default;
        _source = default;
        int sent = Transmit(result, source, out SocketError error);
        OnTransmitted(sent, error);
    }

    private int Transmit(FlushResult result, ReadOnlySpan<byte> bytes, out SocketError error)
    {
        if (result.IsCompleted)
        {
            error = SocketError.OperationAborted;
            return 0;
        }
        int sent = TryTransmit(bytes, out _);
        error = SocketError.Success;
        return sent;
    }

    private bool WriteLocked(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        Span<byte> frame = _output.GetSpan(MaximumHeaderLength + payload.Length);
        int header = payload.Length <= FrameDecoder.MaximumControlPayload ? 2 : MaximumHeaderLength;
        frame[0] = (byte)(0x80 | (int)opcode);
        frame[1] = header == 2 ? (byte)payload.Length : (byte)126;
        if (header > 2)
            BinaryPrimitives.WriteUInt16BigEndian(frame[2..], (ushort)payload.Length);
        payload.CopyTo(frame[header..]);
        _output.Advance(header + payload.Length);
        return _output.Commit();
    }
}
