namespace Nightjar.Storage.Inspection;

/// <summary>What an import did.</summary>
/// <param name="Format">Kind of the source, in words.</param>
/// <param name="Imported">What is in the target now.</param>
/// <param name="LeftOut">What is not, because it has expired.</param>
/// <param name="Remarks">What was odd in the source.</param>
public sealed record ImportResult(string Format, StoreCounts Imported, LeftOut LeftOut, IReadOnlyList<string> Remarks);
