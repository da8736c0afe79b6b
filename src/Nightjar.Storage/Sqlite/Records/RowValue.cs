using System.Text;
using Nightjar.Storage.Sqlite.Interop;

namespace Nightjar.Storage.Sqlite.Records;

/// <summary>Columns of a row that was read from a file which anybody may have changed.</summary>
internal static class RowValue
{
    /// <summary>The numbers of rows, sessions and deliveries go up from 0 and are never near the end of their range.</summary>
    internal const long Highest = 1L << 62;

    /// <summary>A number that goes on from here.</summary>
    /// <exception cref="DamagedRecordException">It is none that was written.</exception>
    internal static long Number(SqliteStatement row, int column, string what) => row.Integer(column) is >= 0 and < Highest and var value
        ? value
        : throw new DamagedRecordException($"{what} {row.Integer(column)} is not possible");

    /// <summary>A text that is never NULL, valid UTF-8 without NUL.</summary>
    /// <exception cref="DamagedRecordException">It is.</exception>
    internal static string Text(SqliteStatement row, int column, string what)
    {
        var bytes = row.Blob(column);
        return !row.IsNull(column) && Protocol.Utf8Text.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw new DamagedRecordException($"{what} is not possible");
    }
}
