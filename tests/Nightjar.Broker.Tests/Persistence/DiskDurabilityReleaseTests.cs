using Nightjar.Storage;
using Nightjar.Storage.Sqlite;
using Xunit;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>With the store on disk, whose commits are held back from the broker.</summary>
public sealed class DiskDurabilityReleaseTests : DurabilityReleaseTests, IAsyncLifetime
{
    private readonly DirectoryInfo _directory;
    private readonly SqliteStore _store;

    public DiskDurabilityReleaseTests()
        : this(Directory.CreateTempSubdirectory("nightjar-durability-"))
    {
    }

    private DiskDurabilityReleaseTests(DirectoryInfo directory)
        : this(directory, SqliteStore.Open(new SqliteStoreOptions { Path = Path.Combine(directory.FullName, "nightjar.db") }))
    {
    }

    private DiskDurabilityReleaseTests(DirectoryInfo directory, SqliteStore store)
        : base(ManualStore.CreateBefore(store))
    {
        _directory = directory;
        _store = store;
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}
