using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>What one connection does to agree on keys with its peer.</summary>
internal abstract class TlsHandshake
{
    /// <summary>Why we did not accept what the peer showed; null when that was not the reason.</summary>
    internal string? Refusal { get; set; }

    /// <summary>Shakes hands. Runs on the thread pool.</summary>
    /// <exception cref="AuthenticationException">The peers do not agree.</exception>
    /// <exception cref="IOException">The connection ended.</exception>
    internal abstract Task AuthenticateAsync(SslStream stream);

    /// <summary>What was agreed on.</summary>
    internal static TlsSession Describe(SslStream stream) => new(
        stream.SslProtocol switch
        {
            SslProtocols.Tls13 => "TLSv1.3",
            SslProtocols.Tls12 => "TLSv1.2",
            _ => "TLSv1.1",
        },
        CipherNames.OpenSslName(stream.NegotiatedCipherSuite),
        stream.RemoteCertificate as X509Certificate2,
        PskIdentity: null);

    /// <summary>Why shaking hands failed, in OpenSSL's words where they are its.</summary>
    internal string Explain(Exception exception)
    {
        if (Refusal is { } refusal)
            return refusal;
        Exception inner = exception;
        while (inner.InnerException is { } next)
            inner = next;
        return PeerText.Clean(inner.Message);
    }
}
