namespace Nightjar.Host.Configuration.Sections;

/// <summary>The TLS options of one listener, as written.</summary>
internal sealed record ListenerTlsSection
{
    internal string? CaFile { get; init; }

    internal string? CaPath { get; init; }

    /// <summary>PEM, chain allowed; given together with <see cref="KeyFile"/> or not at all.</summary>
    internal string? CertFile { get; init; }

    internal string? KeyFile { get; init; }

    /// <summary>OpenSSL's list for TLS 1.2; null: its default.</summary>
    internal string? Ciphers { get; init; }

    /// <summary>OpenSSL's list for TLS 1.3; null: its default.</summary>
    internal string? CiphersTls13 { get; init; }

    internal string? CrlFile { get; init; }

    /// <summary>Lowest version: tlsv1.1, tlsv1.2 or tlsv1.3; null: tlsv1.2.</summary>
    internal string? Version { get; init; }

    internal bool RequireCertificate { get; init; }

    internal bool DisableClientCertificateDateChecks { get; init; }

    internal string? Engine { get; init; }

    /// <summary>40 hexadecimal digits.</summary>
    internal string? EngineKeyPasswordSha1 { get; init; }

    /// <summary>Whether <see cref="KeyFile"/> names a key of the engine instead of a PEM file.</summary>
    internal bool IsEngineKey { get; init; }

    /// <summary>Turns pre-shared keys on; excludes certificates.</summary>
    internal string? PskHint { get; init; }

    internal bool HasCertificate => CertFile is not null;

    internal bool HasPsk => PskHint is not null;

    /// <summary>Whether the listener speaks TLS at all.</summary>
    internal bool IsOn => HasCertificate || HasPsk;
}
