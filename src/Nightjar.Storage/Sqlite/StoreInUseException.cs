namespace Nightjar.Storage.Sqlite;

/// <summary>Another process has the store open.</summary>
/// <param name="message">Which, and what to do.</param>
/// <param name="inner">What SQLite said.</param>
public sealed class StoreInUseException(string message, Exception inner) : IOException(message, inner);
