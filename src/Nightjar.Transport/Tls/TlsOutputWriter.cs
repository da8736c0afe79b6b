using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Nightjar.Transport.Buffers;

namespace Nightjar.Transport.Tls;

/// <summary>Encrypts what was committed, in records as large as they may be, and sends them through the output of the connection below.</summary>
/// <remarks>Its bytes are taken as long as little waits below, so that back-pressure is seen here as it is seen at a socket: what waits below is
/// what else would fill a socket's own buffer. Nothing is taken before the handshake is over. There is one sender at a time, and it alone
/// encrypts.</remarks>
internal sealed class TlsOutputWriter : OutputPipeWriter
{
    // What may wait below before no more is taken: what FlushAsync waits for.
    private const int Backlog = 64 * 1024;

    // Bytes of a full record (RFC 8446 §5.1).
    private const int MaximumRecord = 16 * 1024;

    private readonly TlsConnection _connection;
    private readonly OutputPipeWriter _output;
    private Action? _continue;

    // The pending transmit: waits for the handshake, or for the output below.
    private ConfiguredValueTaskAwaitable<System.IO.Pipelines.FlushResult>.ConfiguredValueTaskAwaiter _awaiter;
    private bool _isFlushing;
    private ArraySegment<byte> _source;

    internal TlsOutputWriter(TlsConnection connection, OutputPipeWriter output, BufferPool pool)
        : base(pool)
    {
        _connection = connection;
        _output = output;
    }

    private protected override int TryTransmit(ReadOnlySpan<byte> bytes, out SocketError error)
    {
        error = SocketError.WouldBlock;
        if (!_connection.IsReady)
            return 0;
        int total = 0;
        _connection.Records.Cork();
        try
        {
            while (total < bytes.Length && _output.UnsentBytes <= Backlog)
            {
                int count = Math.Min(bytes.Length - total, MaximumRecord);
                _connection.Stream!.Write(bytes.Slice(total, count));
                total += count;
            }
        }
#pragma warning disable CA1031 // TLS cannot go on, whatever it is; that ends this connection only.
        catch (Exception exception)
        {
            error = _connection.Fail(exception) is var reason and not SocketError.Success ? reason : SocketError.ConnectionAborted;
            return total;
        }
#pragma warning restore CA1031
        finally
        {
            _connection.Records.Uncork();
        }
        if (total == bytes.Length)
            error = SocketError.Success;
        return total;
    }

    [SuppressMessage("Reliability", "CA2012", Justification = "Awaited once, by hand: the result goes to the sender, which is no task.")]
    private protected override bool TransmitAsync(byte[] array, int offset, int count, out int sent, out SocketError error)
    {
        sent = 0;
        error = SocketError.Success;
        Task ready = _connection.WhenReady;
        if (!ready.IsCompleted)
        {
            _source = new ArraySegment<byte>(array, offset, count);
            ready.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_continue ??= Continue);
            return true;
        }
        if (!_connection.IsReady)
        {
            error = SocketError.ConnectionAborted;
            return false;
        }

        // Everything is committed below, so that this only waits.
        _awaiter = _output.WhenSentAsync(CancellationToken.None).ConfigureAwait(false).GetAwaiter();
        if (!_awaiter.IsCompleted)
        {
            _source = new ArraySegment<byte>(array, offset, count);
            _isFlushing = true;
            _awaiter.UnsafeOnCompleted(_continue ??= Continue);
            return true;
        }
        sent = Transmit(_awaiter.GetResult().IsCompleted, array.AsSpan(offset, count), out error);
        return false;
    }

    private protected override void ShutdownSend()
    {
        _connection.TryShutDown();
        _connection.Records.Complete();
    }

    private protected override void OnSendFailed(SocketError error) => _connection.Abort();

    private void Continue()
    {
        bool isCompleted = !_connection.IsReady;
        if (_isFlushing)
        {
            isCompleted = _awaiter.GetResult().IsCompleted;
            _isFlushing = false;
            _awaiter = default;
        }
        ArraySegment<byte> source = _source;
        _source = default;
        int sent = Transmit(isCompleted, source, out SocketError error);
        OnTransmitted(sent, error);
    }

    private int Transmit(bool isCompleted, ReadOnlySpan<byte> bytes, out SocketError error)
    {
        if (isCompleted)
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
