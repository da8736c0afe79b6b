using System.Formats.Asn1;

namespace Nightjar.Transport.Tls;

/// <summary>What a revocation list is about: its issuing distribution point (RFC 5280 §5.2.5).</summary>
/// <param name="AuthoritiesOnly">It is about certificates of authorities only.</param>
/// <param name="DistributionPoint">Encoded names of the point; empty for none.</param>
internal sealed record ListScope(bool AuthoritiesOnly, IReadOnlyList<ReadOnlyMemory<byte>> DistributionPoint)
{
    private static readonly Asn1Tag s_attributeAuthorities = new(TagClass.ContextSpecific, 5);

    /// <exception cref="TlsFileException">It is about less than all reasons, or about other issuers.</exception>
    internal static ListScope Read(byte[] encoded, string line)
    {
        AsnReader reader = new AsnReader(encoded, AsnEncodingRules.DER).ReadSequence();
        bool authoritiesOnly = false;
        IReadOnlyList<ReadOnlyMemory<byte>> point = [];
        while (reader.HasData)
        {
            Asn1Tag tag = reader.PeekTag();
            switch (tag.TagValue)
            {
                case 0:
                    point = DistributionPoints.ReadName(reader.ReadSequence(tag), line);
                    break;
                case 1:
                    reader.ReadBoolean(tag);
                    break;
                case 2:
                    authoritiesOnly = reader.ReadBoolean(tag);
                    break;
                case 3:
                    throw new TlsFileException(line, "A list in it is about some reasons only. Such lists are not supported.");
                case 4:
                    throw new TlsFileException(line, "A list in it is indirect: it names certificates of other issuers. Such lists are not supported.");
                default:
                    authoritiesOnly |= reader.ReadBoolean(s_attributeAuthorities);
                    break;
            }
        }
        return new ListScope(authoritiesOnly, point);
    }
}
