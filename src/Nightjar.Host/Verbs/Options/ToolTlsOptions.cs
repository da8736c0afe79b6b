namespace Nightjar.Host.Verbs.Options;

/// <summary>What the tools' options say about TLS and pre-shared keys.</summary>
internal sealed class ToolTlsOptions
{
    private const int ImpliedPort = 8883;

    internal string? AuthorityFile { get; set; }

    internal string? AuthorityPath { get; set; }

    internal string? CertificateFile { get; set; }

    internal string? KeyFile { get; set; }

    internal string? KeyForm { get; set; }

    internal string? Ciphers { get; set; }

    internal string? Version { get; set; }

    internal string? ApplicationProtocol { get; set; }

    internal string? Engine { get; set; }

    internal string? EnginePassword { get; set; }

    internal string? KeyLogFile { get; set; }

    internal bool UseSystemAuthorities { get; set; }

    internal bool Insecure { get; set; }

    /// <summary>Not even at port 8883.</summary>
    internal bool IsOff { get; set; }

    /// <summary>The URL says so.</summary>
    internal bool IsInUrl { get; set; }

    /// <summary>Key in hexadecimal digits.</summary>
    internal string? Psk { get; set; }

    internal string? PskIdentity { get; set; }

    /// <summary>Port when none was given.</summary>
    internal int DefaultPort => IsAsked || Psk is not null ? ImpliedPort : 1883;

    /// <summary>Whether to speak TLS, pre-shared keys included, over TCP to a port.</summary>
    internal bool IsUsed(int port) => IsAsked || Psk is not null || (port == ImpliedPort && !IsOff);

    private bool IsAsked => IsInUrl || AuthorityFile is not null || AuthorityPath is not null || UseSystemAuthorities;

    /// <exception cref="UsageException">Options do not go together.</exception>
    internal void Check()
    {
        if ((CertificateFile is null) != (KeyFile is null)) throw Fail("Both certfile and keyfile must be provided if one of them is set.");
        if (KeyForm is not null && KeyFile is null) throw Fail("If keyform is set, keyfile must be also specified.");
        if (EnginePassword is not null && (KeyForm is null || Engine is null))
            throw Fail("when using tls-engine-kpass-sha1, both tls-engine and keyform must also be provided.");
        if (Psk is not null && (AuthorityFile is not null || AuthorityPath is not null)) throw Fail("Only one of --psk or --cafile/--capath may be used at once.");
        if (Psk is not null && PskIdentity is null) throw Fail("--psk-identity required if --psk used.");
        if (KeyForm is not (null or "pem" or "engine"))
            throw new UsageException("Error: Problem setting key form, it must be one of 'pem' or 'engine'.\n", hint: false);
        if (Version is not (null or "tlsv1.1" or "tlsv1.2" or "tlsv1.3"))
            throw new UsageException("Error: Problem setting TLS options, check the options are valid.\n", hint: false);
    }

    private static UsageException Fail(string text) => new($"Error: {text}\n");
}
