using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>Judges clients' certificates: who issued them, what they are for, whether they are valid now, and whether they are revoked.
/// Any thread.</summary>
/// <remarks>As OpenSSL does for Mosquitto: a chain must end at an authority that signed itself, and only the client's own certificate is
/// looked up in the revocation lists (X509_V_FLAG_CRL_CHECK).</remarks>
internal sealed class ClientCertificateCheck
{
    // Extended key usage: client authentication.
    private static readonly Oid s_clientAuthentication = new("1.3.6.1.5.5.7.3.2");

    private readonly X509Certificate2Collection _roots = [];
    private readonly X509Certificate2Collection _intermediates = [];
    private readonly RevocationLists? _revocation;
    private readonly bool _ignoreDates;
    private readonly TimeProvider _time;

    /// <param name="authorities">Who may issue, intermediates included.</param>
    /// <param name="revocation">Lists; null to look at none.</param>
    /// <param name="ignoreDates">Whether certificates count outside their time.</param>
    /// <param name="time">What time it is.</param>
    internal ClientCertificateCheck(X509Certificate2Collection authorities, RevocationLists? revocation, bool ignoreDates, TimeProvider time)
    {
        foreach (X509Certificate2 authority in authorities)
            (authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData) ? _roots : _intermediates).Add(authority);
        _revocation = revocation;
        _ignoreDates = ignoreDates;
        _time = time;
    }

    /// <summary>How the runtime builds the chain of one handshake; it adds to it what the peer sent.</summary>
    internal X509ChainPolicy MakePolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTime = _time.GetUtcNow().LocalDateTime,
            VerificationFlags = _ignoreDates ? X509VerificationFlags.IgnoreNotTimeValid : X509VerificationFlags.NoFlag,
        };
        policy.CustomTrustStore.AddRange(_roots);
        policy.ExtraStore.AddRange(_intermediates);
        policy.ApplicationPolicy.Add(s_clientAuthentication);
        return policy;
    }

    /// <summary>Judges a certificate of which the chain was built.</summary>
    /// <returns>Why it is refused, in OpenSSL's words; null when it is accepted.</returns>
    internal string? Refuse(X509Certificate2 leaf, X509Chain chain)
    {
        if (IsPartial(chain))
        {
            foreach (X509Certificate2[] path in SeenIntermediates.PathsFrom(leaf))
            {
                X509ChainPolicy policy = MakePolicy();
                policy.ExtraStore.AddRange(path);
                using var longer = new X509Chain { ChainPolicy = policy };
                if (longer.Build(leaf))
                    return RefuseChain(leaf, longer);
            }
        }
        return RefuseChain(leaf, chain);
    }

    /// <summary>Judges a certificate that was accepted before, whatever time it is now: is it of an authority that is trusted, and not revoked?</summary>
    internal bool StillTrusts(X509Certificate2 leaf)
    {
        if (StillTrusts(leaf, []))
            return true;
        foreach (X509Certificate2[] path in SeenIntermediates.PathsFrom(leaf))
        {
            if (StillTrusts(leaf, path))
                return true;
        }
        return false;
    }

    private bool StillTrusts(X509Certificate2 leaf, X509Certificate2[] intermediates)
    {
        X509ChainPolicy policy = MakePolicy();
        policy.VerificationFlags |= X509VerificationFlags.IgnoreNotTimeValid;
        policy.ExtraStore.AddRange(intermediates);
        using var chain = new X509Chain { ChainPolicy = policy };
        if (!chain.Build(leaf) || chain.ChainElements.Count == 0)
            return false;
        return _revocation?.IsRevoked(leaf, chain.ChainElements[Math.Min(1, chain.ChainElements.Count - 1)].Certificate) != true;
    }

    private static bool IsPartial(X509Chain chain)
    {
        foreach (X509ChainStatus status in chain.ChainStatus)
        {
            if (status.Status == X509ChainStatusFlags.PartialChain)
                return true;
        }
        return false;
    }

    private string? RefuseChain(X509Certificate2 leaf, X509Chain chain)
    {
        DateTime now = _time.GetUtcNow().LocalDateTime;
        foreach (X509ChainStatus status in chain.ChainStatus)
        {
            if (_ignoreDates && status.Status == X509ChainStatusFlags.NotTimeValid)
                continue;
            if (status.Status != X509ChainStatusFlags.NoError)
                return ChainText.Describe(status, chain, now);
        }
        if (chain.ChainElements.Count == 0)
            return "unable to get local issuer certificate";
        SeenIntermediates.Remember(chain);
        return _revocation?.Refuse(leaf, chain.ChainElements[Math.Min(1, chain.ChainElements.Count - 1)].Certificate, _time.GetUtcNow());
    }
}
