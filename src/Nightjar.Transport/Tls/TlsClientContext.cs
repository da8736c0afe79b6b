namespace Nightjar.Transport.Tls;

/// <summary>Client side of TLS: what is trusted and what the client shows. Immutable.</summary>
public abstract class TlsClientContext : IDisposable
{
    /// <summary>Puts TLS over a connection and does the handshake.</summary>
    /// <param name="connection">The bare connection; belongs to the result, and is disposed of when the handshake fails.</param>
    /// <param name="host">Name or address the server's certificate must be for.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The handshake failed; the message says why.</exception>
    public abstract ValueTask<TransportConnection> ConnectAsync(TransportConnection connection, string host, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of keys and certificates; connections that were wrapped go on.</summary>
    protected abstract void Dispose(bool disposing);
}
