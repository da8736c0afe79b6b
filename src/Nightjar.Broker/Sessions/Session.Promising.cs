using Nightjar.Broker.Messages;
using Nightjar.Protocol;

namespace Nightjar.Broker.Sessions;

/// <content>
/// QoS 2 messages that have their packet id and wait for the store to have it too. All under the gate.
///
/// Exactly once means to the end of the handshake under one packet id: a broker that has forgotten it would send the message again under another
/// one, which the client takes for a new message, or takes another message for this one. Only these wait, and the QoS 1 messages behind them,
/// so that what was published in one order comes in it; QoS 0 and every answer go past them, because the disk may be gone for long.
/// </content>
internal sealed partial class Session
{
    private Queue<PromisedDelivery>? _promised;
    private long _promisedBytes;

    /// <summary>Ticket that the next of them waits for; 0 when none does.</summary>
    internal long PromisedTicket => _promised is { Count: > 0 } promised ? promised.Peek().Ticket : 0;

    /// <summary>Sends those whose packet ids are durable.</summary>
    internal void SendPromised(long durable, BatchContext context)
    {
        if (_promised is null || _link is not { } link) return;
        var count = _promised.Count;
        while (_promised.TryPeek(out var promised) && promised.Ticket <= durable)
        {
            _promised.Dequeue();
            _promisedBytes -= promised.Size;
            if (!link.IsClosed) SendPromised(link, promised, context);
        }

        if (_promised.Count == count || link.IsClosed) return;
        if (link.MarkTouched()) context.Touch(link);
        // What one that is over has made room for in the window goes on; what the output had no room for, when the flush finds that it has.
        if (HasWaiting && Pump(context)) link.Owner.Resume();
    }

    private void SendPromised(SessionLink link, in PromisedDelivery promised, BatchContext context)
    {
        ref var entry = ref _inflight!.Find(promised.PacketId, out var found);
        // A client may have acknowledged what it has not got.
        if (!found || entry.Delivery.Number != promised.Number || entry.State == InflightState.AwaitingPubComp) return;
        var message = entry.Delivery.Message;
        if (message.ExpiresAt <= _environment.Clock.Now || !MayRead(message))
        {
            GiveUp(ref entry);
            return;
        }

        var publication = new Publication(message, _environment.Messages);
        WriteNew(link, ref entry, ref publication, context);
        publication.Dispose();
    }

    private bool MustPromise(QualityOfService qos, long ticket) =>
        _promised is { Count: > 0 } || (qos == QualityOfService.ExactlyOnce && ticket > _environment.Stores.Messages.DurableTicket);

    private void Promise(SessionLink link, in InflightEntry entry, long ticket)
    {
        var size = entry.Delivery.Message.Size;
        // A QoS 1 message waits for those before it only.
        if (entry.Delivery.QoS == QualityOfService.AtLeastOnce) ticket = 0;
        (_promised ??= new Queue<PromisedDelivery>()).Enqueue(new PromisedDelivery(ticket, entry.Delivery.Number, entry.PacketId, size));
        _promisedBytes += size;
        link.MustAwait(PromisedTicket);
    }

    private void ForgetPromised()
    {
        _promised = null;
        _promisedBytes = 0;
    }

    private readonly record struct PromisedDelivery(long Ticket, long Number, ushort PacketId, int Size);
}
