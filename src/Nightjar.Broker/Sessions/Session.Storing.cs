using Nightjar.Broker.Persistence;

namespace Nightjar.Broker.Sessions;

/// <content>The session as a value: written to the stores as a whole, and made of their records.</content>
internal sealed partial class Session
{
    /// <summary>
    /// Writes everything but the session's own record and its will: for a session that was to end with its connection and now goes on durably. Under the gate.
    /// </summary>
    /// <returns>The newest ticket.</returns>
    /// <remarks>O(what the session holds).</remarks>
    internal long WriteToStores()
    {
        var sessions = _environment.Stores.Sessions;
        var messages = _environment.Stores.Messages;
        long ticket = 0;
        foreach (var subscription in Subscriptions.ToArray())
        {
            byte[] filter = subscription.ShareName is { } shareName ? [.. "$share/"u8, .. shareName, (byte)'/', .. subscription.TopicFilter] : subscription.TopicFilter;
            ticket = Math.Max(ticket, sessions.AddSubscription(StoreClaim, filter, subscription.Options, subscription.SubscriptionIdentifier));
        }

        foreach (var id in _inflight?.CopyInOrder() ?? [])
        {
            ref var entry = ref _inflight!.Find(id, out _);
            if (entry.State == InflightState.AwaitingPubComp)
            {
                ticket = Math.Max(ticket, messages.MarkReceived(StoreClaim, entry.Delivery.Number, id));
                continue;
            }

            messages.Append(StoreClaim, entry.Delivery.Message, RecordOf(entry.Delivery));
            ticket = Math.Max(ticket, messages.MarkSent(StoreClaim, entry.Delivery.Number, id));
        }

        for (var i = 0; i < QueuedCount; i++)
        {
            ref var delivery = ref _queue!.At(i);
            ticket = Math.Max(ticket, messages.Append(StoreClaim, delivery.Message, RecordOf(delivery)));
        }

        var ids = new ushort[ReceivedIdCount];
        _receivedIds?.CopyTo(ids);
        foreach (var id in ids) ticket = Math.Max(ticket, messages.AddReceivedId(StoreClaim, id));
        return ticket;
    }

    /// <summary>Takes a delivery that a store kept, after those with lower numbers; its reference goes over to the session. Under the gate.</summary>
    /// <param name="delivery">The delivery; without a message when the state is <see cref="InflightState.AwaitingPubComp"/>.</param>
    /// <param name="state">What it waits for; <see cref="InflightState.None"/>: to be sent.</param>
    /// <param name="packetId">The packet id it was sent with.</param>
    /// <returns>False when the packet id is not possible or in use, and nothing was taken.</returns>
    /// <remarks>Limits hold for what comes later: what was accepted once is kept.</remarks>
    internal bool Restore(in Delivery delivery, InflightState state, ushort packetId)
    {
        if (state != InflightState.None)
        {
            if (!(_inflight ??= new InflightWindow()).TryRestore(delivery, state, packetId)) return false;
        }
        else
        {
            (_queue ??= new MessageQueue()).Enqueue(delivery);
        }

        _lastNumber = Math.Max(_lastNumber, delivery.Number);
        return true;
    }

    private static DeliveryRecord RecordOf(in Delivery delivery) => new(
        delivery.Number, delivery.QoS, delivery.Retain, delivery.SubscriptionIdentifier, delivery.SubscriptionIdentifiers,
        delivery.Group?.ShareName, delivery.Group?.TopicFilter);
}
