using System.Security.Authentication;
using Nightjar.Transport.OpenSsl.Interop;
using Nightjar.Transport.Tls;

namespace Nightjar.Transport.OpenSsl;

/// <summary>Client side of TLS with a pre-shared key (RFC 4279) by the machine's OpenSSL 3.</summary>
public sealed class PskClientContext : TlsClientContext
{
    private readonly PskClientOptions _options;
    private readonly SslContextHandle _context;

    /// <summary>Makes a context.</summary>
    /// <param name="options">Identity, key and ciphers.</param>
    /// <exception cref="ArgumentException">The identity or the cipher list cannot be used.</exception>
    /// <exception cref="PlatformNotSupportedException">There is no OpenSSL 3 on this machine; the message says what to install.</exception>
    public PskClientContext(PskClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _context = PskContextFactory.CreateClient(options);
    }

    /// <inheritdoc/>
    /// <remarks>The server proves that it holds the key, so that its name does not matter.</remarks>
    public override async ValueTask<TransportConnection> ConnectAsync(
        TransportConnection connection, string host, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var tls = new TlsConnection(
            connection,
            _context.Share(),
            (context, output) => TlsChannel.CreateClient(context, output, _options),
            isServer: false,
            _options.BufferPool,
            _options.TimeProvider);
        bool isDone = false;
        try
        {
            using (cancellationToken.UnsafeRegister(static state => ((TlsConnection)state!).Abort(), tls))
                isDone = await tls.ShakeHandsAsync().ConfigureAwait(false);
        }
        finally
        {
            if (!isDone || cancellationToken.IsCancellationRequested)
                await tls.DisposeAsync().ConfigureAwait(false);
        }
        cancellationToken.ThrowIfCancellationRequested();
        return isDone ? tls : throw new AuthenticationException(tls.Failure ?? $"The connection broke during the TLS handshake ({tls.Error}).");
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _context.Dispose();
}
