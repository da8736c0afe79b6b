using Nightjar.Protocol;

namespace Nightjar.Broker.Sessions;

/// <summary>What an acknowledgement of the client led to.</summary>
internal enum AcknowledgementResult
{
    /// <summary>The message is done, or its handshake moved on.</summary>
    Accepted,

    /// <summary>No message with this packet id is in flight.</summary>
    UnknownPacketId,

    /// <summary>The packet does not belong to the QoS of the message.</summary>
    Mismatch,
}

/// <content>Acknowledgements of the client for messages in flight to it. All under the gate.</content>
internal sealed partial class Session
{
    /// <summary>PUBACK: the message is done, whatever its reason code [MQTT-4.4.0-2].</summary>
    internal AcknowledgementResult OnPubAck(ushort packetId, BatchContext context)
    {
        var result = OnPubAckOfRun(packetId, context);
        EndRun(context);
        return result;
    }

    /// <summary>One of several PUBACKs under one hold of the gate, <see cref="CompletedDeliveries.Capacity"/> at most; before the gate is left comes <see cref="EndRun"/>.</summary>
    internal AcknowledgementResult OnPubAckOfRun(ushort packetId, BatchContext context)
    {
        if (_inflight is null) return AcknowledgementResult.UnknownPacketId;
        ref var entry = ref _inflight.Find(packetId, out var found);
        if (!found) return AcknowledgementResult.UnknownPacketId;
        if (entry.State != InflightState.AwaitingPubAck) return AcknowledgementResult.Mismatch;
        if (IsStored) context.Completed.Add(entry.Delivery);
        Remove(ref entry, context);
        return AcknowledgementResult.Accepted;
    }

    /// <summary>Says to the store what the run has ended.</summary>
    internal void EndRun(BatchContext context)
    {
        if (IsStored) context.Completed.Settle(_environment.Stores.Messages, StoreClaim);
    }

    /// <summary>A PUBACK with this packet id follows soon.</summary>
    internal void ExpectPubAck(ushort packetId) => _inflight?.Expect(packetId);

    /// <summary>PUBREC: below 0x80 the message is let go and PUBREL follows [MQTT-4.3.3-4]; otherwise it is done [MQTT-4.8.2-6].</summary>
    /// <param name="packetId">Packet id.</param>
    /// <param name="reasonCode">Reason code.</param>
    /// <param name="context">The batch.</param>
    /// <param name="ticket">What PUBREL waits for: a broker that forgot PUBREC would send the message once more to a client that has ended the handshake.</param>
    internal AcknowledgementResult OnPubRec(ushort packetId, ReasonCode reasonCode, BatchContext context, out long ticket)
    {
        ticket = 0;
        if (_inflight is null) return AcknowledgementResult.UnknownPacketId;
        ref var entry = ref _inflight.Find(packetId, out var found);
        if (!found) return AcknowledgementResult.UnknownPacketId;
        if (entry.State == InflightState.AwaitingPubAck) return AcknowledgementResult.Mismatch;
        if (reasonCode >= ReasonCode.UnspecifiedError)
        {
            Finish(ref entry, context);
            return AcknowledgementResult.Accepted;
        }

        _inflight.ReleaseMessage(ref entry);
        entry.State = InflightState.AwaitingPubComp;
        if (IsStored) ticket = _environment.Stores.Messages.MarkReceived(StoreClaim, entry.Delivery.Number, packetId, entry.Delivery.Place);
        return AcknowledgementResult.Accepted;
    }

    /// <summary>PUBCOMP: the handshake is over.</summary>
    internal AcknowledgementResult OnPubComp(ushort packetId, BatchContext context)
    {
        if (_inflight is null) return AcknowledgementResult.UnknownPacketId;
        ref var entry = ref _inflight.Find(packetId, out var found);
        if (!found) return AcknowledgementResult.UnknownPacketId;
        if (entry.State != InflightState.AwaitingPubComp) return AcknowledgementResult.Mismatch;
        Finish(ref entry, context);
        return AcknowledgementResult.Accepted;
    }

    private void Finish(ref InflightEntry entry, BatchContext context)
    {
        CompleteInStore(entry.Delivery);
        Remove(ref entry, context);
    }

    private void Remove(ref InflightEntry entry, BatchContext context)
    {
        _inflight!.Remove(ref entry);
        if (_outstanding > 0) _outstanding--;
        if (!HasWaiting && _retained is null && _resend is null) return;
        // What is sent now comes after it in the store too.
        EndRun(context);
        if (Pump(context)) MorePending = true;
    }

    /// <summary>Retained messages are left that could be sent at once; the connection goes on with them after its batch. Under the gate.</summary>
    internal bool MorePending { get; set; }
}
