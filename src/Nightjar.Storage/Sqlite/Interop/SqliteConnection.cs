using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Nightjar.Storage.Sqlite.Interop;

/// <summary>One connection to one file. Not thread-safe: it belongs to one thread at a time.</summary>
internal sealed unsafe class SqliteConnection : IDisposable
{
    private readonly List<SqliteStatement> _statements = [];
    private nint _handle;
    private int* _logPages;

    /// <summary>Opens a file.</summary>
    /// <param name="path">Where.</param>
    /// <param name="readOnly">To read only; otherwise a file that is not there is made.</param>
    /// <param name="isFixed">With <paramref name="readOnly"/>: nobody changes the file meanwhile, so it is read without locks and without files beside it.</param>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    internal SqliteConnection(string path, bool readOnly = false, bool isFixed = false)
    {
        Path = path;
        var flags = SqliteNative.OpenNoMutex | (readOnly ? SqliteNative.OpenReadOnly : SqliteNative.OpenReadWrite | SqliteNative.OpenCreate);
        var name = path;
        if (isFixed)
        {
            flags |= SqliteNative.OpenUri;
            name = "file:" + string.Concat(System.IO.Path.GetFullPath(path).Select(c => c is '%' or '?' or '#' ? Uri.HexEscape(c) : c.ToString())) + "?immutable=1";
        }

        var code = SqliteNative.Open(name, out _handle, flags, 0);
        if (code == SqliteNative.Ok) return;
        var error = Failure(code);
        Dispose();
        throw error;
    }

    internal string Path { get; }

    internal nint Handle => _handle;

    /// <summary>Pages in the write-ahead log as of the last commit through this connection, since <see cref="CountLog"/>.</summary>
    internal int LogPages => _logPages is null ? 0 : *_logPages;

    /// <summary>Has commits count the pages of the write-ahead log, in place of SQLite's own checkpoints at a commit, whose failures nobody hears of.</summary>
    internal void CountLog()
    {
        _logPages = (int*)NativeMemory.AllocZeroed(sizeof(int));
        SqliteNative.WalHook(_handle, &OnCommit, (nint)_logPages);
    }

    /// <summary>Has the log stay as it is when the connection is closed, as if the process had died.</summary>
    internal void KeepLog()
    {
        if (_handle != 0) _ = SqliteNative.Configure(_handle, SqliteNative.NoCheckpointOnClose, 1, 0);
    }

    internal void Execute(string sql)
    {
        using var statement = Prepare(sql);
        while (statement.Step())
        {
        }
    }

    /// <summary>Runs a statement that gives one integer.</summary>
    internal long QueryInteger(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.Integer(0) : 0;
    }

    /// <summary>Runs a statement that gives one text; null for none.</summary>
    internal string? QueryText(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.Text(0) : null;
    }

    internal SqliteStatement Prepare(string sql)
    {
        const uint persistent = 1;
        var code = SqliteNative.Prepare(_handle, sql, -1, persistent, out var statement, 0);
        if (code != SqliteNative.Ok) throw Failure(code);
        var prepared = new SqliteStatement(this, statement);
        _statements.Add(prepared);
        return prepared;
    }

    internal void Forget(SqliteStatement statement) => _statements.Remove(statement);

    /// <summary>Copies the write-ahead log into the file.</summary>
    /// <param name="truncate">Whether the log is cut to nothing after that.</param>
    internal void Checkpoint(bool truncate)
    {
        var code = SqliteNative.Checkpoint(_handle, 0, truncate ? SqliteNative.CheckpointTruncate : SqliteNative.CheckpointPassive, out _, out _);
        if (code != SqliteNative.Ok) throw Failure(code);
        if (_logPages is not null) *_logPages = 0;
    }

    internal SqliteException Failure(int code)
    {
        if (_handle == 0) return new SqliteException(code, $"{Path}: {Text(SqliteNative.ErrorText(code))}");
        var extended = SqliteNative.ExtendedErrorCode(_handle);
        if ((extended & 0xFF) == (code & 0xFF)) code = extended;
        var number = SqliteNative.SystemErrorNumber(_handle);
        var reason = number != 0 && (code & 0xFF) is SqliteNative.IoError or SqliteNative.CannotOpen or SqliteNative.Full
            ? $" ({Marshal.GetPInvokeErrorMessage(number)})"
            : "";
        return new SqliteException(code, $"{Path}: {Text(SqliteNative.ErrorMessage(_handle))}{reason}");
    }

    /// <summary>Closes the file; an open transaction is undone.</summary>
    public void Dispose()
    {
        while (_statements.Count > 0) _statements[^1].Dispose();
        if (_handle != 0) _ = SqliteNative.Close(_handle);
        _handle = 0;
        NativeMemory.Free(_logPages);
        _logPages = null;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnCommit(nint argument, nint connection, byte* database, int pages)
    {
        *(int*)argument = pages;
        return SqliteNative.Ok;
    }

    private static string Text(nint text) => Marshal.PtrToStringUTF8(text) ?? "unknown error";
}
