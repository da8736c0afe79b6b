using System.Globalization;

namespace Nightjar.Host.Processes;

/// <summary>The file that tells service managers the number of the process; removed when it ends.</summary>
internal sealed class PidFile : IDisposable
{
    private readonly string _path;

    private PidFile(string path) => _path = path;

    /// <summary>Writes the file; null as path is none.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be written.</exception>
    internal static PidFile? Write(string? path)
    {
        if (path is null) return null;
        File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n"));
        return new PidFile(path);
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
