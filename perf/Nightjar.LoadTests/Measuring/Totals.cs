namespace Nightjar.LoadTests.Measuring;

/// <summary>What a scenario has counted since it began.</summary>
/// <param name="Sent">Messages published; connections begun for scenarios about connections.</param>
/// <param name="Received">Messages delivered; connections accepted.</param>
internal readonly record struct Totals(long Sent, long Received);
