using System.Security.Cryptography.X509Certificates;
using Nightjar.Transport.Buffers;

namespace Nightjar.Transport.Tls;

/// <summary>Whom a client trusts and what it shows. Files are PEM; they are read once, by
/// <see cref="CertificateClientContext.Load(CertificateClientOptions)"/>.</summary>
public sealed record CertificateClientOptions
{
    /// <summary>Authorities that the server's certificate is accepted from. mosquitto_pub: --cafile.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>Directory of such authorities. mosquitto_pub: --capath.</summary>
    public string? AuthorityPath { get; init; }

    /// <summary>Beside the files: authorities, which the caller keeps.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Whether the authorities of the system are trusted too. They are when no others are given. mosquitto_pub:
    /// --tls-use-os-certs.</summary>
    public bool UseSystemAuthorities { get; init; }

    /// <summary>The client's certificate, followed by its intermediates. mosquitto_pub: --cert.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>Its private key, not encrypted; or its name in the engine. mosquitto_pub: --key.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Instead of the files: a certificate with its private key, which the caller keeps.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>OpenSSL engine that holds the key; null for none. mosquitto_pub: --tls-engine.</summary>
    public string? Engine { get; init; }

    /// <summary>Whether <see cref="KeyFile"/> names a key of the engine. mosquitto_pub: --keyform engine.</summary>
    public bool KeyIsInEngine { get; init; }

    /// <summary>Whether the server's certificate may be for another host. Who issued it is checked all the same. mosquitto_pub: --insecure.</summary>
    public bool IgnoreHostName { get; init; }

    /// <summary>Least version. mosquitto_pub: --tls-version.</summary>
    public TlsVersion MinimumVersion { get; init; }

    /// <summary>Cipher list of TLS 1.2 in OpenSSL's syntax; null for OpenSSL's default. mosquitto_pub: --ciphers.</summary>
    public string? Ciphers { get; init; }

    /// <summary>Cipher suites of TLS 1.3; null for OpenSSL's default.</summary>
    public string? CipherSuites { get; init; }

    /// <summary>Whether a later connection may go on with the keys of an earlier one instead of shaking hands in full.</summary>
    public bool AllowResumption { get; init; } = true;

    /// <summary>Protocol to ask for (ALPN); null for none. mosquitto_pub: --tls-alpn.</summary>
    public string? ApplicationProtocol { get; init; }

    /// <summary>Where connections' buffers come from.</summary>
    public BufferPool BufferPool { get; init; } = BufferPool.Shared;

    /// <summary>Clock of certificates' validity and of closing.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
