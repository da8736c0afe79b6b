namespace Nightjar.Storage.Sqlite.Log;

/// <summary>What a record of the log says: the calls of the store's interfaces, one for one.</summary>
internal enum RecordKind : byte
{
    Append,
    MarkSent,
    MarkReceived,
    Complete,
    AddReceivedId,
    RemoveReceivedId,
    Save,
    Drop,
    AddSubscription,
    RemoveSubscription,
    SetWill,
    ClearWill,
    SetRetained,
    ClearRetained,
}
