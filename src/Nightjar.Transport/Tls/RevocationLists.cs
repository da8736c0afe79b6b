using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>The revocation lists of a file. Immutable but for what was verified.</summary>
internal sealed class RevocationLists
{
    private readonly List<RevocationList> _lists;

    private RevocationLists(List<RevocationList> lists) => _lists = lists;

    /// <summary>Lists there are.</summary>
    internal int Count => _lists.Count;

    /// <summary>Reads a file, and the lists that stand under hashed names beside the authorities.</summary>
    /// <exception cref="TlsFileException">A list cannot be read, is of a kind that is not supported, or is not signed by the authority it
    /// names.</exception>
    internal static RevocationLists Load(string file, string? directory, X509Certificate2Collection authorities)
    {
        var lists = new List<RevocationList>();
        Add(file, file, authorities, lists);
        if (directory is not null)
        {
            string line = $"Error: Unable to load CA certificates. Check capath \"{directory}\".";
            foreach (string path in CertificateFiles.Files(directory, line, static name => CertificateFiles.HasHash(name, revocation: true)))
                Add(path, file, authorities, lists);
        }
        return new RevocationLists(lists);
    }

    /// <summary>Looks a certificate up.</summary>
    /// <param name="leaf">The certificate.</param>
    /// <param name="issuer">Certificate of who signed it, which is trusted.</param>
    /// <param name="now">What time it is.</param>
    /// <returns>Why it is refused, in OpenSSL's words; null when it is not revoked.</returns>
    internal string? Refuse(X509Certificate2 leaf, X509Certificate2 issuer, DateTimeOffset now)
    {
        RevocationList? best = null;
        foreach (RevocationList list in _lists)
        {
            if (list.Covers(leaf) && list.IsSignedBy(issuer) && (best is null || IsBetter(list, best, now)))
                best = list;
        }
        if (best is null)
            return "unable to get certificate CRL";
        if (now < best.ThisUpdate)
            return "CRL is not yet valid";
        if (now > best.NextUpdate)
            return "CRL has expired";
        return best.Reason(leaf) is { } reason ? $"certificate revoked, {reason}" : null;
    }

    /// <summary>Whether the latest list says that a certificate is revoked, whatever time it is now.</summary>
    internal bool IsRevoked(X509Certificate2 leaf, X509Certificate2 issuer)
    {
        RevocationList? latest = null;
        foreach (RevocationList list in _lists)
        {
            if (list.Covers(leaf) && list.IsSignedBy(issuer) && (latest is null || list.ThisUpdate > latest.ThisUpdate))
                latest = list;
        }
        return latest?.Reason(leaf) is not null;
    }

    // Lists that hold now before others, then the latest.
    private static bool IsBetter(RevocationList list, RevocationList best, DateTimeOffset now)
    {
        bool holds = list.Holds(now);
        return holds == best.Holds(now) ? list.ThisUpdate > best.ThisUpdate : holds;
    }

    private static void Add(string path, string file, X509Certificate2Collection authorities, List<RevocationList> lists)
    {
        string line = $"Error: Unable to load certificate revocation file \"{file}\". Check crlfile.";
        int before = lists.Count;
        foreach (byte[] encoded in PemBlocks.Read(CertificateFiles.ReadText(path, line), "X509 CRL", line))
        {
            RevocationList list = RevocationListReader.Read(encoded, line);
            list.CheckSignature(authorities, line);
            lists.Add(list);
        }
        if (lists.Count == before)
            throw new TlsFileException(line, $"{path} holds no revocation list in PEM form.");
    }
}
