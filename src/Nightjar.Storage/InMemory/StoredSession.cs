using Nightjar.Broker.Persistence;

namespace Nightjar.Storage.InMemory;

/// <summary>A session with everything that belongs to it.</summary>
internal sealed class StoredSession
{
    internal SessionRecord Record { get; set; }

    /// <summary>By topic filter as in SUBSCRIBE.</summary>
    internal Dictionary<string, StoredSubscription> Subscriptions { get; } = new(StringComparer.Ordinal);

    /// <summary>By delivery number, ascending.</summary>
    internal SortedDictionary<long, StoredDelivery> Deliveries { get; } = [];

    internal HashSet<ushort> ReceivedIds { get; } = [];

    internal StoredWill? Will { get; set; }
}

/// <summary>Parameters as of <see cref="ISessionStore.AddSubscription"/>.</summary>
internal readonly record struct StoredSubscription(byte Options, uint SubscriptionIdentifier);

/// <summary>Parameters as of <see cref="ISessionStore.SetWill"/>.</summary>
internal sealed record StoredWill(StoredMessage Message, uint DelayInterval, uint? ExpiryInterval);

/// <summary>Parameters as of <see cref="IRecoverySink.OnDelivery"/>; the message is null once PUBREC arrived.</summary>
internal readonly record struct StoredDelivery(StoredMessage? Message, DeliveryRecord Record, DeliveryState State, ushort PacketId);
