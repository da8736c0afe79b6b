namespace Nightjar.Host.Configuration.Sections;

/// <summary>Where and how state is kept.</summary>
internal sealed record PersistenceSection
{
    internal bool IsOn { get; init; }

    internal string File { get; init; } = "mosquitto.db";

    /// <summary>Directory; the environment's MOSQUITTO_PERSISTENCE_LOCATION wins over the file. Null: the current directory.</summary>
    internal string? Location { get; init; }

    /// <summary>Seconds between saves, or changes between saves; 0: only at the end and at SIGUSR1.</summary>
    internal int AutosaveInterval { get; init; } = 1800;

    internal bool AutosaveOnChanges { get; init; }

    internal PersistenceSync Sync { get; init; }

    /// <summary>With <see cref="PersistenceSync.Interval"/>: how long the disk may be behind.</summary>
    internal TimeSpan SyncInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether a damaged file is put aside and what can be read of it is used.</summary>
    internal bool Recover { get; init; }
}
