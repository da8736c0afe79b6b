using System.Text;
using SQLitePCL;

namespace Nightjar.Storage.Mosquitto;

/// <summary>The rows of a statement on a file that is not trusted: a value of a wrong kind is damage, with its table and row.</summary>
internal sealed class SqliteRows(SqliteFile file, sqlite3_stmt statement, string place) : IDisposable
{
    private long _row;

    internal void Bind(int index, string value) => raw.sqlite3_bind_text(statement, index, value);

    internal void Bind(int index, long value) => raw.sqlite3_bind_int64(statement, index, value);

    internal void Reset() => raw.sqlite3_reset(statement);

    /// <summary>Goes to the next row.</summary>
    /// <exception cref="StoreFileException">SQLite cannot.</exception>
    internal bool Next()
    {
        var result = raw.sqlite3_step(statement);
        if (result is not (raw.SQLITE_ROW or raw.SQLITE_DONE)) throw file.Fail($"{place}, after row {_row}", result);
        _row++;
        return result == raw.SQLITE_ROW;
    }

    /// <summary>A number within bounds; NULL counts as zero.</summary>
    internal long Number(int column, string what, long least, long most)
    {
        var type = raw.sqlite3_column_type(statement, column);
        if (type is not (raw.SQLITE_INTEGER or raw.SQLITE_NULL)) throw Damage($"{what} is no whole number.");
        var value = raw.sqlite3_column_int64(statement, column);
        return value >= least && value <= most ? value : throw Damage($"{what} is {value}, {least} to {most} are possible.");
    }

    /// <summary>Text as bytes; empty for NULL.</summary>
    internal ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(statement, column);

    /// <summary>Valid text; null for NULL and for nothing.</summary>
    internal string? Text(int column)
    {
        var bytes = Bytes(column);
        if (bytes.IsEmpty) return null;
        return Protocol.Utf8Text.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw Damage("a text is not valid UTF-8.");
    }

    /// <summary>Whether SQLite has made a number of a text, which its plugin lets happen to topic names.</summary>
    internal bool IsNumber(int column) => raw.sqlite3_column_type(statement, column) is raw.SQLITE_INTEGER or raw.SQLITE_FLOAT;

    internal StoreFileException Damage(string what) => new(file.Path, $"{place}, row {_row}", what);

    public void Dispose() => statement.Dispose();
}
