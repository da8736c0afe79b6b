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
        if (!publication.IsKept && !_environment.AdmitsMemory(PublishedMessage.FootprintOf(publication.Size), context))
        {
            CountDrop(context);
            return false;
        }

        var options = _environment.Options;
        var queue = _queue ??= new MessageQueue(_environment.Memory);
        var isFull = options.MaximumQueuedMessages > 0 && queue.Count >= options.MaximumQueuedMessages;
        if (!isFull && (options.MaximumQueuedBytes == 0 || queue.Bytes + publication.Size <= options.MaximumQueuedBytes))
        {
            queue.Enqueue(MakeDelivery(ref publication, receiver, qos, retain));
            return true;
        }

        _environment.Counters.CountLimit(isFull ? BrokerLimit.MaximumQueuedMessages : BrokerLimit.MaximumQueuedBytes);
        CountDrop(context);
        if (_dropsLogged) return true;
        _dropsLogged = true;
        if (_environment.PeerLog.TryTake(_environment.Clock.Now)) BrokerLog.OutgoingDropped(_environment.Log, ClientId);
        return true;
    }

    private bool CanSend(SessionLink link, QualityOfService qos, int size) => qos == QualityOfService.AtMostOnce ? HasOutput(link) : HasRoom(link, size);

    private bool HasOutput(SessionLink link)
    {
        if (link.Output.UnsentBytes <= _environment.Options.MaximumOutputBufferBytes) return true;
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
    // the next message of a publisher, so that it is the one that goes.
    private bool HasMemory(SessionLink link, int size, BatchContext context)
    {
        if (link.Backlog == 0 || link.IsClosed || _environment.Options.MemoryLimit == 0) return true;
        if (!_environment.AdmitsMemory(size + PublishedMessage.FootprintOf(size), context)) return false;
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
        Dropped++;
        context.Counters.PublishDropped++;
    }
}
