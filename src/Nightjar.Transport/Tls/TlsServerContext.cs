namespace Nightjar.Transport.Tls;

/// <summary>Server side of TLS with everything that was loaded for it: keys, trust, revocation, ciphers. Immutable; a reload makes a new one,
/// and connections keep the one they began with.</summary>
public abstract class TlsServerContext : IDisposable
{
    /// <summary>Whether the peer may be known by its certificate or pre-shared key once the handshake is over.</summary>
    public abstract bool RequiresPeerIdentity { get; }

    /// <summary>Puts TLS over a connection.</summary>
    /// <param name="connection">The bare connection; belongs to the result.</param>
    /// <returns>A connection whose first read does the handshake: the caller's own timeout bounds it. <see cref="TransportConnection.Tls"/> is set
    /// when the first byte of the application is there. A handshake that fails completes the input, with the reason in
    /// <see cref="TransportConnection.Failure"/>.</returns>
    /// <remarks>Does not block and does not throw; the asymmetric cryptography runs on the thread pool, never on the thread that reads sockets.</remarks>
    public abstract TransportConnection Wrap(TransportConnection connection);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of keys and certificates; connections that were wrapped go on.</summary>
    protected abstract void Dispose(bool disposing);
}
