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
            foreach (var message in _state.Messages.Values) sink.OnMessage(message.Record);
            foreach (var message in _state.Retained.Values) sink.OnRetained(message.Record);
            foreach (var (key, session) in _state.Sessions) sink.OnSession(new SessionClaim(key, _epoch), session.Record);
            foreach (var (key, session) in _state.Sessions)
            {
                foreach (var (filter, subscription) in session.Subscriptions)
                    sink.OnSubscription(key, Encoding.UTF8.GetBytes(filter), subscription.Options, subscription.SubscriptionIdentifier);
            }

            // Deliveries of a shared subscription look for its members, so every subscription comes before.
            foreach (var (key, session) in _state.Sessions) RecoverState(sink, key, session);
        }
    }

    private static void RecoverState(IRecoverySink sink, long key, StoredSession session)
    {
        if (session.Will is { } will) sink.OnWill(key, will.Message.Record, will.DelayInterval, will.ExpiryInterval);
        foreach (var delivery in session.Deliveries.Values)
            sink.OnDelivery(key, delivery.Message?.Id ?? 0, delivery.Record, delivery.State, delivery.PacketId);
        foreach (var packetId in session.ReceivedIds) sink.OnReceivedId(key, packetId);
    }
}
