using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>Intermediate authorities that clients have sent and that led to an authority we trusted. Any thread.</summary>
/// <remarks>A resumed session brings the client's own certificate and not the rest of its chain, so that without them every session of such a
/// client could be resumed only to be refused. They are shared by all contexts, as the runtime's sessions are, and lend no trust: a chain
/// that is built with them must still end at an authority of the context. Their number is bounded; they are few, because a trusted authority
/// issued each.</remarks>
internal static class SeenIntermediates
{
    private const int MaximumCount = 256;

    // Authorities of one name that are tried: those of one that was renewed.
    private const int MaximumTries = 8;

    private static readonly ConcurrentDictionary<string, X509Certificate2[]> s_seen = new();

    /// <summary>Keeps what is between the ends of a chain that was found good.</summary>
    internal static void Remember(X509Chain chain)
    {
        int count = chain.ChainElements.Count - 2;
        if (count <= 0 || s_seen.Count >= MaximumCount || s_seen.ContainsKey(chain.ChainElements[1].Certificate.Thumbprint))
            return;
        var path = new X509Certificate2[count];
        for (int i = 0; i < count; i++)
            path[i] = X509CertificateLoader.LoadCertificate(chain.ChainElements[i + 1].Certificate.RawDataMemory.Span);
        s_seen.TryAdd(path[0].Thumbprint, path);
    }

    /// <summary>Paths upward that begin at an authority of the name that issued a certificate; the issuer is one of them, or unknown.</summary>
    internal static IEnumerable<X509Certificate2[]> PathsFrom(X509Certificate2 leaf)
    {
        byte[] issuer = leaf.IssuerName.RawData;
        return s_seen.Values.Where(path => path[0].SubjectName.RawData.AsSpan().SequenceEqual(issuer)).Take(MaximumTries);
    }
}
