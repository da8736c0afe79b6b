using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>Bytes with a signature.</summary>
/// <param name="Content">What is signed.</param>
/// <param name="Signature">The signature, in the form of X.509.</param>
/// <param name="Hash">Hash algorithm.</param>
/// <param name="RsaPadding">Padding where the key is RSA; null for ECDSA.</param>
internal sealed record SignedBytes(ReadOnlyMemory<byte> Content, ReadOnlyMemory<byte> Signature, HashAlgorithmName Hash, RSASignaturePadding? RsaPadding)
{
    /// <summary>Whether the key of a certificate made the signature.</summary>
    internal bool IsSignedBy(X509Certificate2 authority)
    {
        try
        {
            if (RsaPadding is not null)
            {
                using RSA? rsa = authority.GetRSAPublicKey();
                return rsa is not null && rsa.VerifyData(Content.Span, Signature.Span, Hash, RsaPadding);
            }
            using ECDsa? ecdsa = authority.GetECDsaPublicKey();
            return ecdsa is not null && ecdsa.VerifyData(Content.Span, Signature.Span, Hash, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
