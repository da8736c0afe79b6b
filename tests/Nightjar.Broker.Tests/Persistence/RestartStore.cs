using Nightjar.Broker.Limits;
using Nightjar.Broker.Persistence;
using Nightjar.Storage;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>The store under brokers that follow each other.</summary>
internal abstract class RestartStore : IAsyncDisposable
{
    internal abstract MqttBrokerStore Current { get; }

    internal abstract int SessionCount { get; }

    internal abstract int MessageCount { get; }

    internal abstract int RetainedCount { get; }

    internal static RestartStore Make(StoreKind kind) => kind == StoreKind.Disk
        ? new DiskRestartStore()
        : new MemoryRestartStore(kind == StoreKind.PagingMemory ? InMemoryStore.CreatePaging() : InMemoryStore.Create());

    /// <summary>Does something while what is said to the store is not taken to be written; it is when that is done.</summary>
    internal virtual Task WithoutWritingAsync(Func<Task> action) => action();

    /// <summary>The broker is gone from one moment to the next: nothing it does from now on reaches the store.</summary>
    internal abstract Task CrashAsync(BrokerClock clock);

    /// <summary>The broker was stopped.</summary>
    internal abstract Task CloseAsync();

    public abstract ValueTask DisposeAsync();
}
