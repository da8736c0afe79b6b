using Nightjar.Broker.Limits;
using Nightjar.Broker.Persistence;
using Nightjar.Storage.InMemory;

namespace Nightjar.Storage;

/// <summary>
/// A store in the memory of the process: a broker that is made on it goes on where the one before it was, down to packet ids, as long as the
/// process lives. For applications that restart their broker to change its options, and for tests.
/// </summary>
/// <remarks>Every write is durable at once. Costs a copy of each message that waits for a durable session, and of each retained message.</remarks>
public sealed class InMemoryStore : MqttBrokerStore
{
    private readonly StoreState _state = new();

    private readonly bool _pages;

    private InMemoryStore(bool pages) => _pages = pages;

    /// <summary>Sessions held.</summary>
    public int SessionCount
    {
        get
        {
            lock (_state) return _state.Sessions.Count;
        }
    }

    /// <summary>Messages held for sessions, each counted once whatever the number of its receivers.</summary>
    public int MessageCount
    {
        get
        {
            lock (_state) return _state.Messages.Count;
        }
    }

    /// <summary>Retained messages held.</summary>
    public int RetainedCount
    {
        get
        {
            lock (_state) return _state.Retained.Count;
        }
    }

    /// <summary>Makes an empty store.</summary>
    public static InMemoryStore Create() => new(pages: false);

    /// <summary>Makes an empty store that brokers read queued messages back from, as they do from one on disk.</summary>
    internal static InMemoryStore CreatePaging() => new(pages: true);

    internal override BrokerStores Open(BrokerClock clock)
    {
        var lease = new StoreLease(_state, clock, _pages);
        return new BrokerStores(lease, lease, lease, lease);
    }
}
