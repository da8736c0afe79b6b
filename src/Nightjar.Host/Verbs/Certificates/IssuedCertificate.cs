using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Host.Verbs.Certificates;

/// <summary>One line of the index. Immutable.</summary>
/// <param name="Serial">Serial number, hexadecimal.</param>
/// <param name="Kind">server or client.</param>
/// <param name="NotAfter">When it ends, UTC.</param>
/// <param name="RevokedAt">When it was taken back, UTC; null while it holds.</param>
/// <param name="Reason">Why it was.</param>
/// <param name="Name">Name of its files.</param>
internal sealed record IssuedCertificate(
    string Serial, string Kind, DateTimeOffset NotAfter, DateTimeOffset? RevokedAt, X509RevocationReason Reason, string Name);
