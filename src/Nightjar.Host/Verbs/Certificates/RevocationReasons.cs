using System.Security.Cryptography.X509Certificates;
using Nightjar.Host.Verbs.Options;

namespace Nightjar.Host.Verbs.Certificates;

/// <summary>Why a certificate was revoked, in the words of RFC 5280 §5.3.1 and of OpenSSL.</summary>
internal static class RevocationReasons
{
    private static readonly (string Word, X509RevocationReason Reason)[] s_words =
    [
        ("unspecified", X509RevocationReason.Unspecified),
        ("keyCompromise", X509RevocationReason.KeyCompromise),
        ("CACompromise", X509RevocationReason.CACompromise),
        ("affiliationChanged", X509RevocationReason.AffiliationChanged),
        ("superseded", X509RevocationReason.Superseded),
        ("cessationOfOperation", X509RevocationReason.CessationOfOperation),
        ("certificateHold", X509RevocationReason.CertificateHold),
    ];

    /// <exception cref="UsageException">It is none of them; the message has them all.</exception>
    internal static X509RevocationReason Parse(string word) =>
        TryParse(word, out X509RevocationReason reason)
            ? reason
            : throw new UsageException($"Error: Unknown --reason '{word}': {string.Join(", ", s_words.Select(pair => pair.Word))} are possible.");

    internal static bool TryParse(string word, out X509RevocationReason reason)
    {
        int found = Array.FindIndex(s_words, pair => pair.Word.Equals(word, StringComparison.OrdinalIgnoreCase));
        reason = found < 0 ? default : s_words[found].Reason;
        return found >= 0;
    }

    internal static string WordOf(X509RevocationReason reason) => Array.Find(s_words, pair => pair.Reason == reason).Word;
}
