using System.Security.Cryptography.X509Certificates;
using Nightjar.Transport.Buffers;

namespace Nightjar.Transport.Tls;

/// <summary>What a listener with certificates is made of. Files are PEM; they are read once, by
/// <see cref="CertificateServerContext.Load(CertificateServerOptions)"/>.</summary>
public sealed record CertificateServerOptions
{
    /// <summary>The server's certificate, followed by its intermediates. mosquitto: certfile.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>Its private key: PKCS#1, PKCS#8 or SEC 1, not encrypted; with <see cref="Engine"/> and <see cref="KeyIsInEngine"/>, the key's name
    /// there. mosquitto: keyfile.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Instead of the files: a certificate with its private key, which the caller keeps.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Instead of what follows in the file: intermediates sent with <see cref="Certificate"/>.</summary>
    public X509Certificate2Collection? Intermediates { get; init; }

    /// <summary>Authorities that clients' certificates are accepted from. mosquitto: cafile.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>Directory of such authorities: <c>*.pem</c>, <c>*.crt</c> and hashed names; of revocation lists under hashed names too.
    /// mosquitto: capath.</summary>
    public string? AuthorityPath { get; init; }

    /// <summary>Beside the files: authorities, which the caller keeps.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Revocation lists of the authorities. With it, a client is refused whose issuer has no list there, or only expired ones.
    /// mosquitto: crlfile.</summary>
    public string? RevocationFile { get; init; }

    /// <summary>Whether clients must show a certificate of one of the authorities. Without it they are not asked for one, as in Mosquitto.
    /// mosquitto: require_certificate.</summary>
    public bool RequireCertificate { get; init; }

    /// <summary>Whether clients' certificates may be expired, or not valid yet. mosquitto: disable_client_cert_date_checks.</summary>
    public bool IgnoreDates { get; init; }

    /// <summary>Least version. mosquitto: tls_version.</summary>
    public TlsVersion MinimumVersion { get; init; }

    /// <summary>Cipher list of TLS 1.2 in OpenSSL's syntax; null for OpenSSL's default. mosquitto: ciphers.</summary>
    /// <remarks>With a list of ciphers, sessions are not resumed: the runtime cannot do both.</remarks>
    public string? Ciphers { get; init; }

    /// <summary>Cipher suites of TLS 1.3, separated by colons; null for OpenSSL's default. mosquitto: ciphers_tls1.3.</summary>
    public string? CipherSuites { get; init; }

    /// <summary>OpenSSL engine that holds the key; null for none. mosquitto: tls_engine.</summary>
    public string? Engine { get; init; }

    /// <summary>Whether <see cref="KeyFile"/> names a key of the engine. mosquitto: tls_keyform engine.</summary>
    public bool KeyIsInEngine { get; init; }

    /// <summary>Parameters for Diffie-Hellman, which nobody needs any more; using it is worth a warning. mosquitto: dhparamfile.</summary>
    public string? DiffieHellmanFile { get; init; }

    /// <summary>Whether clients may resume a session without the asymmetric cryptography. Their certificates are checked each time.</summary>
    public bool AllowResumption { get; init; } = true;

    /// <summary>Where connections' buffers come from.</summary>
    public BufferPool BufferPool { get; init; } = BufferPool.Shared;

    /// <summary>Clock of certificates' and lists' validity and of closing.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
