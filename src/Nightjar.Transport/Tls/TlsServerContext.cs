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

    /// <summary>Whether what a client has shown in an earlier handshake is still good: its certificate not revoked and of an authority that is
    /// trusted, its key the same. Time does not count: that a certificate or a list has run out matters at the next handshake.</summary>
    /// <param name="earlier">The context of that handshake.</param>
    /// <param name="session">What it agreed on.</param>
    /// <remarks>May do asymmetric cryptography: for a thread that may be busy for a while.</remarks>
    public virtual bool StillTrusts(TlsServerContext earlier, TlsSession session) => true;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of keys and certificates; connections that were wrapped go on.</summary>
    protected abstract void Dispose(bool disposing);
}
