using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>Where an authority publishes its revocation lists, as its certificates (RFC 5280 §4.2.1.13) and lists name it.</summary>
internal static class DistributionPoints
{
    private const string Extension = "2.5.29.31";

    private static readonly Asn1Tag s_zero = new(TagClass.ContextSpecific, 0);

    /// <summary>Reads the full names of a DistributionPointName.</summary>
    /// <exception cref="TlsFileException">It is a name relative to the issuer's.</exception>
    internal static IReadOnlyList<ReadOnlyMemory<byte>> ReadName(AsnReader choice, string line) =>
        TryReadName(choice) ?? throw new TlsFileException(line, "A list in it has a relative name. Such lists are not supported.");

    /// <summary>Whether a certificate names a point by one of these names.</summary>
    internal static bool Contain(X509Certificate2 leaf, IReadOnlyList<ReadOnlyMemory<byte>> names)
    {
        if (leaf.Extensions[Extension] is not { } extension)
            return false;
        try
        {
            AsnReader points = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (points.HasData)
            {
                AsnReader point = points.ReadSequence();
                if (!point.HasData || !point.PeekTag().HasSameClassAndValue(s_zero) || TryReadName(point.ReadSequence(s_zero)) is not { } own)
                    continue;
                if (own.Any(name => names.Any(other => other.Span.SequenceEqual(name.Span))))
                    return true;
            }
        }
        catch (AsnContentException)
        {
            // A certificate with a broken extension is in no list that is for a part.
        }
        return false;
    }

    private static List<ReadOnlyMemory<byte>>? TryReadName(AsnReader choice)
    {
        if (!choice.PeekTag().HasSameClassAndValue(s_zero))
            return null;
        var names = new List<ReadOnlyMemory<byte>>();
        AsnReader full = choice.ReadSequence(s_zero);
        while (full.HasData)
            names.Add(full.ReadEncodedValue());
        return names;
    }
}
