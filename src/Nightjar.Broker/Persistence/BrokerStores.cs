namespace Nightjar.Broker.Persistence;

/// <summary>The stores of one broker.</summary>
/// <param name="Messages">Messages and deliveries.</param>
/// <param name="Sessions">Sessions, subscriptions, wills.</param>
/// <param name="Retained">Retained messages.</param>
/// <param name="Recovery">What the broker starts from; null: from nothing.</param>
/// <param name="Monitor">How the store is doing; null for one that cannot fail.</param>
internal sealed record BrokerStores(
    IMessageStore Messages, ISessionStore Sessions, IRetainedStore Retained, IRecoverableStore? Recovery = null, IStoreMonitor? Monitor = null)
{
    /// <summary>Whether the stores can write.</summary>
    internal StoreCondition Condition { get; } = Monitor?.Condition ?? new StoreCondition();

    /// <summary>Whether what would have to be kept is refused before anybody gets it, so that no message is taken in parts.</summary>
    internal bool Refuses => Condition.IsFailed || (Condition.IsBusy && Monitor is { IsFull: true });

    /// <summary>State lives with the process: every call completes at once and costs a virtual call.</summary>
    internal static BrokerStores InMemory()
    {
        var store = new MemoryStore();
        return new BrokerStores(store, store, store);
    }
}
