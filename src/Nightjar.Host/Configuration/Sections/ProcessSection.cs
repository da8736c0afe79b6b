namespace Nightjar.Host.Configuration.Sections;

/// <summary>What concerns the process and is read once, at its start.</summary>
internal sealed record ProcessSection
{
    /// <summary>User to run as when started as root; null: mosquitto, or nobody when there is no such user.</summary>
    internal string? User { get; init; }

    internal string? PidFile { get; init; }
}
