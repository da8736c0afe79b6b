using Nightjar.Storage.Sqlite;
using Nightjar.Storage.Sqlite.Interop;
using Xunit;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>Which files are opened, by whom, and what is said of others.</summary>
public sealed class StoreFileTests : IDisposable
{
    private readonly TemporaryStore _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Store_ThatIsOpen_IsRefusedToASecondOne()
    {
        await using (_files.Open())
        {
            var error = Assert.Throws<StoreInUseException>(_files.Open);
            Assert.Contains("in use by another process", error.Message, StringComparison.Ordinal);
        }

        await using (_files.Open())
        {
        }
    }

    [Fact]
    public async Task Files_OfAStore_AreTheOwnersOnly()
    {
        if (OperatingSystem.IsWindows()) return;
        await using (var store = _files.Open())
        {
            store.Open(StoreSpeaker.Clock());
            foreach (var file in (string[])[_files.Path, _files.Path + "-wal"]) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        File.SetUnixFileMode(_files.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        await using (_files.Open()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_files.Path));
    }

    [Fact]
    public async Task Checkpoint_LeavesNothingInTheLog()
    {
        await using var store = _files.Open();
        store.Open(StoreSpeaker.Clock());
        Assert.NotEqual(0, new FileInfo(_files.Path + "-wal").Length);
        await store.CheckpointAsync();
        Assert.Equal(0, new FileInfo(_files.Path + "-wal").Length);
    }

    [Fact]
    public async Task Log_IsCopiedIntoTheFile_BeforeItGrowsLarge()
    {
        await using var store = SqliteStore.Open(_files.Options with { CheckpointPages = 10 });
        var stores = store.Open(StoreSpeaker.Clock());
        for (var times = 0; times < 100; times++)
        {
            stores.Retained.Set(StoreSpeaker.Message($"topic/{times}", new byte[10_000]));
            await store.FlushAsync();
        }

        Assert.InRange(new FileInfo(_files.Path + "-wal").Length, 1, 40 * 4096);
        Assert.InRange(new FileInfo(_files.Path).Length, 900_000, 5_000_000);
    }

    [Fact]
    public async Task Close_LeavesOneFile()
    {
        await _files.Open().DisposeAsync();
        Assert.Equal([_files.Path], Directory.GetFiles(System.IO.Path.GetDirectoryName(_files.Path)!));
    }

    [Fact]
    public async Task File_OfANewerVersion_IsRefusedAndNotChanged()
    {
        await _files.Open().DisposeAsync();
        using (var file = new SqliteConnection(_files.Path)) file.Execute($"PRAGMA user_version={StoreFormat.Current + 1}");
        var before = File.ReadAllBytes(_files.Path);
        var error = Assert.Throws<IOException>(_files.Open);
        Assert.Contains($"format {StoreFormat.Current + 1}", error.Message, StringComparison.Ordinal);
        Assert.Equal(before[100..], File.ReadAllBytes(_files.Path)[100..]);
    }

    [Fact]
    public async Task File_OfAnOlderVersion_IsBroughtUpToDate()
    {
        await _files.Open().DisposeAsync();
        using var file = new SqliteConnection(_files.Path);
        StoreFormat.Prepare(file, ["never run again", "CREATE TABLE extra(id INTEGER PRIMARY KEY); INSERT INTO extra VALUES(5)", "UPDATE extra SET id=id+1"]);
        Assert.Equal((3, 6), (StoreFormat.FormatOf(file), file.QueryInteger("SELECT id FROM extra")));
        // A step that fails undoes those before it.
        Assert.ThrowsAny<IOException>(() => StoreFormat.Prepare(file, ["", "", "", "UPDATE extra SET id=10", "nonsense"]));
        using var again = new SqliteConnection(_files.Path);
        Assert.Equal((3, 6), (StoreFormat.FormatOf(again), again.QueryInteger("SELECT id FROM extra")));
    }

    [Fact]
    public void Database_OfSomethingElse_IsRefusedAndNotChanged()
    {
        using (var other = new SqliteConnection(_files.Path)) other.Execute("CREATE TABLE theirs(id)");
        var error = Assert.Throws<IOException>(_files.Open);
        Assert.Contains("not a store of Nightjar", error.Message, StringComparison.Ordinal);
        using var file = new SqliteConnection(_files.Path);
        Assert.Equal(1, file.QueryInteger("SELECT count(*) FROM sqlite_master"));
    }

    [Fact]
    public void Directory_ThatIsNotThere_IsSaid() =>
        Assert.Contains("missing", Assert.ThrowsAny<IOException>(() => SqliteStore.Open(_files.Options with { Path = System.IO.Path.Combine(_files.Path + "missing", "x.db") })).Message, StringComparison.Ordinal);
}
