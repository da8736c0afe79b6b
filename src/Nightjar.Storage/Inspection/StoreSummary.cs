namespace Nightjar.Storage.Inspection;

/// <summary>What a look through a store found.</summary>
/// <param name="Counts">How much is in it.</param>
/// <param name="Longest">The clients for which most waits, most first; ten at most.</param>
/// <param name="Problems">What is damaged or does not fit together; empty for a good store.</param>
/// <param name="Remarks">What is odd, and harmless.</param>
public sealed record StoreSummary(StoreCounts Counts, IReadOnlyList<SessionBacklog> Longest, IReadOnlyList<string> Problems, IReadOnlyList<string> Remarks);
