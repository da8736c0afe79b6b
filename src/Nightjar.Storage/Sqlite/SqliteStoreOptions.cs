namespace Nightjar.Storage.Sqlite;

/// <summary>How a <see cref="SqliteStore"/> keeps what a broker gives it.</summary>
public sealed record SqliteStoreOptions
{
    /// <summary>The file. Its write-ahead log lies beside it, named with <c>-wal</c> at the end.</summary>
    public required string Path { get; init; }

    /// <summary>When something counts as kept.</summary>
    public SqliteSync Sync { get; init; } = SqliteSync.Always;

    /// <summary>With <see cref="SqliteSync.Interval"/>: longest time that something is in the file and not on disk. mosquitto_persist_sqlite: flush_period.</summary>
    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>With <see cref="SqliteSync.Autosave"/>: time between two syncs; zero for none but at checkpoints and at the end. mosquitto: autosave_interval.</summary>
    public TimeSpan AutosaveInterval { get; init; } = TimeSpan.FromSeconds(1800);

    /// <summary>With <see cref="SqliteSync.Autosave"/>: changes after which the disk follows, in place of the time; 0 for none. mosquitto: autosave_on_changes.</summary>
    public long AutosaveChanges { get; init; }

    /// <summary>
    /// Bytes of records that may wait for the disk. Beyond them the broker does not read from clients whose messages have to be kept, until half of them
    /// are written; beyond twice as many, which what one message leads to may come to, nothing more is taken to be kept.
    /// </summary>
    /// <value>At least 1 MiB. Default 128 MiB.</value>
    public long MemoryLimit { get; init; } = 128 << 20;

    /// <summary>Longest time that records wait for their commit while clients are quick to acknowledge, so that what is over need not be written; 0 to 20 ms.</summary>
    public TimeSpan LongestLinger { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Whether a damaged file is put aside and what can be read of it goes into a new one. Without this a damaged file is left alone and refused.</summary>
    public bool Recover { get; init; }

    /// <summary>Told, on the store's thread, of damage that is met while the store is in use: a message that cannot be read is passed over.</summary>
    public Action<string>? Notice { get; init; }

    /// <summary>Lists of the log, a power of two; 0: as many as processors, at most sixteen.</summary>
    internal int Stripes { get; init; }

    /// <summary>
    /// Pages of the log at which it is copied into the file. Commits wait for that: a twentieth of the time at 75 000 messages a second, whatever this is, but in many short
    /// pieces or in few long ones.
    /// </summary>
    internal int CheckpointPages { get; init; } = 1000;

    /// <summary>Time between two attempts to open and write a file that has failed.</summary>
    internal TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What intervals between syncs are counted by.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Called before each step that a disk can fail; what it throws stands for the failure. For tests.</summary>
    internal Action<StoreStep>? Fault { get; init; }
}
