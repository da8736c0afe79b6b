using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>A client's handshake with certificates.</summary>
internal sealed class ClientHandshake(CertificateClientContext context, string host) : TlsHandshake
{
    internal override Task AuthenticateAsync(SslStream stream) =>
        stream.AuthenticateAsClientAsync(context.MakeOptions(host, Judge), CancellationToken.None);

    private bool Judge(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || chain is null)
        {
            Refusal = "error:0A000086:SSL routines::certificate verify failed (the server sent no certificate)";
            return false;
        }
        foreach (X509ChainStatus status in chain.ChainStatus)
        {
            if (status.Status == X509ChainStatusFlags.NoError)
                continue;
            Refusal = PeerText.Clean(
                $"error:0A000086:SSL routines::certificate verify failed ({ChainText.Describe(status, chain, context.Now)}: {certificate.Subject})");
            return false;
        }
        if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) == 0 || context.IgnoresHostName)
            return true;
        Refusal = PeerText.Clean($"Error: host name verification failed (the certificate is not for {host}: {certificate.Subject})");
        return false;
    }
}
