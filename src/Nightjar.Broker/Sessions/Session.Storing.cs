using Nightjar.Broker.Persistence;
using Nightjar.Protocol;

namespace Nightjar.Broker.Sessions;

/// <content>The session as a value: what stores keep of it, and made of their records again.</content>
internal sealed partial class Session
{
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
            _inflight ??= new InflightWindow();
            EndEarlier(packetId, delivery.Number);
            if (!_inflight.TryRestore(delivery, state, packetId)) return false;
        }
        else
        {
            (_queue ??= new MessageQueue(_environment.Memory)).Enqueue(delivery);
        }

        _lastNumber = Math.Max(_lastNumber, delivery.Number);
        return true;
    }

    // An id is given again when its message is over. That the later message has it may be on disk before that the earlier one is over: nothing waits for
    // the one, and the other may be noted in an older record.
    private void EndEarlier(ushort packetId, long number)
    {
        ref var entry = ref _inflight!.Find(packetId, out var found);
        if (!found || entry.Delivery.Number >= number) return;
        CompleteInStore(entry.Delivery);
        _inflight.Remove(ref entry);
    }

    /// <inheritdoc/>
    internal override bool NeedsStore(QualityOfService qos) => IsStored && qos != QualityOfService.AtMostOnce;

    private static DeliveryRecord RecordOf(in Delivery delivery) => new(
        delivery.Number, delivery.QoS, delivery.Retain, delivery.SubscriptionIdentifier, delivery.SubscriptionIdentifiers,
        delivery.Group?.ShareName, delivery.Group?.TopicFilter);
}
