using System.Net;
using System.Threading.Channels;

namespace Nightjar.Transport.WebSockets;

/// <summary>Listener for MQTT over WebSocket (§6, RFC 6455): does the opening handshake on each connection of another listener and hands
/// out those that pass, as a stream of bytes like any other.</summary>
/// <remarks>Handshakes run beside each other, so that a slow peer holds up nobody. What a peer does wrong ends its own connection and is
/// seen nowhere else.</remarks>
public sealed class WebSocketListener : TransportListener
{
    private readonly Channel<TransportConnection> _ready = Channel.CreateUnbounded<TransportConnection>();
    private readonly TransportListener _inner;
    private WebSocketListenerOptions _options;
    private readonly Lock _gate = new();

    // Under the gate.
    private readonly HashSet<TransportConnection> _handshaking = [];
    private Task? _accepting;
    private TaskCompletionSource? _idle;
    private bool _isClosed;

    /// <summary>Takes a listener over.</summary>
    /// <param name="inner">Where connections come from; disposed of with this one.</param>
    /// <param name="options">Limits of the handshake; null for the defaults.</param>
    public WebSocketListener(TransportListener inner, WebSocketListenerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        _inner = inner;
        _options = options ?? new WebSocketListenerOptions();
    }

    /// <summary>Origins that are let in from now on; see <see cref="WebSocketListenerOptions.AllowedOrigins"/>. Any thread.</summary>
    public IReadOnlyList<string> AllowedOrigins
    {
        get => Volatile.Read(ref _options).AllowedOrigins;
        set => Volatile.Write(ref _options, Volatile.Read(ref _options) with { AllowedOrigins = value });
    }

    /// <summary>Asked of each connection before its handshake; one that it refuses is reset. Null: all are let in. Set before the first accept.</summary>
    public Predicate<TransportConnection>? Admission { get; set; }

    /// <inheritdoc/>
    public override EndPoint LocalEndPoint => _inner.LocalEndPoint;

    /// <inheritdoc/>
    public override async ValueTask<TransportConnection?> AcceptAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_isClosed)
                _accepting ??= Task.Run(AcceptConnectionsAsync, CancellationToken.None);
        }
        while (await _ready.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_ready.Reader.TryRead(out TransportConnection? connection))
                return connection;
        }
        return null;
    }

    /// <summary>Stops listening. Connections in their handshake, and those that nobody accepted, are reset.</summary>
    public override async ValueTask DisposeAsync()
    {
        Task? accepting;
        lock (_gate)
        {
            if (_isClosed)
                return;
            _isClosed = true;
            accepting = _accepting;
        }
        _ready.Writer.TryComplete();
        await _inner.DisposeAsync().ConfigureAwait(false);
        if (accepting is not null)
            await accepting.ConfigureAwait(false);
        if (AbortHandshakes() is Task idle)
            await idle.ConfigureAwait(false);
        while (_ready.Reader.TryRead(out TransportConnection? connection))
            await connection.DisposeAsync().ConfigureAwait(false);
    }

    private async Task AcceptConnectionsAsync()
    {
        while (await _inner.AcceptAsync(CancellationToken.None).ConfigureAwait(false) is { } connection)
        {
            if (Admission?.Invoke(connection) != false && TryEnter(connection))
                _ = ShakeHandsAsync(connection);
            else
                await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task ShakeHandsAsync(TransportConnection connection)
    {
        try
        {
            bool isAccepted;
            using (_options.TimeProvider.CreateTimer(
                static state => ((TransportConnection)state!).Abort(), connection, _options.HandshakeTimeout, Timeout.InfiniteTimeSpan))
            {
                isAccepted = await OpeningHandshake.TryAcceptAsync(connection, _options).ConfigureAwait(false);
            }
            if (!isAccepted || !_ready.Writer.TryWrite(new WebSocketConnection(connection, _options)))
                await connection.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            Leave(connection);
        }
    }

    private bool TryEnter(TransportConnection connection)
    {
        lock (_gate)
            return !_isClosed && _handshaking.Count < _options.MaximumHandshakes && _handshaking.Add(connection);
    }

    private void Leave(TransportConnection connection)
    {
        lock (_gate)
        {
            _handshaking.Remove(connection);
            if (_handshaking.Count == 0)
                _idle?.TrySetResult();
        }
    }

    private Task? AbortHandshakes()
    {
        lock (_gate)
        {
            foreach (TransportConnection connection in _handshaking)
                connection.Abort();
            if (_handshaking.Count == 0)
                return null;
            _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task;
        }
    }
}
