using System.Globalization;
using System.Runtime.ExceptionServices;

namespace Nightjar.Host.Processes;

/// <summary>The file that tells service managers the number of the process; removed when it ends.</summary>
internal sealed class PidFile : IDisposable
{
    private readonly string _path;

    private PidFile(string path) => _path = path;

    /// <summary>Writes the file; null as path is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="privileges">Who the process will be: the file is written as that user where he can, so that he can remove it at the end, and a link of
    /// his does not have root write to somebody else's file.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be written.</exception>
    internal static PidFile? Write(string? path, Privileges privileges)
    {
        if (path is null) return null;
        var text = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n");
        if (privileges.RunAsUser(() => TryWrite(path, text)) is null) return new PidFile(path);
        if (privileges.UserName is not null)
        {
            // A file that root left there earlier, or a folder that belongs to root.
            File.Delete(path);
            privileges.MakeFile(path);
        }

        if (privileges.RunAsUser(() => TryWrite(path, text)) is { } exception) ExceptionDispatchInfo.Throw(exception);
        return new PidFile(path);
    }

    private static Exception? TryWrite(string path, string text)
    {
        try
        {
            File.WriteAllText(path, text);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception;
        }
    }

    /// <summary>Removes the file. One that may not be removed any more, because rights were dropped, stays, emptied if it can be: an old number in it would name somebody else's process.</summary>
    public void Dispose()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TryEmpty();
        }
    }

    private void TryEmpty()
    {
        try
        {
            File.WriteAllText(_path, "");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Written as root, ended as somebody else: nothing is left to try.
        }
    }
}
