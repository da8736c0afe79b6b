namespace Nightjar.Storage.Sqlite.Interop;

/// <summary>SQLite could not do what it was asked.</summary>
/// <param name="code">Extended result code; the low byte is the primary one.</param>
/// <param name="message">What happened to which file, in words.</param>
internal sealed class SqliteException(int code, string message) : IOException(message)
{
    /// <summary>Primary result code: a constant of <see cref="SqliteNative"/>.</summary>
    internal int Code => code & 0xFF;

    /// <summary>Whether the file is not what it must be, so that trying again is of no use.</summary>
    internal bool IsDamage => Code is SqliteNative.Corrupt or SqliteNative.NotADatabase;
}
