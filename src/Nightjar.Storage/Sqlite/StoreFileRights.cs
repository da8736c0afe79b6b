namespace Nightjar.Storage.Sqlite;

/// <summary>Only the owner reads a store: it holds what clients send. SQLite gives the files beside it the same rights.</summary>
internal static class StoreFileRights
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a file that is not there, and takes the rights of others from one that is.</summary>
    /// <exception cref="IOException">Neither is possible.</exception>
    internal static void Prepare(string path)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete };
            if (OperatingSystem.IsWindows())
            {
                File.Open(path, options).Dispose();
                return;
            }

            if (!File.Exists(path))
            {
                options.UnixCreateMode = OwnerOnly;
                File.Open(path, options).Dispose();
            }

            foreach (var file in (string[])[path, path + "-wal"])
            {
                if (File.Exists(file) && (File.GetUnixFileMode(file) & ~OwnerOnly) != 0) File.SetUnixFileMode(file, OwnerOnly);
            }
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"{path}: no right to read and write the store", error);
        }
    }
}
