namespace Nightjar.Host.Configuration.Sections;

/// <summary>What is logged, in which form, and where to.</summary>
internal sealed record LogSection
{
    internal LogDestinations Destinations { get; init; } = LogDestinations.Stderr;

    /// <summary>For <see cref="LogDestinations.File"/>.</summary>
    internal string? File { get; init; }

    internal LogTypes Types { get; init; } = LogTypes.Default;

    internal bool Timestamp { get; init; } = true;

    /// <summary>strftime(3) format; null: seconds since 1970.</summary>
    internal string? TimestampFormat { get; init; }

    /// <summary>One JSON object a line instead of text. Ours: log_format json.</summary>
    internal bool Json { get; init; }

    /// <summary>Facility of syslog(3): 16 to 23 for local0 to local7; 3, daemon, by default.</summary>
    internal int Facility { get; init; } = 3;
}
