namespace Nightjar.Host.Configuration.Sections;

/// <summary>The TLS options of one bridge, as written.</summary>
internal sealed record BridgeTlsSection
{
    internal string? Alpn { get; init; }

    internal string? CaFile { get; init; }

    internal string? CaPath { get; init; }

    internal string? CertFile { get; init; }

    internal string? KeyFile { get; init; }

    internal string? Ciphers { get; init; }

    internal string? CiphersTls13 { get; init; }

    /// <summary>With <see cref="Psk"/>, and without certificates.</summary>
    internal string? Identity { get; init; }

    /// <summary>Hexadecimal, no leading 0x.</summary>
    internal string? Psk { get; init; }

    /// <summary>Whether the remote host's name is not checked.</summary>
    internal bool Insecure { get; init; }

    internal bool RequireOcsp { get; init; }

    internal bool UseOsCertificates { get; init; }

    /// <summary>Lowest version: tlsv1.2 or tlsv1.3; null: tlsv1.2.</summary>
    internal string? Version { get; init; }

    internal bool HasCertificateOptions => CaFile is not null || CaPath is not null || CertFile is not null || KeyFile is not null;

    internal bool HasPskOptions => Identity is not null || Psk is not null;
}
