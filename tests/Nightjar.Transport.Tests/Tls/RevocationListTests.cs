using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nightjar.Testing.Certificates;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.Transport.Tests.Tls;

/// <summary>Revocation lists that are read, and those that are no ground to let anybody in.</summary>
public sealed class RevocationListTests : IDisposable
{
    private const string Line = "line";
    private readonly TestCertificates _certificates = new();
    private readonly TestDirectory _directory = new();

    public void Dispose()
    {
        _certificates.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("sha256")]
    [InlineData("sha384")]
    [InlineData("pss")]
    [InlineData("ecdsa")]
    public void Read_SignatureOfTheAuthority_IsVerified(string algorithm)
    {
        using var rsa = RSA.Create(2048);
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var name = new X500DistinguishedName("CN=Signer");
        var builder = new CertificateRevocationListBuilder();
        builder.AddEntry([1, 2, 3]);
        HashAlgorithmName hash = algorithm == "sha256" ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA384;
        RSASignaturePadding padding = algorithm == "pss" ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
        CertificateRequest request = algorithm == "ecdsa" ? new CertificateRequest(name, ecdsa, hash) : new CertificateRequest(name, rsa, hash, padding);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using X509Certificate2 authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        byte[] list = builder.Build(authority, 1, DateTimeOffset.UtcNow.AddDays(1), hash, algorithm == "ecdsa" ? null : padding);
        RevocationList read = RevocationListReader.Read(list, Line);
        Assert.True(read.IsSignedBy(authority));
        Assert.False(read.IsSignedBy(_certificates.Root));
        list[^1] ^= 1;
        Assert.False(RevocationListReader.Read(list, Line).IsSignedBy(authority));
    }

    [Fact]
    public void Load_ListThatTheAuthorityDidNotSign_IsRefused()
    {
        using var impostor = new TestCertificates();
        string file = _directory.Write("list.crl", impostor.RevocationList(impostor.Root, []));
        TlsFileException failure = Assert.Throws<TlsFileException>(() => RevocationLists.Load(file, null, [_certificates.Root]));
        Assert.Equal($"Error: Unable to load certificate revocation file \"{file}\". Check crlfile.", failure.Line);
        Assert.Contains("not signed by the authority", failure.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")]
    [InlineData("-----BEGIN X509 CRL-----\n!!!!\n-----END X509 CRL-----\n")]
    [InlineData("-----BEGIN X509 CRL-----\nMIIB")]
    public void Load_FileThatHoldsNoList_IsRefused(string text) =>
        Assert.Throws<TlsFileException>(() => RevocationLists.Load(_directory.Write("list.crl", text), null, []));

    [Fact]
    public void Read_EveryPrefixAndFlippedBit_NeverThrowsAnythingElse()
    {
        byte[] list = Encoded(_certificates.RevocationList(_certificates.Root, [_certificates.Client()], reason: X509RevocationReason.Superseded));
        for (int length = 0; length < list.Length; length++)
            Assert.Throws<TlsFileException>(() => RevocationListReader.Read(list.AsMemory(0, length), Line));
        for (int bit = 0; bit < list.Length * 8; bit++)
        {
            byte[] flipped = (byte[])list.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                Assert.False(RevocationListReader.Read(flipped, Line).IsSignedBy(_certificates.Root), $"bit {bit}");
            }
            catch (TlsFileException)
            {
            }
        }
    }

    [Theory]
    [InlineData("2.5.29.27", "delta")]
    [InlineData("1.2.3.4", "critical extension (1.2.3.4)")]
    public void Read_CriticalExtensionThatIsNotSupported_IsRefused(string oid, string reason) =>
        Assert.Contains(reason, Assert.Throws<TlsFileException>(() => RevocationListReader.Read(Make(oid, [2, 1, 1]), Line)).Reason, StringComparison.Ordinal);

    [Theory]
    [InlineData("8401FF", "indirect")]
    [InlineData("83020560", "some reasons")]
    public void Read_ScopeThatIsNotSupported_IsRefused(string scope, string reason) =>
        Assert.Contains(reason, Assert.Throws<TlsFileException>(() => RevocationListReader.Read(Make("2.5.29.28", Sequence(scope)), Line)).Reason, StringComparison.Ordinal);

    [Fact]
    public void Covers_ListOfAuthorities_SaysNothingAboutClients()
    {
        X509Certificate2 client = _certificates.Client();
        Assert.True(RevocationListReader.Read(Make("2.5.29.28", Sequence("8101FF")), Line).Covers(client));
        Assert.False(RevocationListReader.Read(Make("2.5.29.28", Sequence("8201FF")), Line).Covers(client));
    }

    [Fact]
    public void Covers_ListOfOneDistributionPoint_IsForThoseThatNameIt()
    {
        // [0] { fullName [0] { uniformResourceIdentifier [6] "http://a/" } }
        RevocationList list = RevocationListReader.Read(Make("2.5.29.28", Sequence("A00DA00B8609" + Convert.ToHexString("http://a/"u8))), Line);
        Assert.False(list.Covers(_certificates.Client()));
        X509Extension here = CertificateRevocationListBuilder.BuildCrlDistributionPointExtension(["http://b/", "http://a/"]);
        Assert.True(list.Covers(_certificates.Issue(_certificates.Root, "CN=c", isServer: false, extension: here)));
        X509Extension elsewhere = CertificateRevocationListBuilder.BuildCrlDistributionPointExtension(["http://c/"]);
        Assert.False(list.Covers(_certificates.Issue(_certificates.Root, "CN=c", isServer: false, extension: elsewhere)));
    }

    [Fact]
    public void Reason_EntryRemovedFromTheList_IsNone()
    {
        X509Certificate2 client = _certificates.Client();
        byte[] serial = client.SerialNumberBytes.ToArray();
        Assert.Equal("key compromise", RevocationListReader.Read(Make(null, [], serial, reason: 1), Line).Reason(client));
        Assert.Null(RevocationListReader.Read(Make(null, [], serial, reason: 8), Line).Reason(client));
    }

    private static byte[] Encoded(string pem)
    {
        PemFields fields = PemEncoding.Find(pem);
        return Convert.FromBase64String(pem[fields.Base64Data]);
    }

    private static byte[] Sequence(string content)
    {
        byte[] bytes = Convert.FromHexString(content);
        return [0x30, (byte)bytes.Length, .. bytes];
    }

    // A list of the root with an extension and an entry that the runtime's builder does not make; the signature is no signature.
    private byte[] Make(string? oid, byte[] value, byte[]? serial = null, int reason = 0)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteInteger(1);
                WriteAlgorithm(writer);
                writer.WriteEncodedValue(_certificates.Root.SubjectName.RawData);
                writer.WriteUtcTime(DateTimeOffset.UtcNow);
                if (serial is not null)
                {
                    using (writer.PushSequence())
                    using (writer.PushSequence())
                    {
                        writer.WriteInteger(new BigInteger(serial, isUnsigned: true, isBigEndian: true));
                        writer.WriteUtcTime(DateTimeOffset.UtcNow);
                        using (writer.PushSequence())
                            WriteExtension(writer, "2.5.29.21", isCritical: false, [0x0A, 1, (byte)reason]);
                    }
                }

                if (oid is not null)
                {
                    using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                    using (writer.PushSequence())
                        WriteExtension(writer, oid, isCritical: true, value);
                }
            }

            WriteAlgorithm(writer);
            writer.WriteBitString([0]);
        }

        return writer.Encode();
    }

    private static void WriteAlgorithm(AsnWriter writer)
    {
        using (writer.PushSequence())
            writer.WriteObjectIdentifier("1.2.840.10045.4.3.2");
    }

    private static void WriteExtension(AsnWriter writer, string oid, bool isCritical, byte[] value)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            if (isCritical)
                writer.WriteBoolean(true);
            writer.WriteOctetString(value);
        }
    }
}
