using Nightjar.Broker.Configuration;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Subscriptions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Sessions;

/// <content>What may be sent, what waits and what is dropped: every limit is the one in force now. All under the gate.</content>
internal sealed partial class Session
{
    // The smaller of what the client takes and what the broker allows [MQTT-3.3.4-9].
    private int WindowOf(SessionLink link)
    {
        var own = _environment.Options.MaximumInflightMessages;
        return own > 0 && own < link.ReceiveMaximum ? own : link.ReceiveMaximum;
    }

    // False when the message was not taken because memory is short.
    private bool Enqueue(ref Publication publication, in Receiver receiver, QualityOfService qos, bool retain, BatchContext context)
    {
        var inStore = WaitsInStore(publication.Size);
        if (!inStore && !publication.IsKept && !_environment.AdmitsMemory(PublishedMessage.FootprintOf(publication.Size), context))
        {
            CountDrop(context);
            return false;
        }

        if (IsQueueFull(publication.Size, out var limit))
        {
            LogDrops();
            _environment.Counters.CountLimit(limit);
            if (!MakeRoom(ref publication, context))
            {
                CountDrop(context);
                return true;
            }
        }

        if (!TryMakeDelivery(ref publication, receiver, qos, retain, packetId: 0, context, out var delivery, out _)) return true;
        if (inStore) EnqueueInStore(delivery);
        else (_queue ??= new MessageQueue(_environment.Memory)).Enqueue(delivery);
        return true;
    }

    /// <summary>Whether a message would have to wait and there is no room for it: what <see cref="QueueFullPolicy.Reject"/> asks before anybody gets it. Takes the gate.</summary>
    internal override bool Rejects(int size, QualityOfService qos)
    {
        if (qos == QualityOfService.AtMostOnce) return false;
        lock (Gate)
        {
            if (IsEnded || Draining is not null || (_link is null && !IsDurable)) return false;
            if (_link is { } link && !HasWaiting && _resend is null && CanSend(link, qos, size)) return false;
            return IsQueueFull(size, out _);
        }
    }

    private bool IsQueueFull(int size, out BrokerLimit limit)
    {
        var options = _environment.Options;
        limit = BrokerLimit.MaximumQueuedMessages;
        if (options.MaximumQueuedMessages > 0 && QueuedCount >= options.MaximumQueuedMessages) return true;
        limit = BrokerLimit.MaximumQueuedBytes;
        return options.MaximumQueuedBytes > 0 && WaitingBytes + size > options.MaximumQueuedBytes;
    }

    private long WaitingBytes => (_queue?.Bytes ?? 0) + (_backlog?.Bytes ?? 0);

    // False when the new message is the one that goes. One that is larger than all of the queue may be drives nothing out.
    private bool MakeRoom(ref Publication publication, BatchContext context)
    {
        var options = _environment.Options;
        if (options.QueueFullPolicy == QueueFullPolicy.Reject && publication is { Refusable: true, IsVersion5: true }) publication.Refusal = PublishRefusal.QueueFull;
        if (options.QueueFullPolicy != QueueFullPolicy.DropOldest) return false;
        if (options.MaximumQueuedBytes > 0 && publication.Size > options.MaximumQueuedBytes) return false;
        while (IsQueueFull(publication.Size, out _)) DropOldest(context);
        return true;
    }

    private void LogDrops()
    {
        if (_dropsLogged) return;
        _dropsLogged = true;
        _droppedBefore = Dropped;
        if (_environment.PeerLog.TryTake(_environment.Clock.Now)) BrokerLog.OutgoingDropped(_environment.Log, ClientId);
    }

    // The client has caught up, or its session ends: how many it was.
    private void EndDrops()
    {
        if (!_dropsLogged) return;
        _dropsLogged = false;
        if (_environment.PeerLog.TryTake(_environment.Clock.Now)) BrokerLog.OutgoingWereDropped(_environment.Log, Dropped - _droppedBefore, ClientId, Dropped);
    }

    private bool CanSend(SessionLink link, QualityOfService qos, int size) => qos switch
    {
        QualityOfService.AtMostOnce => HasOutput(link),
        _ => HasRoom(link, size),
    };

    private bool HasOutput(SessionLink link)
    {
        if (link.Output.UnsentBytes + _promisedBytes <= _environment.Options.MaximumOutputBufferBytes) return true;
        link.IsStalled = true;
        return false;
    }

    private bool HasRoom(SessionLink link, int size) => !link.IsClosed && HasWindow(link) && HasOutput(link) && HasInflightBytes(size);

    // The window counts too: a client that acknowledges what was not sent to it again yet makes the one smaller than the other.
    private bool HasWindow(SessionLink link) => Math.Max(_outstanding, InflightCount) < WindowOf(link);

    private bool HasInflightBytes(int size)
    {
        var maximum = _environment.Options.MaximumInflightBytes;
        return maximum == 0 || _inflight is null || _inflight.Count == 0 || _inflight.Bytes + size <= maximum;
    }

    // A client that keeps up needs no memory of its own; one whose output is behind would need more for every message. It has to leave room for
    // the next message of a publisher, so that it is the one that goes. What is sent in place counts as its unsent output too, and once more because it
    // is kept.
    private bool HasMemory(SessionLink link, int size, BatchContext context)
    {
        if (link.Backlog == 0 || link.IsClosed || _environment.Options.MemoryLimit == 0) return true;
        var kept = PublishedMessage.FootprintOf(size);
        if (!_environment.AdmitsMemory(size + kept + (link.SendsInPlace(size) ? kept : 0), context)) return false;
        link.Reserve(size);
        return true;
    }

    private void CountWait(SessionLink link, int size)
    {
        if (link.IsClosed) return;
        var counters = _environment.Counters;
        if (!HasWindow(link))
        {
            // What the client's own Receive Maximum holds back is the client's business.
            if (WindowOf(link) < link.ReceiveMaximum) counters.CountLimit(BrokerLimit.MaximumInflightMessages);
        }
        else if (!HasOutput(link))
        {
            counters.CountLimit(BrokerLimit.MaximumOutputBufferBytes);
        }
        else if (!HasInflightBytes(size))
        {
            counters.CountLimit(BrokerLimit.MaximumInflightBytes);
        }
    }

    private void CountDrop(BatchContext context)
    {
        if (Dropped++ == 0) Interlocked.Increment(ref _environment.DroppingSessions);
        context.Counters.PublishDropped++;
    }
}
