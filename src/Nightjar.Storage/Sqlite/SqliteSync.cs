namespace Nightjar.Storage.Sqlite;

/// <summary>When what a store has taken counts as kept, and so when clients get their acknowledgements.</summary>
public enum SqliteSync
{
    /// <summary>Acknowledged means on disk: it survives the loss of power. Acknowledgements wait for the commit they are part of.</summary>
    Always,

    /// <summary>Acknowledged means handed to the operating system: it survives the death of the process. The disk follows every <see cref="SqliteStoreOptions.SyncInterval"/>.</summary>
    Interval,

    /// <summary>Nothing waits. The file follows shortly, the disk at <see cref="SqliteStoreOptions.AutosaveInterval"/>, at a checkpoint and when the store is closed.</summary>
    Autosave,
}
