using Nightjar.Broker.Persistence;

namespace Nightjar.Broker.Sessions;

/// <summary>
/// Deliveries of one session that a run of acknowledgements has ended, to be said to the store in one call. One per thread; empty but while the
/// session's gate is held.
/// </summary>
internal sealed class CompletedDeliveries
{
    /// <summary>Most of them.</summary>
    internal const int Capacity = 64;

    private readonly CompletedDelivery[] _deliveries = new CompletedDelivery[Capacity];
    private int _count;

    /// <summary>Takes one in; the caller adds <see cref="Capacity"/> at most before it clears.</summary>
    internal void Add(in Delivery delivery) => _deliveries[_count++] = new CompletedDelivery(delivery.Number, delivery.Place);

    /// <summary>Says what is there to the store.</summary>
    internal void Settle(IMessageStore store, SessionClaim session)
    {
        if (_count == 0) return;
        store.Complete(session, _deliveries.AsSpan(0, _count));
        _count = 0;
    }

    /// <summary>Forgets what a batch that broke off left.</summary>
    internal void Clear() => _count = 0;
}
