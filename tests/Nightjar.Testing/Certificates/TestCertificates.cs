using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Testing.Certificates;

/// <summary>An authority with an intermediate below it, and what both issue: certificates for tests, made in memory.</summary>
/// <remarks>The keys are ECDSA, because they are made in no time.</remarks>
public sealed class TestCertificates : IDisposable
{
    private static readonly Oid s_server = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid s_client = new("1.3.6.1.5.5.7.3.2");
    private readonly List<X509Certificate2> _all = [];
    private long _lastSerial = 0x7001;

    /// <summary>Makes the two authorities.</summary>
    /// <param name="name">Part of their names, so that two sets differ.</param>
    public TestCertificates(string name = "Test")
    {
        Now = DateTimeOffset.UtcNow;
        Root = MakeAuthority($"CN={name} Root", issuer: null);
        Intermediate = MakeAuthority($"CN={name} Intermediate", Root);
        Server = Issue(Root, "CN=localhost", isServer: true);
    }

    /// <summary>When the set was made; what it issues holds from a day before to a year after.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>The authority that signed itself, with its key.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>An authority that the root vouches for, with its key.</summary>
    public X509Certificate2 Intermediate { get; }

    /// <summary>A server's certificate for localhost, 127.0.0.1 and ::1, issued by the root, with its key.</summary>
    public X509Certificate2 Server { get; }

    /// <summary>A client's certificate with its key.</summary>
    /// <param name="subject">Name, such as <c>CN=client</c>.</param>
    /// <param name="issuer">Authority; null for the root.</param>
    /// <param name="from">Days from now at which it begins to hold.</param>
    /// <param name="to">Days from now at which it ends to hold.</param>
    public X509Certificate2 Client(string subject = "CN=client", X509Certificate2? issuer = null, int from = -1, int to = 365) =>
        Issue(issuer ?? Root, subject, isServer: false, from, to);

    /// <summary>A client's certificate with a name that has no text form.</summary>
    public X509Certificate2 Client(X500DistinguishedName subject) => Issue(Root, subject, isServer: false);

    /// <summary>A certificate with its key.</summary>
    public X509Certificate2 Issue(
        X509Certificate2 issuer, string subject, bool isServer, int from = -1, int to = 365, X509Extension? extension = null, AsymmetricAlgorithm? key = null) =>
        Issue(issuer, new X500DistinguishedName(subject), isServer, from, to, extension, key);

    private X509Certificate2 Issue(
        X509Certificate2 issuer, X500DistinguishedName subject, bool isServer, int from = -1, int to = 365, X509Extension? extension = null, AsymmetricAlgorithm? key = null)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        using AsymmetricAlgorithm own = key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = own is RSA rsaKey
            ? new CertificateRequest(subject, rsaKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)own, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([isServer ? s_server : s_client], false));
        if (extension is not null)
            request.CertificateExtensions.Add(extension);
        if (isServer)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            names.AddIpAddress(IPAddress.Loopback);
            names.AddIpAddress(IPAddress.IPv6Loopback);
            request.CertificateExtensions.Add(names.Build());
        }

        using X509Certificate2 signed = request.Create(
            issuer.SubjectName, Generator(issuer), Now.AddDays(from), Now.AddDays(to), BitConverter.GetBytes(++_lastSerial));
        X509Certificate2 result = own is RSA rsa ? signed.CopyWithPrivateKey(rsa) : signed.CopyWithPrivateKey((ECDsa)own);
        _all.Add(result);
        return result;
    }

    /// <summary>A revocation list as PEM.</summary>
    /// <param name="issuer">Authority.</param>
    /// <param name="revoked">Who is on it.</param>
    /// <param name="nextUpdate">Days from now until when it holds.</param>
    /// <param name="thisUpdate">Days from now since when it holds.</param>
    /// <param name="reason">Why everybody is on it.</param>
    public string RevocationList(
        X509Certificate2 issuer, IEnumerable<X509Certificate2> revoked, int nextUpdate = 30, int thisUpdate = -1, X509RevocationReason? reason = null)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        ArgumentNullException.ThrowIfNull(revoked);
        var builder = new CertificateRevocationListBuilder();
        foreach (X509Certificate2 certificate in revoked)
            builder.AddEntry(certificate, Now, reason);
        byte[] list = builder.Build(
            issuer.SubjectName, Generator(issuer), ++_lastSerial, Now.AddDays(nextUpdate), HashAlgorithmName.SHA256,
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false), Now.AddDays(thisUpdate));
        return PemEncoding.WriteString("X509 CRL", list);
    }

    /// <summary>The key as PKCS#8 in PEM.</summary>
    public static string KeyPem(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        using AsymmetricAlgorithm key = (AsymmetricAlgorithm?)certificate.GetRSAPrivateKey() ?? certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (X509Certificate2 certificate in _all)
            certificate.Dispose();
    }

    private static X509SignatureGenerator Generator(X509Certificate2 issuer) => X509SignatureGenerator.CreateForECDsa(issuer.GetECDsaPrivateKey()!);

    private X509Certificate2 MakeAuthority(string subject, X509Certificate2? issuer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        X509Certificate2 result;
        if (issuer is null)
        {
            result = request.CreateSelfSigned(Now.AddDays(-10), Now.AddDays(3650));
        }
        else
        {
            using X509Certificate2 signed = request.Create(
                issuer.SubjectName, Generator(issuer), Now.AddDays(-10), Now.AddDays(3000), BitConverter.GetBytes(++_lastSerial));
            result = signed.CopyWithPrivateKey(key);
        }

        _all.Add(result);
        return result;
    }
}
