using System.Net;

namespace Nightjar.Transport.Tls;

/// <summary>Listener for TLS: wraps what another listener accepts. A connection shakes hands with its first read, so that accepting waits
/// for no peer.</summary>
public sealed class TlsListener : TransportListener
{
    private readonly TransportListener _inner;
    private TlsServerContext _context;

    /// <summary>Takes a listener over.</summary>
    /// <param name="inner">Where connections come from; disposed of with this one.</param>
    /// <param name="context">Keys and trust; stays the caller's.</param>
    public TlsListener(TransportListener inner, TlsServerContext context)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(context);
        _inner = inner;
        _context = context;
    }

    /// <summary>Keys and trust of connections accepted from now on; those that are under way keep theirs. Any thread.</summary>
    public TlsServerContext Context
    {
        get => Volatile.Read(ref _context);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            Volatile.Write(ref _context, value);
        }
    }

    /// <inheritdoc/>
    public override EndPoint LocalEndPoint => _inner.LocalEndPoint;

    /// <inheritdoc/>
    public override async ValueTask<TransportConnection?> AcceptAsync(CancellationToken cancellationToken) =>
        await _inner.AcceptAsync(cancellationToken).ConfigureAwait(false) is { } connection ? Context.Wrap(connection) : null;

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => _inner.DisposeAsync();
}
