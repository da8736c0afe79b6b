using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Nightjar.Transport.Buffers;

namespace Nightjar.Transport.OpenSsl;

/// <summary>Sends what was committed through OpenSSL and the output of the connection below.</summary>
/// <remarks>Its bytes are taken as long as little waits below, so that back-pressure is seen here as it is seen at a socket. Before the end of
/// the handshake nothing is taken: the sender waits.</remarks>
internal sealed class TlsOutputWriter : OutputPipeWriter
{
    private readonly TlsConnection _connection;
    private readonly OutputPipeWriter _output;
    private readonly Action _continue;
    private readonly Lock _gate = new();

    // Under the gate.
    private bool _isParked;
    private bool _isReleased;
    private bool _isRefused;
    private bool _shutdownRequested;

    // The pending transmit.
    private ConfiguredValueTaskAwaitable<FlushResult>.ConfiguredValueTaskAwaiter _awaiter;
    private ArraySegment<byte> _source;

    internal TlsOutputWriter(TlsConnection connection, OutputPipeWriter output, BufferPool pool)
        : base(pool)
    {
        _connection = connection;
        _output = output;
        _continue = Continue;
    }

    /// <summary>The handshake is over: what waits is sent.</summary>
    internal void Release()
    {
        bool wasParked;
        bool shutdown;
        lock (_gate)
        {
            _isReleased = true;
            wasParked = _isParked;
            _isParked = false;
            shutdown = _shutdownRequested;
        }
        if (wasParked)
            OnTransmitted(0, SocketError.Success);
        else if (shutdown)
            ShutdownSend();
    }

    /// <summary>There will be no handshake: what waits for it is lost.</summary>
    internal void Refuse()
    {
        bool wasParked;
        lock (_gate)
        {
            _isRefused = true;
            wasParked = _isParked;
            _isParked = false;
        }
        if (wasParked)
            OnTransmitted(0, SocketError.OperationAborted);
    }

    private protected override int TryTransmit(ReadOnlySpan<byte> bytes, out SocketError error)
    {
        error = SocketError.WouldBlock;
        if (_connection.Established is not { } channel)
            return 0;
        int total = channel.Write(bytes);
        if (total == bytes.Length)
        {
            error = SocketError.Success;
        }
        else if (total < 0)
        {
            error = SocketError.ConnectionAborted;
            total = 0;
        }
        return total;
    }

    [SuppressMessage("Reliability", "CA2012", Justification = "Awaited once, by hand: the result goes to the sender, which is no task.")]
    private protected override bool TransmitAsync(byte[] array, int offset, int count, out int sent, out SocketError error)
    {
        sent = 0;
        lock (_gate)
        {
            error = _isRefused ? SocketError.OperationAborted : SocketError.Success;
            if (_isRefused)
                return false;
            _isParked = !_isReleased;
            if (_isParked)
                return true;
        }
        ConfiguredValueTaskAwaitable<FlushResult>.ConfiguredValueTaskAwaiter awaiter = _output.WhenSentAsync().ConfigureAwait(false).GetAwaiter();
        if (!awaiter.IsCompleted)
        {
            _source = new ArraySegment<byte>(array, offset, count);
            _awaiter = awaiter;
            awaiter.UnsafeOnCompleted(_continue);
            return true;
        }
        sent = Transmit(awaiter.GetResult(), array.AsSpan(offset, count), out error);
        return false;
    }

    private protected override void ShutdownSend()
    {
        lock (_gate)
        {
            _shutdownRequested = !_isReleased;
            if (_shutdownRequested)
                return;
        }
        _connection.Established?.SendClose(complete: true);
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
        int sent = TryTransmit(bytes, out error);
        if (error == SocketError.WouldBlock)
            error = SocketError.Success;
        return sent;
    }
}
