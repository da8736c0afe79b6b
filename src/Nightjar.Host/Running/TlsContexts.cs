using Nightjar.Host.Configuration.Sections;
using Nightjar.Transport.OpenSsl;
using Nightjar.Transport.OpenSsl.Keys;
using Nightjar.Transport.Tls;

namespace Nightjar.Host.Running;

/// <summary>From the TLS options of a listener to what its connections are wrapped with.</summary>
internal static class TlsContexts
{
    /// <summary>Reads certificates, keys and lists.</summary>
    /// <param name="section">A listener with TLS.</param>
    /// <param name="security">Its rules, for the pre-shared keys.</param>
    /// <param name="errors">Takes what is wrong.</param>
    /// <param name="warnings">Takes what is worth knowing.</param>
    /// <returns>Null when something is wrong.</returns>
    internal static TlsServerContext? Load(ListenerSection section, SecuritySection security, List<string> errors, List<string> warnings)
    {
        try
        {
            return section.Tls.HasPsk ? LoadPsk(section, security, warnings) : LoadCertificates(section.Tls, warnings);
        }
        catch (TlsFileException exception)
        {
            errors.Add(exception.Message);
        }
        catch (PskFileException exception)
        {
            errors.AddRange(exception.Errors);
        }
        catch (Exception exception) when (exception is ArgumentException or PlatformNotSupportedException)
        {
            errors.Add($"Error: {exception.Message}");
        }

        errors.Add($"Error found at {section.Place}.");
        return null;
    }

    private static PskServerContext LoadPsk(ListenerSection section, SecuritySection security, List<string> warnings)
    {
        if (security.PskFile is null) throw new PskFileException(["Error: psk_hint needs a psk_file with the identities and keys."]);
        var file = PskFile.Load(security.PskFile);
        warnings.AddRange(file.Warnings);
        return new PskServerContext(new PskServerOptions { Keys = file.Keys, Hint = section.Tls.PskHint, Ciphers = section.Tls.Ciphers });
    }

    private static CertificateServerContext LoadCertificates(ListenerTlsSection tls, List<string> warnings)
    {
        var context = CertificateServerContext.Load(new CertificateServerOptions
        {
            CertificateFile = tls.CertFile,
            KeyFile = tls.KeyFile,
            AuthorityFile = tls.CaFile,
            AuthorityPath = tls.CaPath,
            RevocationFile = tls.CrlFile,
            RequireCertificate = tls.RequireCertificate,
            IgnoreDates = tls.DisableClientCertificateDateChecks,
            // tlsv1.1 is accepted with a warning and means 1.2: the runtime's OpenSSL has nothing older.
            MinimumVersion = tls.Version == "tlsv1.3" ? TlsVersion.Tls13 : TlsVersion.Tls12,
            Ciphers = tls.Ciphers,
            CipherSuites = tls.CiphersTls13,
            Engine = tls.Engine,
            KeyIsInEngine = tls.IsEngineKey,
        });
        warnings.AddRange(context.Warnings);
        return context;
    }
}
