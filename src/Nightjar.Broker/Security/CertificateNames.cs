using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Nightjar.Broker.Security;

/// <summary>
/// The user name in a client's certificate: its common name, or its whole subject as OpenSSL prints it with <c>XN_FLAG_RFC2253</c>, which is the
/// text Mosquitto's users have in their access rules.
/// </summary>
/// <remarks>The names were signed by an authority the listener trusts, but not made up by it: whatever is in them is read with bounds and never throws.</remarks>
internal static class CertificateNames
{
    private const string CommonNameIdentifier = "2.5.4.3";

    /// <summary>The first common name of a subject.</summary>
    /// <returns>Null when there is none, or when it is empty, cannot be decoded, is longer than an MQTT string or contains NUL: a program that ends strings there would see another name.</returns>
    internal static string? CommonName(X500DistinguishedName subject)
    {
        if (!TryRead(subject, out var attributes)) return null;
        foreach (var (identifier, _, value) in attributes)
        {
            if (identifier != CommonNameIdentifier) continue;
            var text = Text(value);
            return string.IsNullOrEmpty(text) || text.Contains('\0', StringComparison.Ordinal) || !FitsMqttString(text) ? null : text;
        }

        return null;
    }

    /// <summary>A subject as RFC 2253 text: last attribute first, <c>,</c> between them and <c>+</c> inside a set, special characters escaped, what is not ASCII as <c>\C3\A4</c>.</summary>
    /// <returns>Null when it is empty, cannot be decoded or is longer than an MQTT string.</returns>
    internal static string? Subject(X500DistinguishedName subject)
    {
        if (!TryRead(subject, out var attributes) || attributes.Count == 0) return null;
        var result = new StringBuilder();
        var previous = -1;
        for (var i = attributes.Count - 1; i >= 0; i--)
        {
            var (identifier, set, value) = attributes[i];
            if (previous >= 0) result.Append(set == previous ? '+' : ',');
            previous = set;
            var name = AttributeNames.Of(identifier);
            result.Append(name ?? identifier).Append('=');
            // What OpenSSL has no name or no text form for stands there as the bytes of its encoding.
            if (name is null || !IsText(value.Span)) result.Append('#').Append(Convert.ToHexString(value.Span));
            else if (!TryAppend(result, value)) return null;
        }

        var whole = result.ToString();
        return FitsMqttString(whole) ? whole : null;
    }

    // A user name may become a client id, which is told to the client.
    private static bool FitsMqttString(string text) => Encoding.UTF8.GetByteCount(text) <= ushort.MaxValue;

    private static bool TryRead(X500DistinguishedName subject, out List<(string Identifier, int Set, ReadOnlyMemory<byte> Value)> attributes)
    {
        attributes = [];
        try
        {
            var sets = new AsnReader(subject.RawData, AsnEncodingRules.BER).ReadSequence();
            for (var set = 0; sets.HasData; set++)
            {
                var members = sets.ReadSetOf(skipSortOrderValidation: true);
                while (members.HasData)
                {
                    var member = members.ReadSequence();
                    attributes.Add((member.ReadObjectIdentifier(), set, member.ReadEncodedValue()));
                }
            }

            return true;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static bool IsText(ReadOnlySpan<byte> encoded) => TagOf(encoded) is
        UniversalTagNumber.UTF8String or UniversalTagNumber.NumericString or UniversalTagNumber.PrintableString or UniversalTagNumber.T61String
        or UniversalTagNumber.IA5String or UniversalTagNumber.UtcTime or UniversalTagNumber.GeneralizedTime or UniversalTagNumber.VisibleString
        or UniversalTagNumber.UniversalString or UniversalTagNumber.BMPString;

    private static UniversalTagNumber TagOf(ReadOnlySpan<byte> encoded)
    {
        var tag = Asn1Tag.Decode(encoded, out _);
        return tag.TagClass == TagClass.Universal && !tag.IsConstructed ? (UniversalTagNumber)tag.TagValue : UniversalTagNumber.EndOfContents;
    }

    // The characters as OpenSSL takes them: UTF-8 as it is, one byte a character, or two, or four.
    private static string? Text(ReadOnlyMemory<byte> encoded)
    {
        if (!IsText(encoded.Span) || !TryContent(encoded, out var content)) return null;
        try
        {
            return TagOf(encoded.Span) switch
            {
                UniversalTagNumber.UTF8String => new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content.Span),
                UniversalTagNumber.BMPString => new UnicodeEncoding(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true).GetString(content.Span),
                UniversalTagNumber.UniversalString => new UTF32Encoding(bigEndian: true, byteOrderMark: false, throwOnInvalidCharacters: true).GetString(content.Span),
                _ => Encoding.Latin1.GetString(content.Span),
            };
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static bool TryContent(ReadOnlyMemory<byte> encoded, out ReadOnlyMemory<byte> content)
    {
        content = default;
        if (!AsnDecoder.TryReadEncodedValue(encoded.Span, AsnEncodingRules.BER, out _, out var offset, out var length, out _)) return false;
        content = encoded.Slice(offset, length);
        return true;
    }

    private static bool TryAppend(StringBuilder result, ReadOnlyMemory<byte> value)
    {
        if (Text(value) is not { } text) return false;
        var runes = text.EnumerateRunes().ToArray();
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < runes.Length; i++)
        {
            var length = runes[i].EncodeToUtf8(utf8);
            foreach (var unit in utf8[..length]) Append(result, unit, isFirst: i == 0, isLast: i == runes.Length - 1);
        }

        return true;
    }

    // A string of one character counts as its last, not as its first.
    private static void Append(StringBuilder result, byte unit, bool isFirst, bool isLast)
    {
        var escape = unit is (byte)',' or (byte)'+' or (byte)'"' or (byte)'\\' or (byte)'<' or (byte)'>' or (byte)';'
            || (unit == ' ' && (isFirst || isLast))
            || (unit == '#' && isFirst && !isLast);
        if (escape) result.Append('\\').Append((char)unit);
        else if (unit is < 0x20 or >= 0x7F) result.Append('\\').Append(unit.ToString("X2", CultureInfo.InvariantCulture));
        else result.Append((char)unit);
    }
}
