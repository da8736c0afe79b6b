namespace Nightjar.Storage.Sqlite;

/// <summary>What the disk can fail.</summary>
internal enum StoreStep
{
    Open,
    Commit,
    Checkpoint,
}
