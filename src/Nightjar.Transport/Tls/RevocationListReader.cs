using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Nightjar.Transport.Tls;

/// <summary>Reads a certificate revocation list (RFC 5280 §5.1).</summary>
/// <remarks>
/// <para><c>CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signature }</c>. What is read must be understood: a critical
/// extension that is not, a delta list, a list about other issuers' certificates or about some reasons only is no ground to let a client in, and is
/// an error when it is loaded. Nothing recurses.</para>
/// </remarks>
internal static class RevocationListReader
{
    private static readonly Asn1Tag s_extensions = new(TagClass.ContextSpecific, 0);

    // Names of reasons by their number (RFC 5280 §5.3.1); 7 is not used.
    private static readonly string[] s_reasons =
    [
        "unspecified", "key compromise", "CA compromise", "affiliation changed", "superseded", "cessation of operation", "certificate hold", "",
        "remove from CRL", "privilege withdrawn", "AA compromise",
    ];

    /// <param name="encoded">The list; kept.</param>
    /// <param name="line">What is said when it cannot be used.</param>
    /// <exception cref="TlsFileException">It is damaged, or of a kind that is not supported.</exception>
    internal static RevocationList Read(ReadOnlyMemory<byte> encoded, string line)
    {
        try
        {
            AsnReader outer = new AsnReader(encoded, AsnEncodingRules.DER).ReadSequence();
            ReadOnlyMemory<byte> content = outer.PeekEncodedValue();
            AsnReader list = outer.ReadSequence();
            ReadOnlyMemory<byte> algorithm = outer.PeekEncodedValue();
            (HashAlgorithmName hash, RSASignaturePadding? padding) = SignatureAlgorithms.Read(outer.ReadSequence(), line);
            ReadOnlyMemory<byte> signature = outer.ReadBitString(out int unusedBits);
            outer.ThrowIfNotEmpty();
            if (unusedBits != 0)
                throw new TlsFileException(line, "A revocation list in it is damaged: its signature is no whole number of bytes.");
            return ReadContent(list, algorithm, new SignedBytes(content, signature, hash, padding), line);
        }
        catch (Exception exception) when (exception is AsnContentException or CryptographicException)
        {
            throw new TlsFileException(line, $"A revocation list in it is damaged: {exception.Message}", exception);
        }
    }

    private static RevocationList ReadContent(AsnReader list, ReadOnlyMemory<byte> algorithm, SignedBytes signed, string line)
    {
        if (list.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
            list.ReadInteger();
        if (!list.ReadEncodedValue().Span.SequenceEqual(algorithm.Span))
            throw new TlsFileException(line, "A revocation list in it is damaged: it names two signature algorithms.");
        ReadOnlyMemory<byte> issuer = list.ReadEncodedValue();
        DateTimeOffset thisUpdate = ReadTime(list);
        DateTimeOffset nextUpdate = list.HasData && IsTime(list.PeekTag()) ? ReadTime(list) : DateTimeOffset.MaxValue;
        var revoked = new Dictionary<ReadOnlyMemory<byte>, string>(SerialNumberComparer.Instance);
        if (list.HasData && list.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
            ReadEntries(list.ReadSequence(), revoked, line);
        ListScope scope = list.HasData ? ReadExtensions(list.ReadSequence(s_extensions).ReadSequence(), line) : new ListScope(false, []);
        return new RevocationList(revoked)
        {
            Issuer = issuer,
            Signed = signed,
            ThisUpdate = thisUpdate,
            NextUpdate = nextUpdate,
            CoversAuthoritiesOnly = scope.AuthoritiesOnly,
            DistributionPoint = scope.DistributionPoint,
        };
    }

    // RevokedCertificate ::= SEQUENCE { userCertificate INTEGER, revocationDate Time, crlEntryExtensions OPTIONAL }
    private static void ReadEntries(AsnReader entries, Dictionary<ReadOnlyMemory<byte>, string> revoked, string line)
    {
        while (entries.HasData)
        {
            AsnReader entry = entries.ReadSequence();
            ReadOnlyMemory<byte> serial = entry.ReadIntegerBytes();
            ReadTime(entry);
            string reason = entry.HasData ? ReadReason(entry.ReadSequence(), line) : s_reasons[0];

            // What is taken off the list again is not on it (§5.3.1).
            if (reason != s_reasons[8])
                revoked[serial] = reason;
        }
    }

    private static string ReadReason(AsnReader extensions, string line)
    {
        string reason = s_reasons[0];
        while (extensions.HasData)
        {
            (string oid, bool isCritical, byte[] value) = ReadExtension(extensions);
            if (oid == "2.5.29.21")
            {
                int number = (int)new AsnReader(value, AsnEncodingRules.DER).ReadEnumeratedValue<ReasonNumber>();
                reason = number >= 0 && number < s_reasons.Length ? s_reasons[number] : s_reasons[0];
            }
            else if (oid == "2.5.29.29")
            {
                throw new TlsFileException(line, "A list in it is indirect: it names certificates of other issuers. Such lists are not supported.");
            }
            else if (isCritical)
            {
                throw new TlsFileException(line, $"An entry of a list in it has a critical extension ({oid}) that is not supported.");
            }
        }
        return reason;
    }

    private static ListScope ReadExtensions(AsnReader extensions, string line)
    {
        var scope = new ListScope(false, []);
        while (extensions.HasData)
        {
            (string oid, bool isCritical, byte[] value) = ReadExtension(extensions);
            switch (oid)
            {
                case "2.5.29.27":
                    throw new TlsFileException(line, "A list in it is a delta: it only says what changed. Such lists are not supported.");
                case "2.5.29.28":
                    scope = ListScope.Read(value, line);
                    break;
                case "2.5.29.20" or "2.5.29.35":
                    // Its number, and the key it was signed with: the signature tells.
                    break;
                default:
                    if (isCritical)
                        throw new TlsFileException(line, $"A list in it has a critical extension ({oid}) that is not supported.");
                    break;
            }
        }
        return scope;
    }

    private static (string Oid, bool IsCritical, byte[] Value) ReadExtension(AsnReader extensions)
    {
        AsnReader extension = extensions.ReadSequence();
        string oid = extension.ReadObjectIdentifier();
        bool isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
        return (oid, isCritical, extension.ReadOctetString());
    }

    private static bool IsTime(Asn1Tag tag) => tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime);

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    private enum ReasonNumber
    {
        Unspecified,
    }

    private sealed class SerialNumberComparer : IEqualityComparer<ReadOnlyMemory<byte>>
    {
        internal static readonly SerialNumberComparer Instance = new();

        public bool Equals(ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => x.Span.SequenceEqual(y.Span);

        public int GetHashCode(ReadOnlyMemory<byte> obj)
        {
            var hash = default(HashCode);
            hash.AddBytes(obj.Span);
            return hash.ToHashCode();
        }
    }
}
