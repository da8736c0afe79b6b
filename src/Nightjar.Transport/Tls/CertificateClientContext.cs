using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>Client side of TLS with certificates.</summary>
public sealed class CertificateClientContext : TlsClientContext
{
    // Extended key usage: server authentication.
    private static readonly Oid s_serverAuthentication = new("1.3.6.1.5.5.7.3.1");

    private readonly CertificateClientOptions _options;
    private readonly X509Certificate2Collection _authorities;
    private readonly SslStreamCertificateContext? _certificate;
    private readonly CipherSuitesPolicy? _ciphers;

    private CertificateClientContext(
        CertificateClientOptions options, X509Certificate2Collection authorities, SslStreamCertificateContext? certificate, CipherSuitesPolicy? ciphers)
    {
        _options = options;
        _authorities = authorities;
        _certificate = certificate;
        _ciphers = ciphers;
    }

    /// <summary>Whether the server's certificate may be for another host.</summary>
    internal bool IgnoresHostName => _options.IgnoreHostName;

    /// <summary>Reads the files.</summary>
    /// <exception cref="TlsFileException">Something cannot be used; the message says what, in Mosquitto's words, and why.</exception>
    public static CertificateClientContext Load(CertificateClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var authorities = new X509Certificate2Collection();
        if (options.Authorities is { } given)
            authorities.AddRange(given);
        CertificateFiles.LoadAuthorities(options.AuthorityFile, options.AuthorityPath, authorities);
        return new CertificateClientContext(
            options, authorities, LoadCertificate(options), CipherLists.MakePolicy(options.Ciphers, options.CipherSuites, options.MinimumVersion == TlsVersion.Tls12));
    }

    /// <inheritdoc/>
    public override async ValueTask<TransportConnection> ConnectAsync(TransportConnection connection, string host, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentException.ThrowIfNullOrEmpty(host);
        var wrapped = new TlsConnection(connection, new ClientHandshake(this, host), _options.BufferPool, _options.TimeProvider);
        bool succeeded;
        using (cancellationToken.UnsafeRegister(static state => ((TlsConnection)state!).Abort(), wrapped))
            succeeded = await wrapped.BeginHandshakeAsync().ConfigureAwait(false);
        if (succeeded && !cancellationToken.IsCancellationRequested)
            return wrapped;
        string reason = wrapped.Failure ?? "The server ended the connection during the handshake.";
        await wrapped.DisposeAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        throw new AuthenticationException(reason);
    }

    /// <summary>What the runtime is to do on one connection.</summary>
    internal SslClientAuthenticationOptions MakeOptions(string host, RemoteCertificateValidationCallback judge) => new()
    {
        TargetHost = host,
        EnabledSslProtocols = _options.MinimumVersion == TlsVersion.Tls13 ? SslProtocols.Tls13 : SslProtocols.Tls12 | SslProtocols.Tls13,
        CipherSuitesPolicy = _ciphers,
        AllowRenegotiation = false,
        AllowTlsResume = _options.AllowResumption,
        ClientCertificateContext = _certificate,
        ApplicationProtocols = _options.ApplicationProtocol is { } protocol ? [new SslApplicationProtocol(protocol)] : null,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = MakePolicy(),
        RemoteCertificateValidationCallback = judge,
    };

    /// <summary>What time it is for certificates.</summary>
    internal DateTime Now => _options.TimeProvider.GetUtcNow().LocalDateTime;

    /// <inheritdoc/>
    /// <remarks>Certificates that the runtime may still need for connections that are under way are left to the garbage collector.</remarks>
    protected override void Dispose(bool disposing)
    {
    }

    private static SslStreamCertificateContext? LoadCertificate(CertificateClientOptions options)
    {
        if (options.Certificate is { } given)
            return SslStreamCertificateContext.Create(given, null, offline: true);
        if (options.CertificateFile is not { } file)
            return null;
        X509Certificate2Collection chain = CertificateFiles.Load(file, $"Error: Unable to load client certificate \"{file}\".");
        X509Certificate2 leaf = chain[0];
        chain.RemoveAt(0);
        string keyFile = options.KeyFile ?? file;
        string line = $"Error: Unable to load client key file \"{keyFile}\".";
        using AsymmetricAlgorithm key = options.KeyIsInEngine ? PrivateKeys.FromEngine(options.Engine, keyFile, leaf, line) : PrivateKeys.Load(keyFile, line);
        return SslStreamCertificateContext.Create(PrivateKeys.Join(leaf, key, "Error: Client certificate/key are inconsistent."), chain, offline: true);
    }

    private X509ChainPolicy MakePolicy()
    {
        bool trustsSystem = _options.UseSystemAuthorities || _authorities.Count == 0;
        var policy = new X509ChainPolicy
        {
            TrustMode = trustsSystem && _authorities.Count == 0 ? X509ChainTrustMode.System : X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTime = Now,
        };
        if (policy.TrustMode == X509ChainTrustMode.CustomRootTrust)
        {
            foreach (X509Certificate2 authority in _authorities)
                (authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData) ? policy.CustomTrustStore : policy.ExtraStore).Add(authority);
            if (trustsSystem)
                AddSystem(policy.CustomTrustStore);
        }
        policy.ApplicationPolicy.Add(s_serverAuthentication);
        return policy;
    }

    private static void AddSystem(X509Certificate2Collection trusted)
    {
        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
        trusted.AddRange(store.Certificates);
    }
}
