using Nightjar.Broker.Limits;
using Nightjar.Broker.Persistence;
using Nightjar.Storage;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>A store in memory, which outlives its brokers.</summary>
internal sealed class MemoryRestartStore(InMemoryStore store) : RestartStore
{
    internal override MqttBrokerStore Current => store;

    internal override int SessionCount => store.SessionCount;

    internal override int MessageCount => store.MessageCount;

    internal override int RetainedCount => store.RetainedCount;

    internal override Task CrashAsync(BrokerClock clock)
    {
        store.Open(clock);
        return Task.CompletedTask;
    }

    internal override Task CloseAsync() => Task.CompletedTask;

    public override ValueTask DisposeAsync() => store.DisposeAsync();
}
