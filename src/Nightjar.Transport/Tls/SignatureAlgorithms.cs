using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Nightjar.Transport.Tls;

/// <summary>Signature algorithms of X.509 (RFC 3279, 4055, 5758).</summary>
internal static class SignatureAlgorithms
{
    private static readonly Asn1Tag s_hash = new(TagClass.ContextSpecific, 0);

    /// <summary>Reads an AlgorithmIdentifier.</summary>
    /// <returns>The hash, and the padding of RSA; no padding for ECDSA.</returns>
    /// <exception cref="TlsFileException">It is not supported.</exception>
    internal static (HashAlgorithmName Hash, RSASignaturePadding? Padding) Read(AsnReader algorithm, string line)
    {
        string oid = algorithm.ReadObjectIdentifier();
        return oid switch
        {
            "1.2.840.113549.1.1.5" => (HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1),
            "1.2.840.113549.1.1.11" => (HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            "1.2.840.113549.1.1.12" => (HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
            "1.2.840.113549.1.1.13" => (HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
            "1.2.840.113549.1.1.10" => (ReadPssHash(algorithm, line), RSASignaturePadding.Pss),
            "1.2.840.10045.4.1" => (HashAlgorithmName.SHA1, null),
            "1.2.840.10045.4.3.2" => (HashAlgorithmName.SHA256, null),
            "1.2.840.10045.4.3.3" => (HashAlgorithmName.SHA384, null),
            "1.2.840.10045.4.3.4" => (HashAlgorithmName.SHA512, null),
            _ => throw Unsupported(oid, line),
        };
    }

    // RSASSA-PSS-params: the hash is in [0]; without it, SHA-1. Salts of another length than the hash's do not verify.
    private static HashAlgorithmName ReadPssHash(AsnReader algorithm, string line)
    {
        AsnReader parameters = algorithm.ReadSequence();
        if (!parameters.HasData || !parameters.PeekTag().HasSameClassAndValue(s_hash))
            return HashAlgorithmName.SHA1;
        string oid = parameters.ReadSequence(s_hash).ReadSequence().ReadObjectIdentifier();
        return oid switch
        {
            "2.16.840.1.101.3.4.2.1" => HashAlgorithmName.SHA256,
            "2.16.840.1.101.3.4.2.2" => HashAlgorithmName.SHA384,
            "2.16.840.1.101.3.4.2.3" => HashAlgorithmName.SHA512,
            _ => throw Unsupported(oid, line),
        };
    }

    private static TlsFileException Unsupported(string oid, string line) =>
        new(line, $"A list in it is signed with an algorithm that is not supported ({oid}); RSA and ECDSA are.");
}
