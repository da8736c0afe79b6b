using Nightjar.Storage.Sqlite;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>A job of the writer that lasts until this is disposed.</summary>
internal sealed class WriterHold : IAsyncDisposable
{
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _release = new();
    private Task _job = Task.CompletedTask;

    internal Task Held => _held.Task;

    internal void Start(SqliteStore store) => _job = store.Writer.RunAsync(_ =>
    {
        _held.SetResult();
        _release.Wait();
    });

    public async ValueTask DisposeAsync()
    {
        _release.Set();
        await _job;
        _release.Dispose();
    }
}
