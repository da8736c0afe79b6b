using Nightjar.Storage.Sqlite;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>A directory of its own with the file of a store in it, gone with its owner.</summary>
internal sealed class TemporaryStore : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("nightjar-store-");

    /// <summary>The file, which is not there yet.</summary>
    internal string Path => System.IO.Path.Combine(_directory.FullName, "nightjar.db");

    internal SqliteStoreOptions Options => new() { Path = Path, RetryInterval = TimeSpan.FromMilliseconds(1) };

    internal SqliteStore Open() => SqliteStore.Open(Options);

    public void Dispose() => _directory.Delete(recursive: true);
}
