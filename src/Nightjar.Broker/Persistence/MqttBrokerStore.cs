using Nightjar.Broker.Limits;

namespace Nightjar.Broker.Persistence;

/// <summary>
/// Where a broker keeps what must outlive it: durable sessions with their subscriptions, wills and messages, and retained messages. Handed to
/// the constructor of <c>MqttBroker</c>, which starts from what the store holds.
/// </summary>
/// <remarks>
/// The store belongs to the application and serves one broker at a time: from the moment a broker is made on it, an earlier one on the same
/// store writes nothing more and acknowledges nothing more. Implementations are in <c>Nightjar.Storage</c>.
/// </remarks>
public abstract class MqttBrokerStore : IAsyncDisposable
{
    internal MqttBrokerStore()
    {
    }

    /// <summary>Has everything that was taken so far written to where it is kept in the end, and the log before it shortened: what SIGUSR1 asks of the executable.</summary>
    /// <returns>Completes when that is done.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    public virtual Task CheckpointAsync() => Task.CompletedTask;

    /// <summary>Closes the store: everything that was taken is durable afterwards. After the broker on it was stopped.</summary>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return default;
    }

    /// <summary>Makes a broker the owner of the store.</summary>
    /// <param name="clock">The broker's clock, to convert its deadlines to wall-clock time.</param>
    internal abstract BrokerStores Open(BrokerClock clock);
}
