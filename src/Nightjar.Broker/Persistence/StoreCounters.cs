namespace Nightjar.Broker.Persistence;

/// <summary>What a store has done since it was opened, and where it is.</summary>
/// <param name="Commits">Commits made durable.</param>
/// <param name="Rows">Rows written by them, deletions included.</param>
/// <param name="AbsorbedRows">Rows that never had to be written, because what they said was over before their commit.</param>
/// <param name="Bytes">Bytes of messages written.</param>
/// <param name="QueueDepth">Records that wait for the writer now.</param>
/// <param name="LastSync">How long the last commit took to become durable.</param>
/// <param name="FileBytes">Size of the file with its log; 0 where there is none.</param>
internal readonly record struct StoreCounters(
    long Commits, long Rows, long AbsorbedRows, long Bytes, long QueueDepth, TimeSpan LastSync, long FileBytes);
