using Nightjar.Host.Processes;
using Nightjar.Host.Verbs.Options;
using Nightjar.Transport.OpenSsl;
using Nightjar.Transport.OpenSsl.Keys;
using Nightjar.Transport.Tls;

namespace Nightjar.Host.Verbs;

/// <summary>Makes what the tools speak TLS with.</summary>
internal static class ToolTls
{
    /// <summary>Reads the files that the options name.</summary>
    /// <param name="options">The tool's options.</param>
    /// <returns>Null for a connection without TLS.</returns>
    /// <exception cref="UsageException">Something cannot be used; the message is what the tools say.</exception>
    internal static TlsClientContext? Make(ToolOptions options)
    {
        ToolTlsOptions tls = options.Tls;
        if (options.UnixPath is not null || !tls.IsUsed(options.Port)) return null;
        if (tls.Psk is not null) return MakePsk(options, tls);
        if (tls.KeyLogFile is { } keyLog) TlsKeyLog.Enable(keyLog);
        return MakeCertificates(options, tls);
    }

    private static PskClientContext MakePsk(ToolOptions options, ToolTlsOptions tls)
    {
        const string line = "Error: Problem setting TLS-PSK options.";
        if (tls.Version == "tlsv1.3") throw Problem(line, "Pre-shared keys are for TLS 1.2; leave --tls-version out.", options);
        if (!PskKey.TryParse(tls.Psk, out PskKey? key))
            throw Problem(line, $"--psk takes hexadecimal digits, for 1 to {PskKey.MaximumLength} bytes.", options);
        try
        {
            return new PskClientContext(new PskClientOptions { Identity = tls.PskIdentity!, Key = key, Ciphers = tls.Ciphers });
        }
        catch (ArgumentException exception)
        {
            throw Problem(line, exception.Message, options);
        }
        catch (PlatformNotSupportedException exception)
        {
            throw new UsageException($"Error: {exception.Message}\n", hint: false);
        }
    }

    private static CertificateClientContext MakeCertificates(ToolOptions options, ToolTlsOptions tls)
    {
        bool isEngineKey = tls.KeyForm == "engine";
        foreach (string? file in (string?[])[tls.AuthorityFile, tls.CertificateFile, isEngineKey ? null : tls.KeyFile])
            if (file is not null && !File.Exists(file)) throw Problem("Error: Problem setting TLS options: File not found.", file, options);
        try
        {
            return CertificateClientContext.Load(new CertificateClientOptions
            {
                AuthorityFile = tls.AuthorityFile,
                AuthorityPath = tls.AuthorityPath,
                UseSystemAuthorities = tls.UseSystemAuthorities,
                CertificateFile = tls.CertificateFile,
                KeyFile = tls.KeyFile,
                Engine = tls.Engine,
                KeyIsInEngine = isEngineKey,
                IgnoreHostName = tls.Insecure,
                MinimumVersion = tls.Version == "tlsv1.3" ? TlsVersion.Tls13 : TlsVersion.Tls12,
                Ciphers = tls.Ciphers,
                ApplicationProtocol = tls.ApplicationProtocol,
            });
        }
        catch (TlsFileException exception)
        {
            throw Problem("Unable to connect (A TLS error occurred.).", exception.Message, options);
        }
    }

    // The tools say no more; with -d there is the reason.
    private static UsageException Problem(string line, string reason, ToolOptions options) =>
        new(options.Debug ? $"{reason}\n{line}\n" : $"{line}\n", hint: false);
}
