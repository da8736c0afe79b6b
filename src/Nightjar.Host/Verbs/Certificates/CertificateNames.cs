using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Host.Verbs.Certificates;

/// <summary>Which names certificates and their files can have.</summary>
internal static class CertificateNames
{
    // ub-common-name of RFC 5280.
    private const int MaximumCommonName = 64;

    private const int MaximumHostName = 253;

    private static readonly string[] s_ownNames = ["localhost", "127.0.0.1", "::1"];

    /// <summary>Refuses names that are no name of a file in the folder, or one of the authority's.</summary>
    /// <exception cref="CertificateException">The name cannot be.</exception>
    internal static void RequireFileName(string name)
    {
        bool isPossible = name.Length is > 0 and <= 200 && name[0] is not ('.' or '-') && !name.Any(c => c is '/' or '\\' or ':' || char.IsControl(c));
        if (!isPossible)
            throw new CertificateException($"'{name}' cannot be the name of a file. Take another NAME, and give the common name with --cn.");
        if (name.Equals(AuthorityFolder.Authority, StringComparison.OrdinalIgnoreCase))
            throw new CertificateException($"'{name}' is the authority's own name. Take another.");
    }

    /// <summary>A subject with nothing but a common name, encoded as UTF-8.</summary>
    /// <exception cref="CertificateException">The common name is empty or too long, or has control characters.</exception>
    internal static X500DistinguishedName MakeSubject(string commonName)
    {
        if (new StringInfo(commonName).LengthInTextElements is 0 or > MaximumCommonName || commonName.Any(char.IsControl))
            throw new CertificateException($"A common name has 1 to {MaximumCommonName} characters and no control characters: '{commonName}'.");
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(commonName);
        return builder.Build();
    }

    /// <summary>By what clients may call a server: what was given, or this machine's own names, and the certificate's name if it is one.</summary>
    /// <exception cref="CertificateException">Something given is neither a host name nor an address.</exception>
    internal static X509Extension MakeAlternativeNames(string name, IReadOnlyList<string> given)
    {
        var builder = new SubjectAlternativeNameBuilder();
        IEnumerable<string> own = IPAddress.TryParse(name, out _) || IsHostName(name) ? [name] : [];
        IReadOnlyList<string> others = given.Count > 0 ? given : s_ownNames;
        foreach (string host in own.Concat(others).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (IPAddress.TryParse(host, out IPAddress? address))
                builder.AddIpAddress(address);
            else if (IsHostName(host))
                builder.AddDnsName(host);
            else
                throw new CertificateException($"--san '{host}' is neither a host name nor an address.");
        }
        return builder.Build();
    }

    // Letters, digits and hyphens between dots; an asterisk may be the whole first part.
    private static bool IsHostName(string text)
    {
        if (text.Length is 0 or > MaximumHostName)
            return false;
        string[] labels = text.Split('.');
        return labels.Select((label, i) => (label == "*" && i == 0 && labels.Length > 1) || IsLabel(label)).All(isLabel => isLabel);
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
