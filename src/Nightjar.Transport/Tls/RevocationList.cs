using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>One certificate revocation list (RFC 5280 §5): whom an authority no longer vouches for.</summary>
internal sealed class RevocationList
{
    private readonly Dictionary<ReadOnlyMemory<byte>, string> _revoked;

    // Public key that the signature was verified with last. A benign race: at worst it is verified again.
    private byte[]? _verifiedWith;

    internal RevocationList(Dictionary<ReadOnlyMemory<byte>, string> revoked) => _revoked = revoked;

    /// <summary>Encoded name of who issued it.</summary>
    internal required ReadOnlyMemory<byte> Issuer { get; init; }

    /// <summary>What is signed, the signature and how.</summary>
    internal required SignedBytes Signed { get; init; }

    /// <summary>When it was issued.</summary>
    internal required DateTimeOffset ThisUpdate { get; init; }

    /// <summary>When the next one is due; the greatest time when it says none.</summary>
    internal required DateTimeOffset NextUpdate { get; init; }

    /// <summary>It is about authorities only.</summary>
    internal bool CoversAuthoritiesOnly { get; init; }

    /// <summary>Encoded names of the distribution point it is for; empty for the whole of what its issuer issued.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>> DistributionPoint { get; init; } = [];

    internal bool Holds(DateTimeOffset now) => now >= ThisUpdate && now <= NextUpdate;

    /// <summary>Whether it says something about a certificate: the same issuer, and the part that the certificate belongs to.</summary>
    internal bool Covers(X509Certificate2 leaf)
    {
        if (CoversAuthoritiesOnly || !Issuer.Span.SequenceEqual(leaf.IssuerName.RawData))
            return false;
        return DistributionPoint.Count == 0 || DistributionPoints.Contain(leaf, DistributionPoint);
    }

    /// <summary>Whether an authority signed it.</summary>
    internal bool IsSignedBy(X509Certificate2 authority)
    {
        byte[] key = authority.PublicKey.ExportSubjectPublicKeyInfo();
        if (Volatile.Read(ref _verifiedWith) is { } known && key.AsSpan().SequenceEqual(known))
            return true;
        if (!Signed.IsSignedBy(authority))
            return false;
        Volatile.Write(ref _verifiedWith, key);
        return true;
    }

    /// <summary>Verifies the signature with the key of the authority it names, where that was loaded.</summary>
    /// <exception cref="TlsFileException">It was, and did not sign it.</exception>
    internal void CheckSignature(X509Certificate2Collection authorities, string line)
    {
        bool isKnown = false;
        foreach (X509Certificate2 authority in authorities)
        {
            if (!authority.SubjectName.RawData.AsSpan().SequenceEqual(Issuer.Span))
                continue;
            if (IsSignedBy(authority))
                return;
            isKnown = true;
        }
        if (isKnown)
            throw new TlsFileException(line, $"The list of {new X500DistinguishedName(Issuer.Span).Name} is not signed by the authority of that name.");
    }

    /// <summary>Why a certificate is revoked; null when it is not.</summary>
    internal string? Reason(X509Certificate2 leaf) => _revoked.GetValueOrDefault(leaf.SerialNumberBytes);
}
