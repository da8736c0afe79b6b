using System.Globalization;

namespace Nightjar.Host.Verbs.Certificates;

/// <summary>Prints what an authority issued.</summary>
internal static class CertListing
{
    /// <summary>A line for each certificate, the earliest first.</summary>
    internal static void Write(IReadOnlyList<IssuedCertificate> certificates, DateTimeOffset now, TextWriter output)
    {
        if (certificates.Count == 0)
        {
            output.WriteLine("Nothing was issued yet.");
            return;
        }
        foreach (IssuedCertificate one in certificates)
        {
            string state = one.RevokedAt is not null ? "revoked" : one.NotAfter < now ? "expired" : "valid";
            string revocation = one.RevokedAt is { } at ? $" (revoked {CertificateIndex.Format(at)}, {RevocationReasons.WordOf(one.Reason)})" : "";
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{state,-8}{one.Kind,-7} until {one.NotAfter:yyyy-MM-dd}  {one.Serial}  {one.Name}{revocation}"));
        }
    }
}
