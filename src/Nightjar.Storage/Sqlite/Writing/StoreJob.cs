namespace Nightjar.Storage.Sqlite.Writing;

/// <summary>Something to be done on the file between two transactions.</summary>
internal sealed class StoreJob(Action<StoreFile> action)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task Task => _done.Task;

    internal void Run(StoreFile file)
    {
        try
        {
            action(file);
            _done.TrySetResult();
        }
#pragma warning disable CA1031 // Whoever waits gets it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _done.TrySetException(error);
        }
    }

    internal void Fail(Exception error) => _done.TrySetException(error as IOException ?? new IOException(error.Message, error));
}
