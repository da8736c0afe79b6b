using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nightjar.Host.Processes;

namespace Nightjar.Host.Verbs.Certificates;

/// <summary>Issues and revokes certificates with the key in a folder.</summary>
internal sealed class CertificateAuthority(AuthorityFolder folder, TimeProvider time)
{
    /// <summary>How long a revocation list is valid unless the user says otherwise. A broker refuses everybody after that.</summary>
    internal const int RevocationListDays = 365;

    private const int SerialLength = 16;
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    // Devices' clocks are late.
    private static readonly TimeSpan s_clockSkew = TimeSpan.FromHours(1);

    /// <summary>The authority's clock.</summary>
    internal DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Makes the authority's key, its certificate, an empty index and an empty revocation list.</summary>
    /// <exception cref="CertificateException">There is one, and <paramref name="force"/> is not given.</exception>
    internal void Create(string commonName, int days, bool useRsa, bool force)
    {
        if (!force)
            folder.RequireFree(AuthorityFolder.Authority);
        using var key = CertificateKey.Create(useRsa);
        CertificateRequest request = key.Request(CertificateNames.MakeSubject(commonName));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        X509SignatureGenerator generator = key.Generator();
        using X509Certificate2 certificate =
            request.Create(request.SubjectName, generator, Now - s_clockSkew, Now.AddDays(days), CreateSerial());
        AuthorityFolder.WriteSecret(folder.KeyOf(AuthorityFolder.Authority), key.ExportPem());
        AuthorityFolder.WritePublic(folder.CertificateOf(AuthorityFolder.Authority), certificate.ExportCertificatePem() + "\n");
        new CertificateIndex().Save(folder.Index);
        WriteRevocationList(RevocationListDays);
    }

    /// <summary>Issues a certificate and writes it with its key.</summary>
    /// <returns>The certificate without its key, for the caller to dispose of.</returns>
    /// <exception cref="CertificateException">A name cannot be, or has files already and <paramref name="force"/> is not given.</exception>
    /// <remarks>The index has it before its files are there, so that whatever came out can be revoked.</remarks>
    internal X509Certificate2 Issue(IssueRequest wanted, bool force)
    {
        CertificateNames.RequireFileName(wanted.Name);
        if (!force)
            folder.RequireFree(wanted.Name);
        CertificateIndex index = CertificateIndex.Load(folder.Index);
        using X509Certificate2 issuer = LoadIssuer();
        using var key = CertificateKey.Create(wanted.UseRsa);
        CertificateRequest request = MakeRequest(wanted, key, issuer);
        DateTimeOffset end = Min(Now.AddDays(wanted.Days), issuer.NotAfter.ToUniversalTime());
        DateTimeOffset start = Max(Now - s_clockSkew, issuer.NotBefore.ToUniversalTime());
        if (end <= Now)
            throw new CertificateException($"The authority's certificate ended on {issuer.NotAfter.ToUniversalTime():yyyy-MM-dd}. Make a new one: nightjar cert ca --force");
        byte[] serial = CreateSerial();
        X509Certificate2 certificate = SignWith(issuer, generator => request.Create(issuer.SubjectName, generator, start, end, serial));
        index.Certificates.Add(new IssuedCertificate(
            Convert.ToHexString(serial), wanted.Kind, end, RevokedAt: null, X509RevocationReason.Unspecified, wanted.Name));
        index.Save(folder.Index);
        AuthorityFolder.WriteSecret(folder.KeyOf(wanted.Name), key.ExportPem());
        if (wanted.IsServer) Privileges.GiveToBroker(folder.KeyOf(wanted.Name));
        AuthorityFolder.WritePublic(folder.CertificateOf(wanted.Name), certificate.ExportCertificatePem() + "\n");
        return certificate;
    }

    /// <summary>Revokes what was issued for a name, or with a serial number, and writes the list.</summary>
    /// <returns>How many certificates were revoked now; 0 when all were before.</returns>
    /// <exception cref="CertificateException">Nothing was issued for it.</exception>
    internal int Revoke(string nameOrSerial, X509RevocationReason reason, int days)
    {
        CertificateIndex index = CertificateIndex.Load(folder.Index);
        int found = 0;
        int revoked = 0;
        for (int i = 0; i < index.Certificates.Count; i++)
        {
            IssuedCertificate one = index.Certificates[i];
            if (one.Name != nameOrSerial && !one.Serial.Equals(nameOrSerial, StringComparison.OrdinalIgnoreCase))
                continue;
            found++;
            if (one.RevokedAt is not null)
                continue;
            index.Certificates[i] = one with { RevokedAt = Now, Reason = reason };
            revoked++;
        }
        if (found == 0)
            throw new CertificateException($"No certificate was issued for '{nameOrSerial}'. 'nightjar cert list' shows which were.");
        index.Save(folder.Index);
        WriteRevocationList(index, days);
        return revoked;
    }

    /// <summary>Writes the revocation list with a new number and a new end.</summary>
    internal void WriteRevocationList(int days) => WriteRevocationList(CertificateIndex.Load(folder.Index), days);

    /// <summary>What was issued, the earliest first.</summary>
    internal IReadOnlyList<IssuedCertificate> List() => CertificateIndex.Load(folder.Index).Certificates;

    // The number is taken before the list is there: no two lists have the same.
    private void WriteRevocationList(CertificateIndex index, int days)
    {
        using X509Certificate2 issuer = LoadIssuer();
        var builder = new CertificateRevocationListBuilder();
        foreach (IssuedCertificate one in index.Certificates)
        {
            if (one.RevokedAt is not { } at)
                continue;

            // RFC 5280 wants no reason rather than "unspecified".
            X509RevocationReason? reason = one.Reason == X509RevocationReason.Unspecified ? null : one.Reason;
            builder.AddEntry(Convert.FromHexString(one.Serial), at, reason);
        }
        index.RevocationListNumber++;
        index.Save(folder.Index);
        byte[] list = SignWith(issuer, generator => builder.Build(
            issuer.SubjectName,
            generator,
            new BigInteger(index.RevocationListNumber),
            Now.AddDays(days),
            HashAlgorithmName.SHA256,
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false),
            Now));
        AuthorityFolder.WritePublic(folder.RevocationList, PemEncoding.WriteString("X509 CRL", list) + "\n");
    }

    private static CertificateRequest MakeRequest(IssueRequest wanted, CertificateKey key, X509Certificate2 issuer)
    {
        CertificateRequest request = key.Request(CertificateNames.MakeSubject(wanted.CommonName));
        X509KeyUsageFlags usage = X509KeyUsageFlags.DigitalSignature | (wanted.UseRsa ? X509KeyUsageFlags.KeyEncipherment : X509KeyUsageFlags.None);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(wanted.IsServer ? ServerUsage : ClientUsage)], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false));
        if (wanted.IsServer)
            request.CertificateExtensions.Add(CertificateNames.MakeAlternativeNames(wanted.Name, wanted.AlternativeNames));
        return request;
    }

    private X509Certificate2 LoadIssuer()
    {
        string path = folder.CertificateOf(AuthorityFolder.Authority);
        string keyPath = folder.KeyOf(AuthorityFolder.Authority);
        if (!File.Exists(keyPath))
            throw new CertificateException($"{keyPath} is missing: without its key an authority can neither issue nor revoke.");
        try
        {
            return X509Certificate2.CreateFromPemFile(path, keyPath);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new CertificateException($"{path} and {keyPath} cannot be used together: {e.Message}");
        }
    }

    private static T SignWith<T>(X509Certificate2 issuer, Func<X509SignatureGenerator, T> sign)
    {
        using ECDsa? elliptic = issuer.GetECDsaPrivateKey();
        if (elliptic is not null)
            return sign(X509SignatureGenerator.CreateForECDsa(elliptic));
        using RSA? rsa = issuer.GetRSAPrivateKey();
        return rsa is not null
            ? sign(X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1))
            : throw new CertificateException("The authority's key is neither RSA nor on an elliptic curve.");
    }

    // Positive, and of the same length always.
    private static byte[] CreateSerial()
    {
        byte[] serial = RandomNumberGenerator.GetBytes(SerialLength);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }

    private static DateTimeOffset Min(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static DateTimeOffset Max(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
