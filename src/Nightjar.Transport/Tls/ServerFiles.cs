using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>What the files of a server's options hold.</summary>
/// <param name="Certificate">Certificate with its chain and key.</param>
/// <param name="Authorities">Who may issue clients' certificates.</param>
/// <param name="Revocation">Revocation lists; null when none were asked for.</param>
/// <param name="Ciphers">Cipher suites in the order of preference; null for the default.</param>
/// <param name="Warnings">Lines for the log.</param>
internal sealed record ServerFiles(
    SslStreamCertificateContext Certificate,
    X509Certificate2Collection Authorities,
    RevocationLists? Revocation,
    CipherSuitesPolicy? Ciphers,
    IReadOnlyList<string> Warnings)
{
    /// <exception cref="TlsFileException">Something cannot be used.</exception>
    internal static ServerFiles Load(CertificateServerOptions options)
    {
        var warnings = new List<string>();
        var own = new X509Certificate2Collection();
        X509Certificate2 leaf = options.Certificate ?? LoadCertificate(options, own);
        if (options.Intermediates is { } intermediates)
            own.AddRange(intermediates);
        var authorities = new X509Certificate2Collection();
        if (options.Authorities is { } given)
            authorities.AddRange(given);
        CertificateFiles.LoadAuthorities(options.AuthorityFile, options.AuthorityPath, authorities);
        if (options.RequireCertificate && authorities.Count == 0)
        {
            throw new TlsFileException(
                "Error: Clients must show a certificate, but no authority is given to accept them from.", "Set cafile or capath.");
        }
        RevocationLists? revocation = options.RevocationFile is null
            ? null
            : RevocationLists.Load(options.RevocationFile, options.AuthorityPath, authorities);
        Warn(options, leaf, warnings);
        own.AddRange(authorities);
        return new ServerFiles(
            SslStreamCertificateContext.Create(leaf, own, offline: true), authorities, revocation, MakePolicy(options), warnings);
    }

    private static CipherSuitesPolicy? MakePolicy(CertificateServerOptions options) =>
        CipherLists.MakePolicy(options.Ciphers, options.CipherSuites, allowsTls12: options.MinimumVersion == TlsVersion.Tls12);

    private static X509Certificate2 LoadCertificate(CertificateServerOptions options, X509Certificate2Collection chain)
    {
        if (options.CertificateFile is not { } file)
            throw new TlsFileException("Error: Both certfile and keyfile need to be provided to enable TLS encryption.");
        if (options.KeyFile is not { } keyFile)
            throw new TlsFileException("Error: Both certfile and keyfile need to be provided to enable TLS encryption.");
        X509Certificate2Collection certificates = CertificateFiles.Load(file, $"Error: Unable to load server certificate \"{file}\". Check certfile.");
        X509Certificate2 leaf = certificates[0];
        certificates.RemoveAt(0);
        chain.AddRange(certificates);
        string line = $"Error: Unable to load server key file \"{keyFile}\". Check keyfile.";
        using AsymmetricAlgorithm key = options.KeyIsInEngine ? PrivateKeys.FromEngine(options.Engine, keyFile, leaf, line) : PrivateKeys.Load(keyFile, line);
        return PrivateKeys.Join(leaf, key, "Error: Server certificate/key are inconsistent.");
    }

    private static void Warn(CertificateServerOptions options, X509Certificate2 leaf, List<string> warnings)
    {
        DateTime now = options.TimeProvider.GetUtcNow().LocalDateTime;
        string name = options.CertificateFile is null ? leaf.Subject : $"\"{options.CertificateFile}\"";
        if (now > leaf.NotAfter)
            warnings.Add($"Warning: The server certificate {name} has expired on {leaf.NotAfter.ToUniversalTime():u}.");
        else if (now < leaf.NotBefore)
            warnings.Add($"Warning: The server certificate {name} is not valid before {leaf.NotBefore.ToUniversalTime():u}.");
        if (options.DiffieHellmanFile is not null)
            warnings.Add("Warning: dhparamfile is no longer required, and is ignored.");
        if (options.RevocationFile is not null && !options.RequireCertificate)
            warnings.Add("Warning: crlfile has no effect without require_certificate.");
    }
}
