using System.Text;

namespace Nightjar.Storage.Sqlite.Interop;

/// <summary>A prepared statement. Parameters count from 1, columns from 0. Belongs to its connection's thread.</summary>
internal sealed unsafe class SqliteStatement : IDisposable
{
    private const int NullType = 5;
    private readonly SqliteConnection _connection;
    private nint _handle;

    internal SqliteStatement(SqliteConnection connection, nint handle)
    {
        _connection = connection;
        _handle = handle;
    }

    internal void Bind(int index, long value) => Check(SqliteNative.BindInteger(_handle, index, value));

    internal void BindNull(int index) => Check(SqliteNative.BindNull(_handle, index));

    /// <summary>Binds bytes that stay where they are until the statement is reset.</summary>
    internal void Bind(int index, byte* value, int length) => Check(SqliteNative.BindBlob(_handle, index, value, length, 0));

    /// <summary>Binds a copy.</summary>
    internal void Bind(int index, ReadOnlySpan<byte> value)
    {
        // A pointer that is null would bind NULL, not an empty blob.
        byte empty = 0;
        fixed (byte* pointer = value) Check(SqliteNative.BindBlob(_handle, index, pointer is null ? &empty : pointer, value.Length, -1));
    }

    /// <summary>Binds a copy of a text; null for NULL.</summary>
    internal void Bind(int index, string? value)
    {
        if (value is null)
        {
            BindNull(index);
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(value);
        byte empty = 0;
        fixed (byte* pointer = bytes) Check(SqliteNative.BindText(_handle, index, pointer is null ? &empty : pointer, bytes.Length, -1));
    }

    /// <summary>Binds a text in UTF-8 that stays where it is until the statement is reset; a null pointer for NULL.</summary>
    internal void BindText(int index, byte* value, int length)
    {
        if (value is null) BindNull(index);
        else Check(SqliteNative.BindText(_handle, index, value, length, 0));
    }

    /// <summary>Goes to the next row.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="SqliteException">It failed; the statement is reset.</exception>
    internal bool Step()
    {
        var code = SqliteNative.Step(_handle);
        if (code == SqliteNative.Row) return true;
        if (code == SqliteNative.Done) return false;
        var error = _connection.Failure(code);
        _ = SqliteNative.Reset(_handle);
        throw error;
    }

    /// <summary>Runs a statement that gives no rows, and makes it ready for the next time.</summary>
    internal void Run()
    {
        Step();
        _ = SqliteNative.Reset(_handle);
    }

    internal void Reset() => _ = SqliteNative.Reset(_handle);

    internal long Integer(int column) => SqliteNative.ColumnInteger(_handle, column);

    internal bool IsNull(int column) => SqliteNative.ColumnType(_handle, column) == NullType;

    /// <summary>The bytes of a blob or a text, valid until the next step or reset.</summary>
    internal ReadOnlySpan<byte> Blob(int column)
    {
        var bytes = SqliteNative.ColumnBlob(_handle, column);
        return bytes is null ? default : new ReadOnlySpan<byte>(bytes, SqliteNative.ColumnBytes(_handle, column));
    }

    internal string? Text(int column) => IsNull(column) ? null : Encoding.UTF8.GetString(Blob(column));

    /// <summary>Binds a column, whatever its type, as a parameter of another statement.</summary>
    internal void CopyTo(SqliteStatement target, int column, int parameter) =>
        Check(SqliteNative.BindValue(target._handle, parameter, SqliteNative.ColumnValue(_handle, column)));

    public void Dispose()
    {
        if (_handle == 0) return;
        _ = SqliteNative.Finish(_handle);
        _handle = 0;
        _connection.Forget(this);
    }

    private void Check(int code)
    {
        if (code != SqliteNative.Ok) throw _connection.Failure(code);
    }
}
