using System.Text;
using Nightjar.Broker.Persistence;

namespace Nightjar.Storage.InMemory;

/// <content>Handing everything over to the broker that starts.</content>
internal sealed partial class StoreLease : IRecoverableStore
{
    public void Recover(IRecoverySink sink)
    {
        lock (_state)
        {
            var pages = _pages && sink.WantsPages;
            var named = pages ? InFlight() : _state.Messages.Values;
            foreach (var message in named) sink.OnMessage(message.Record);

            foreach (var message in _state.Retained.Values) sink.OnRetained(message.Record);
            foreach (var (key, session) in _state.Sessions) sink.OnSession(new SessionClaim(key, _epoch), session.Record);
            foreach (var (key, session) in _state.Sessions)
            {
                foreach (var (filter, subscription) in session.Subscriptions)
                    sink.OnSubscription(key, Encoding.UTF8.GetBytes(filter), subscription.Options, subscription.SubscriptionIdentifier);
            }

            // Deliveries of a shared subscription look for its members, so every subscription comes before.
            foreach (var (key, session) in _state.Sessions) RecoverState(sink, key, session, pages);
        }
    }

    private IEnumerable<StoredMessage> InFlight() => _state.Sessions.Values
        .SelectMany(session => session.Deliveries.Values)
        .Where(delivery => delivery.State == DeliveryState.Sent)
        .Select(delivery => delivery.Message!)
        .Distinct();

    private static void RecoverState(IRecoverySink sink, long key, StoredSession session, bool pages)
    {
        if (session.Will is { } will) sink.OnWill(key, will.Message.Record, will.DelayInterval, will.ExpiryInterval);
        foreach (var delivery in session.Deliveries.Values)
        {
            if (pages && delivery.State == DeliveryState.Queued) sink.OnQueued(key, delivery.Record.Number, delivery.Message!.Size, delivery.Record.ShareName is not null);
            else sink.OnDelivery(key, delivery.Message?.Id ?? 0, delivery.Record, delivery.State, delivery.PacketId);
        }

        foreach (var packetId in session.ReceivedIds) sink.OnReceivedId(key, packetId);
    }
}
