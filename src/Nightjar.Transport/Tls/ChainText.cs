using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>What is wrong with a chain of certificates, in OpenSSL's words.</summary>
internal static class ChainText
{
    internal static string Describe(X509ChainStatus status, X509Chain chain, DateTime now) => status.Status switch
    {
        X509ChainStatusFlags.NotTimeValid => DescribeTime(chain, now),
        X509ChainStatusFlags.PartialChain => "unable to get local issuer certificate",
        X509ChainStatusFlags.UntrustedRoot =>
            chain.ChainElements.Count == 1 ? "self-signed certificate" : "self-signed certificate in certificate chain",
        X509ChainStatusFlags.NotSignatureValid => "certificate signature failure",
        X509ChainStatusFlags.NotValidForUsage => "unsuitable certificate purpose",
        X509ChainStatusFlags.InvalidBasicConstraints => "invalid CA certificate",
        X509ChainStatusFlags.HasWeakSignature => "CA signature digest algorithm too weak",
        _ => status.StatusInformation.Length > 0 ? status.StatusInformation.TrimEnd('.') : status.Status.ToString(),
    };

    private static string DescribeTime(X509Chain chain, DateTime now)
    {
        foreach (X509ChainElement element in chain.ChainElements)
        {
            if (now > element.Certificate.NotAfter)
                return "certificate has expired";
            if (now < element.Certificate.NotBefore)
                return "certificate is not yet valid";
        }
        return "certificate is not valid now";
    }
}
