namespace Nightjar.Storage.Sqlite.Records;

/// <summary>A row does not hold what was written to it.</summary>
/// <param name="what">In words, as the middle of a sentence.</param>
internal sealed class DamagedRecordException(string what) : IOException(what);
