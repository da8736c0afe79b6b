using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Host.Verbs.Certificates;

/// <summary>A key pair for a certificate.</summary>
internal sealed class CertificateKey : IDisposable
{
    private const int RsaBits = 3072;

    private readonly ECDsa? _elliptic;
    private readonly RSA? _rsa;

    private CertificateKey(ECDsa? elliptic, RSA? rsa)
    {
        _elliptic = elliptic;
        _rsa = rsa;
    }

    /// <summary>Makes an RSA key of 3072 bits, or one on the curve P-256.</summary>
    internal static CertificateKey Create(bool useRsa) =>
        useRsa ? new CertificateKey(null, RSA.Create(RsaBits)) : new CertificateKey(ECDsa.Create(ECCurve.NamedCurves.nistP256), null);

    internal CertificateRequest Request(X500DistinguishedName subject) => _rsa is not null
        ? new CertificateRequest(subject, _rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        : new CertificateRequest(subject, _elliptic!, HashAlgorithmName.SHA256);

    internal X509SignatureGenerator Generator() => _rsa is not null
        ? X509SignatureGenerator.CreateForRSA(_rsa, RSASignaturePadding.Pkcs1)
        : X509SignatureGenerator.CreateForECDsa(_elliptic!);

    /// <summary>PKCS #8, not encrypted.</summary>
    internal string ExportPem() => (_rsa?.ExportPkcs8PrivateKeyPem() ?? _elliptic!.ExportPkcs8PrivateKeyPem()) + "\n";

    public void Dispose()
    {
        _elliptic?.Dispose();
        _rsa?.Dispose();
    }
}
