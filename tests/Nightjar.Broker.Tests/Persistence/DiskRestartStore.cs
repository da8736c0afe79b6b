using Nightjar.Broker.Limits;
using Nightjar.Broker.Persistence;
using Nightjar.Storage;
using Nightjar.Storage.Sqlite;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>
/// A file that each broker opens anew. Nothing waits for the disk in it, so that brokers answer in the order of a test; what was said before a
/// crash is in the file all the same.
/// </summary>
internal sealed class DiskRestartStore : RestartStore
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("nightjar-restart-");
    private SqliteStore _store;

    internal DiskRestartStore() => _store = Open();

    internal override MqttBrokerStore Current => _store;

    internal override int SessionCount => _store.SessionCount;

    internal override int MessageCount => (int)_store.CountAsync("message").Result;

    internal override int RetainedCount => (int)_store.CountAsync("retained").Result;

    internal override async Task WithoutWritingAsync(Func<Task> action)
    {
        var isHeld = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var letGo = new ManualResetEventSlim();
        var held = _store.Writer.RunAsync(_ =>
        {
            isHeld.SetResult();
            letGo.Wait();
        });
        await isHeld.Task;
        try
        {
            await action();
        }
        finally
        {
            letGo.Set();
            await held;
        }
    }

    internal override async Task CrashAsync(BrokerClock clock)
    {
        await _store.FlushAsync();
        _store.Abandon();
        _store = Open();
    }

    internal override async Task CloseAsync()
    {
        await _store.DisposeAsync();
        _store = Open();
    }

    public override async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private SqliteStore Open() => SqliteStore.Open(new SqliteStoreOptions { Path = Path.Combine(_directory.FullName, "nightjar.db"), Sync = SqliteSync.Autosave });
}
