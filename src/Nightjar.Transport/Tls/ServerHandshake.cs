using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>A server's handshake with certificates: of one connection, or of all where clients show none.</summary>
internal sealed class ServerHandshake(CertificateServerContext context) : TlsHandshake
{
    private SslServerAuthenticationOptions? _options;

    internal override Task AuthenticateAsync(SslStream stream) =>
        stream.AuthenticateAsServerAsync(_options ??= context.MakeOptions(Judge), CancellationToken.None);

    // Called for a resumed session too.
    private bool Judge(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (context.Check is not { } check)
            return true;
        if (certificate is not X509Certificate2 leaf || chain is null)
        {
            Refusal = "error:0A0000C7:SSL routines::peer did not return a certificate";
            return false;
        }
        if (check.Refuse(leaf, chain) is not { } reason)
            return true;
        Refusal = PeerText.Clean($"error:0A000086:SSL routines::certificate verify failed ({reason}: {leaf.Subject})");
        return false;
    }
}
