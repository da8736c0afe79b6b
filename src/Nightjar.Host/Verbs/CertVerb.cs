using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nightjar.Host.Verbs.Certificates;
using Nightjar.Host.Verbs.Options;

namespace Nightjar.Host.Verbs;

/// <summary><c>nightjar cert</c>: a certificate authority in a folder, for brokers whose clients have certificates.</summary>
internal static class CertVerb
{
    /// <summary>Does what one command line asks for.</summary>
    /// <returns>0 when it is done, or was done before; 1 when it cannot be; 3 for wrong options.</returns>
    internal static int Run(string[] args, TextWriter output, TextWriter error, TimeProvider time)
    {
        try
        {
            if (CertUsage.For(args) is { } usage)
            {
                output.WriteLine(usage);
                return 0;
            }
            CertArguments arguments = CertArguments.Parse(args);
            using AuthorityFolder folder = AuthorityFolder.Open(arguments.Folder, create: arguments.Command == CertCommand.Authority);
            Execute(arguments, new CertificateAuthority(folder, time), folder, output);
            return 0;
        }
        catch (UsageException e)
        {
            error.WriteLine(e.Message);
            error.WriteLine("Use 'nightjar cert --help' to see usage.");
            return 3;
        }
        catch (CertificateException e)
        {
            error.WriteLine($"Error: {e.Message}");
            return 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            error.WriteLine($"Error: {e.Message}");
            return 1;
        }
    }

    private static void Execute(CertArguments arguments, CertificateAuthority authority, AuthorityFolder folder, TextWriter output)
    {
        switch (arguments.Command)
        {
            case CertCommand.Authority:
                authority.Create(arguments.CommonName ?? "Nightjar CA", arguments.Days ?? 3650, arguments.UseRsa, arguments.Force);
                Report(output, folder.CertificateOf(AuthorityFolder.Authority), folder.KeyOf(AuthorityFolder.Authority), folder.RevocationList);
                break;
            case CertCommand.Server or CertCommand.Client:
                Issue(arguments, authority, folder, output);
                break;
            case CertCommand.Revoke:
                Revoke(arguments, authority, folder, output);
                break;
            case CertCommand.RevocationList:
                authority.WriteRevocationList(arguments.Days ?? CertificateAuthority.RevocationListDays);
                Report(output, folder.RevocationList);
                break;
            default:
                CertListing.Write(authority.List(), authority.Now, output);
                break;
        }
    }

    private static void Issue(CertArguments arguments, CertificateAuthority authority, AuthorityFolder folder, TextWriter output)
    {
        var request = new IssueRequest
        {
            Name = arguments.Name!,
            CommonName = arguments.CommonName ?? arguments.Name!,
            IsServer = arguments.Command == CertCommand.Server,
            AlternativeNames = arguments.AlternativeNames,
            Days = arguments.Days ?? 825,
            UseRsa = arguments.UseRsa,
        };
        using X509Certificate2 certificate = authority.Issue(request, arguments.Force);
        Report(output, folder.CertificateOf(request.Name), folder.KeyOf(request.Name));
        if (authority.Now.AddDays(request.Days) > certificate.NotAfter.ToUniversalTime().AddDays(1))
            output.WriteLine($"It ends with the authority's own certificate, on {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}.");
    }

    private static void Revoke(CertArguments arguments, CertificateAuthority authority, AuthorityFolder folder, TextWriter output)
    {
        int revoked = authority.Revoke(arguments.Name!, arguments.Reason, arguments.Days ?? CertificateAuthority.RevocationListDays);
        output.WriteLine(revoked switch
        {
            0 => $"{arguments.Name} was revoked before.",
            1 => $"Revoked {arguments.Name}.",
            _ => $"Revoked {revoked} certificates of {arguments.Name}.",
        });
        Report(output, folder.RevocationList);
        output.WriteLine("A running broker reads it when it gets SIGHUP.");
    }

    private static void Report(TextWriter output, params ReadOnlySpan<string> paths)
    {
        foreach (string path in paths) output.WriteLine($"Wrote {path}");
    }
}
