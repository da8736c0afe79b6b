using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>What a TLS handshake agreed on. Immutable.</summary>
/// <param name="Protocol">Version as OpenSSL writes it: <c>TLSv1.2</c>, <c>TLSv1.3</c>.</param>
/// <param name="Cipher">Cipher suite by its OpenSSL name, such as <c>TLS_AES_256_GCM_SHA384</c> or <c>ECDHE-RSA-AES256-GCM-SHA384</c>.</param>
/// <param name="RemoteCertificate">Certificate the peer proved to hold and that was verified; null for none. Owned by the connection.</param>
/// <param name="PskIdentity">Identity of the pre-shared key; null where certificates are used.</param>
public sealed record TlsSession(string Protocol, string Cipher, X509Certificate2? RemoteCertificate, string? PskIdentity);
