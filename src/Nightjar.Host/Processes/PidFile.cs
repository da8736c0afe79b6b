using System.Globalization;
using System.Text;

namespace Nightjar.Host.Processes;

/// <summary>The file that tells service managers the number of the process; removed when it ends.</summary>
internal sealed class PidFile : IDisposable
{
    private readonly string _path;

    private static string Number => string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n");

    private PidFile(string path) => _path = path;

    /// <summary>Writes the file; null as path is none.</summary>
    /// <param name="path">Where; a file that is there is overwritten.</param>
    /// <param name="privileges">Who the process will be when it ends, and has to remove or empty the file.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be written.</exception>
    internal static PidFile? Write(string? path, Privileges privileges)
    {
        if (path is null) return null;
        try
        {
            privileges.RunAsUser(() => File.WriteAllText(path, Number));
        }
        catch (UnauthorizedAccessException) when (privileges.UserName is not null)
        {
            // A folder of root's. What stands in the way is removed first: it may be a link that leads elsewhere.
            File.Delete(path);
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            file.Write(Encoding.ASCII.GetBytes(Number));
            privileges.GiveAway(file.SafeFileHandle);
        }

        return new PidFile(path);
    }

    /// <summary>Removes the file. One that may not be removed any more, because rights were dropped, stays and is emptied: an old number in it would name somebody else's process.</summary>
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
            // Somebody else took it away: nothing is left to try.
        }
    }
}
