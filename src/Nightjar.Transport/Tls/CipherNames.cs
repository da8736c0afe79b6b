using System.Net.Security;
using System.Text;

namespace Nightjar.Transport.Tls;

/// <summary>OpenSSL's names of cipher suites, which are in users' files and in log lines.</summary>
internal static class CipherNames
{
    /// <summary>Translates a registered name: <c>TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384</c> to <c>ECDHE-RSA-AES256-GCM-SHA384</c>. The names of TLS
    /// 1.3 are the same.</summary>
    internal static string OpenSslName(TlsCipherSuite suite)
    {
        string name = suite.ToString();
        int with = name.IndexOf("_WITH_", StringComparison.Ordinal);
        if (with < 0)
            return name;
        string exchange = name["TLS_".Length..with];
        string cipher = name[(with + "_WITH_".Length)..];
        var result = new StringBuilder(name.Length);
        if (exchange != "RSA")
            result.Append(exchange.Replace('_', '-')).Append('-');
        if (cipher.StartsWith("3DES_EDE_CBC_", StringComparison.Ordinal))
            return result.Append("DES-CBC3-").Append(cipher["3DES_EDE_CBC_".Length..]).ToString();
        if (cipher.StartsWith("CHACHA20_POLY1305", StringComparison.Ordinal))
            return result.Append("CHACHA20-POLY1305").ToString();
        cipher = cipher.Replace("_CBC", "", StringComparison.Ordinal).Replace("CCM_8", "CCM8", StringComparison.Ordinal);
        foreach (string family in (string[])["AES_", "CAMELLIA_", "ARIA_"])
        {
            if (cipher.StartsWith(family, StringComparison.Ordinal))
                cipher = string.Concat(family.AsSpan(0, family.Length - 1), cipher.AsSpan(family.Length));
        }
        return result.Append(cipher.Replace('_', '-')).ToString();
    }
}
