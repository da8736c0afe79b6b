using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>Server side of TLS with certificates.</summary>
/// <remarks>
/// <para>Clients' certificates are judged here and not by the runtime's defaults: the chain must lead to one of the authorities that were
/// loaded, whatever the system trusts, nothing is fetched from the network, and revocation is what the lists in the file say
/// (<see cref="ClientCertificateCheck"/>). That holds for resumed sessions too, for which the runtime asks again: the tickets of a context may
/// outlive it, because the runtime shares them between contexts with the same certificate.</para>
/// </remarks>
public sealed class CertificateServerContext : TlsServerContext
{
    private readonly CertificateServerOptions _options;
    private readonly ServerFiles _files;

    // Where no client is judged, all of them can share it.
    private readonly ServerHandshake? _handshake;

    private CertificateServerContext(CertificateServerOptions options, ServerFiles files)
    {
        _options = options;
        _files = files;
        Check = options.RequireCertificate
            ? new ClientCertificateCheck(files.Authorities, files.Revocation, options.IgnoreDates, options.TimeProvider)
            : null;
        _handshake = Check is null ? new ServerHandshake(this) : null;
    }

    /// <inheritdoc/>
    public override bool RequiresPeerIdentity => Check is not null;

    /// <summary>What is worth a warning in the log, in Mosquitto's words where it has them.</summary>
    public IReadOnlyList<string> Warnings => _files.Warnings;

    /// <summary>How clients' certificates are judged; null when clients are not asked for one.</summary>
    internal ClientCertificateCheck? Check { get; }

    /// <summary>Reads the files.</summary>
    /// <param name="options">What to read.</param>
    /// <exception cref="TlsFileException">Something cannot be used; the message says what, in Mosquitto's words, and why.</exception>
    /// <remarks>Reads files and does asymmetric cryptography: not for a thread that must not wait.</remarks>
    public static CertificateServerContext Load(CertificateServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new CertificateServerContext(options, ServerFiles.Load(options));
    }

    /// <inheritdoc/>
    public override TransportConnection Wrap(TransportConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return new TlsConnection(connection, _handshake ?? new ServerHandshake(this), _options.BufferPool, _options.TimeProvider);
    }

    /// <inheritdoc/>
    public override bool StillTrusts(TlsServerContext earlier, TlsSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (Check is null)
            return true;
        if (session.RemoteCertificate is not { } certificate)
            return false;
        try
        {
            return Check.StillTrusts(certificate);
        }
        catch (CryptographicException)
        {
            // The certificate belongs to the connection, which has just ended.
            return true;
        }
    }

    /// <summary>What the runtime is to do on one connection.</summary>
    internal SslServerAuthenticationOptions MakeOptions(RemoteCertificateValidationCallback judge) => new()
    {
        ServerCertificateContext = _files.Certificate,
        EnabledSslProtocols = _options.MinimumVersion == TlsVersion.Tls13 ? SslProtocols.Tls13 : SslProtocols.Tls12 | SslProtocols.Tls13,
        CipherSuitesPolicy = _files.Ciphers,
        AllowRenegotiation = false,
        AllowTlsResume = _options.AllowResumption,
        ClientCertificateRequired = Check is not null,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = Check?.MakePolicy(),
        RemoteCertificateValidationCallback = judge,
    };

    /// <inheritdoc/>
    /// <remarks>Certificates that the runtime may still need for connections that are under way are left to the garbage collector.</remarks>
    protected override void Dispose(bool disposing)
    {
    }
}
