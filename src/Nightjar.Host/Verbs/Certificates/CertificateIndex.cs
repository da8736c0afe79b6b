using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Nightjar.Host.Verbs.Certificates;

/// <summary>What an authority issued and revoked, and how many revocation lists it wrote.</summary>
/// <remarks>A text file. The first line is <c>crl NUMBER</c>; a line for each certificate follows, with its fields between tabs: serial number,
/// kind, end, time and reason of the revocation or <c>-</c> twice, name.</remarks>
internal sealed class CertificateIndex
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>Number of the last revocation list; lists are numbered upwards (RFC 5280 §5.2.3).</summary>
    internal long RevocationListNumber { get; set; }

    /// <summary>In the order of issue.</summary>
    internal List<IssuedCertificate> Certificates { get; } = [];

    /// <summary>Reads the file.</summary>
    /// <exception cref="CertificateException">It is not there or not whole: the authority must not guess what it revoked.</exception>
    internal static CertificateIndex Load(string path)
    {
        if (!File.Exists(path))
            throw new CertificateException($"{path} is missing: the authority does not know what it issued. Put the file back.");
        string[] lines = File.ReadAllLines(path);
        var index = new CertificateIndex();
        for (int i = 0; i < lines.Length; i++)
            if (!index.TryAdd(lines[i], isFirst: i == 0)) throw new CertificateException($"{path}:{i + 1}: the line cannot be understood.");
        return lines.Length > 0 ? index : throw new CertificateException($"{path} is empty: the authority does not know what it issued. Put the file back.");
    }

    /// <summary>Puts the file in its place.</summary>
    internal void Save(string path)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"crl {RevocationListNumber}\n");
        foreach (IssuedCertificate one in Certificates)
        {
            text.Append(one.Serial).Append('\t').Append(one.Kind).Append('\t').Append(Format(one.NotAfter)).Append('\t')
                .Append(one.RevokedAt is { } at ? Format(at) : "-").Append('\t')
                .Append(one.RevokedAt is null ? "-" : RevocationReasons.WordOf(one.Reason)).Append('\t')
                .Append(one.Name).Append('\n');
        }
        AuthorityFolder.WriteSecret(path, text.ToString());
    }

    internal static string Format(DateTimeOffset time) => time.ToUniversalTime().ToString(TimeFormat, CultureInfo.InvariantCulture);

    private bool TryAdd(string line, bool isFirst)
    {
        if (isFirst)
        {
            bool isNumber = line.StartsWith("crl ", StringComparison.Ordinal)
                && long.TryParse(line.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                && (RevocationListNumber = number) >= 0;
            return isNumber;
        }
        string[] fields = line.Split('\t');
        if (fields.Length != 6 || fields[0].Length == 0 || !fields[0].All(char.IsAsciiHexDigit) || !TryParse(fields[2], out DateTimeOffset end))
            return false;
        DateTimeOffset? revoked = null;
        X509RevocationReason reason = X509RevocationReason.Unspecified;
        if (fields[3] != "-")
        {
            if (!TryParse(fields[3], out DateTimeOffset at) || !RevocationReasons.TryParse(fields[4], out reason))
                return false;
            revoked = at;
        }
        Certificates.Add(new IssuedCertificate(fields[0], fields[1], end, revoked, reason, fields[5]));
        return true;
    }

    private static bool TryParse(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
}
