using System.Security.Cryptography;
using Nightjar.Transport.OpenSsl.Interop;
using Nightjar.Transport.OpenSsl.Keys;
using Nightjar.Transport.Tls;

namespace Nightjar.Transport.OpenSsl;

/// <summary>Server side of TLS with pre-shared keys (RFC 4279) by the machine's OpenSSL 3.</summary>
/// <remarks>A peer with an unknown identity and one with a wrong key see the same: the handshake ends with bad_record_mac.</remarks>
public sealed class PskServerContext : TlsServerContext
{
    private readonly PskServerOptions _options;
    private readonly PskKeyTable _keys;
    private readonly SslContextHandle _context;

    /// <summary>Makes a context.</summary>
    /// <param name="options">Keys and ciphers.</param>
    /// <exception cref="ArgumentException">The hint, an identity or the cipher list cannot be used.</exception>
    /// <exception cref="PlatformNotSupportedException">There is no OpenSSL 3 on this machine; the message says what to install.</exception>
    public PskServerContext(PskServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _keys = new PskKeyTable(options.Keys);
        _context = PskContextFactory.CreateServer(options);
    }

    /// <inheritdoc/>
    public override bool RequiresPeerIdentity => true;

    /// <inheritdoc/>
    public override TransportConnection Wrap(TransportConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return new TlsConnection(
            connection, _context.Share(), (context, output) => TlsChannel.CreateServer(context, output, _keys), isServer: true, _options.BufferPool, _options.TimeProvider);
    }

    /// <inheritdoc/>
    public override bool StillTrusts(TlsServerContext earlier, TlsSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return earlier is PskServerContext before && session.PskIdentity is { } identity
            && _options.Keys.TryGetValue(identity, out PskKey? key) && before._options.Keys.TryGetValue(identity, out PskKey? old)
            && CryptographicOperations.FixedTimeEquals(key.Bytes, old.Bytes);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _context.Dispose();
}
