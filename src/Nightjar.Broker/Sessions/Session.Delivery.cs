using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Security;
using Nightjar.Protocol;

namespace Nightjar.Broker.Sessions;

/// <content>Towards the client: delivery, in-flight window, queue, retained messages.</content>
internal sealed partial class Session
{
    // Retained messages handed out under one hold of the gate.
    private const int RetainedSlice = 64;

    private const long NotMarked = -1;

    internal override void Deliver(ref Publication publication, in Receiver receiver, BatchContext context)
    {
        if (receiver.NoLocal && ReferenceEquals(publication.Publisher, this))
        {
            if (receiver.Own is { } own) Deliver(ref publication, own.Value, context);
            return;
        }

        SessionLink? overrun;
        if (publication.IsAlone)
        {
            context.Hold(this);
            overrun = DeliverLocked(ref publication, receiver, context);
            if (overrun is null) return;
            context.Leave();
        }
        else
        {
            context.Leave();
            // QoS 2 has something to follow, but may have one receiver as well.
            if (publication.FansOut || receiver.Group is not null) context.Crowding.Mix();
            context.Enter(this);
            try
            {
                overrun = DeliverLocked(ref publication, receiver, context);
            }
            finally
            {
                Gate.Exit();
            }
        }

        overrun?.Owner.GiveUp();
    }

    internal override void Deliver(MessageRun run, in Receiver receiver, BatchContext context)
    {
        SessionLink? overrun;
        lock (Gate) overrun = DeliverLocked(run, receiver, context);
        overrun?.Owner.GiveUp();
    }

    private SessionLink? DeliverLocked(MessageRun run, in Receiver receiver, BatchContext context)
    {
        if (_link is { IsClosed: false } link && receiver.SubscriptionIdentifier == 0 && receiver.SubscriptionIdentifiers is null
            && (link.Backlog == 0 || _environment.Options.MemoryLimit == 0)
            && link.Output.UnsentBytes + run.Length <= _environment.Options.MaximumOutputBufferBytes
            && link.TryWrite(run, context))
        {
            if (link.MarkTouched()) context.Touch(link);
            return null;
        }

        for (var i = 0; i < run.Count; i++)
        {
            var publication = run.At(i, _environment.Messages);
            var overrun = DeliverLocked(ref publication, receiver, context);
            publication.Dispose();
            if (overrun is not null) return overrun;
        }

        return null;
    }

    // Returns the link that memory is too short for.
    private SessionLink? DeliverLocked(ref Publication publication, in Receiver receiver, BatchContext context)
    {
        var qos = EffectiveQoS(publication.QoS, receiver.MaximumQoS);
        var retain = receiver.RetainAsPublished && publication.Retain;
        var link = _link;
        if (qos == QualityOfService.AtMostOnce)
        {
            if (link is not null)
            {
                if (!HasMemory(link, publication.Size, context)) return link;
                if (TrySendQoS0(link, ref publication, receiver, retain, context) && link.MarkTouched()) context.Touch(link);
            }
            else if (IsDurable && !IsEnded && Draining is null && _environment.Options.QueueQoS0Messages)
            {
                Enqueue(ref publication, receiver, qos, retain, context);
            }
        }
        else if (!IsEnded && Draining is null && (link is not null || IsDurable))
        {
            if (link is not null && !HasMemory(link, publication.Size, context)) return link;
            if (link is not null && !HasWaiting && _resend is null && CanSend(link, qos, publication.Size))
            {
                if (SendNew(link, ref publication, receiver, qos, retain, context) && link.MarkTouched()) context.Touch(link);
            }
            else
            {
                if (link is not null && !HasRoom(link, publication.Size)) CountWait(link, publication.Size);
                if (!Enqueue(ref publication, receiver, qos, retain, context)) return link;
            }
        }

        return null;
    }

    /// <summary>
    /// Sends what may be sent now: first what was in flight at reconnect, in order and with DUP [MQTT-4.4.0-1], then the queue, then retained
    /// messages of new subscriptions. Under the gate.
    /// </summary>
    /// <returns>True when retained messages are left that could be sent at once: the caller goes on later, so that others get the thread.</returns>
    internal bool Pump(BatchContext context)
    {
        var link = _link;
        if (link is null || link.IsClosed) return false;
        link.IsStalled = false;
        _pageCame = false;
        var wrote = false;
        var more = false;
        if (_resend is not null) wrote |= Resend(link, context);
        if (_resend is null)
        {
            while (_queue is { Count: > 0 } queue && CanSend(link, queue.Peek().QoS, queue.Peek().Message.Size)) wrote |= SendQueued(link, queue, context);
            RequestPage(context);
            if (!HasWaiting)
            {
                EndDrops();
                wrote |= SendRetained(link, context, out more);
            }
        }

        if (wrote && link.MarkTouched()) context.Touch(link);
        return more;
    }

    private QualityOfService EffectiveQoS(QualityOfService published, QualityOfService granted) =>
        _environment.Options.UpgradeOutgoingQoS || published > granted ? granted : published;

    private bool TrySendQoS0(SessionLink link, ref Publication publication, in Receiver receiver, bool retain, BatchContext context)
    {
        if (link.IsClosed) return false;
        if (link.Output.UnsentBytes > _environment.Options.MaximumOutputBufferBytes)
        {
            _environment.Counters.CountLimit(BrokerLimit.MaximumOutputBufferBytes);
            CountDrop(context);
            return false;
        }

        var header = new PublishHeader
        {
            Retain = retain,
            ExpiryInterval = _environment.RemainingSeconds(publication.ExpiresAt),
            SubscriptionIdentifier = receiver.SubscriptionIdentifier,
            SubscriptionIdentifiers = receiver.SubscriptionIdentifiers,
        };
        if (link.TryWritePublish(ref publication, header, context)) return true;
        CountDrop(context);
        return false;
    }

    // False when the store takes nothing any more: the message is not acknowledged, so whoever published it still has it. The packet id is that with which
    // it is sent at once, 0 for what is queued; the ticket that of the store's record of both.
    private bool TryMakeDelivery(
        ref Publication publication, in Receiver receiver, QualityOfService qos, bool retain, ushort packetId, BatchContext context, out Delivery delivery, out long ticket)
    {
        delivery = default;
        Fill(ref delivery, ref publication, receiver, qos, retain);
        ticket = 0;
        if (!IsStored) return true;
        var store = _environment.Stores.Messages;
        ticket = packetId == 0
            ? store.Append(StoreClaim, delivery.Message, RecordOf(delivery), out delivery.Place)
            : store.AppendSent(StoreClaim, delivery.Message, RecordOf(delivery), packetId, out delivery.Place);
        publication.Ticket = Math.Max(publication.Ticket, ticket);
        if (ticket != IMessageStore.Refused) return true;
        delivery.Message.Release();
        _lastNumber--;
        CountDrop(context);
        return false;
    }

    // Into an empty one. What is mostly null is not written: a reference costs more to write than to look at.
    private void Fill(ref Delivery delivery, ref Publication publication, in Receiver receiver, QualityOfService qos, bool retain)
    {
        delivery.Message = publication.Keep();
        if (receiver.Group is not null) delivery.Group = receiver.Group;
        if (receiver.SubscriptionIdentifiers is not null) delivery.SubscriptionIdentifiers = receiver.SubscriptionIdentifiers;
        delivery.SubscriptionIdentifier = receiver.SubscriptionIdentifier;
        delivery.QoS = qos;
        delivery.Retain = retain;
        delivery.Number = ++_lastNumber;
    }

    // A message that was not queued. The store has it with the packet id from the beginning.
    private bool SendNew(SessionLink link, ref Publication publication, in Receiver receiver, QualityOfService qos, bool retain, BatchContext context)
    {
        var inflight = _inflight ??= new InflightWindow();
        if (!IsStored)
        {
            ref var entry = ref inflight.Add(publication.Size, StateOf(qos));
            Fill(ref entry.Delivery, ref publication, receiver, qos, retain);
            _outstanding++;
            return WriteNew(link, ref entry, ref publication, context);
        }

        var packetId = inflight.NextId();
        return TryMakeDelivery(ref publication, receiver, qos, retain, packetId, context, out var delivery, out var ticket)
            && SendNew(link, delivery, ticket, ref publication, context);
    }

    /// <summary>Sends a QoS 1 or 2 message for the first time, or has it wait for its packet id to be durable; takes over the delivery's reference.</summary>
    /// <param name="link">Where to.</param>
    /// <param name="delivery">The delivery.</param>
    /// <param name="mark">Ticket of its mark as sent; <see cref="NotMarked"/> when it has none.</param>
    /// <param name="publication">Its message.</param>
    /// <param name="context">The batch.</param>
    /// <returns>Whether the link is to be flushed.</returns>
    private bool SendNew(SessionLink link, in Delivery delivery, long mark, ref Publication publication, BatchContext context)
    {
        ref var entry = ref (_inflight ??= new InflightWindow()).Add(delivery, StateOf(delivery.QoS));
        _outstanding++;
        if (IsStored)
        {
            if (mark == NotMarked) mark = MarkSent(ref entry);
            else _lastMark = Math.Max(_lastMark, mark);
            if (MustPromise(delivery.QoS, mark))
            {
                Promise(link, entry, mark);
                return true;
            }
        }

        return WriteNew(link, ref entry, ref publication, context);
    }

    private static InflightState StateOf(QualityOfService qos) =>
        qos == QualityOfService.AtLeastOnce ? InflightState.AwaitingPubAck : InflightState.AwaitingPubRec;

    // A restart sends what is marked as sent before what is not. So the marks become durable in the order of the messages: once one could not be
    // noted with its message any more, those behind it are not noted with theirs, which may be durable earlier.
    private long MarkSent(ref InflightEntry entry)
    {
        ref var delivery = ref entry.Delivery;
        if (delivery.Place.Ticket < _lastMark) delivery.Place = default;
        var ticket = _environment.Stores.Messages.MarkSent(StoreClaim, delivery.Number, entry.PacketId, delivery.Place);
        if (ticket != IMessageStore.Refused) _lastMark = Math.Max(_lastMark, ticket);
        return ticket;
    }

    private bool WriteNew(SessionLink link, ref InflightEntry entry, ref Publication publication, BatchContext context)
    {
        if (WriteEntry(link, ref entry, ref publication, dup: false, context)) return true;
        // Larger than the client accepts: as if it had been delivered [MQTT-3.1.2-25].
        CountDrop(context);
        GiveUp(ref entry);
        return false;
    }

    // What was in flight, or about to be, is over without the client.
    private void GiveUp(ref InflightEntry entry)
    {
        CompleteInStore(entry.Delivery);
        _inflight!.Remove(ref entry);
        if (_outstanding > 0) _outstanding--;
    }

    private bool WriteEntry(SessionLink link, ref InflightEntry entry, ref Publication publication, bool dup, BatchContext context)
    {
        var header = new PublishHeader
        {
            Dup = dup,
            QoS = entry.Delivery.QoS,
            Retain = entry.Delivery.Retain,
            PacketId = entry.PacketId,
            ExpiryInterval = _environment.RemainingSeconds(publication.ExpiresAt),
            SubscriptionIdentifier = entry.Delivery.SubscriptionIdentifier,
            SubscriptionIdentifiers = entry.Delivery.SubscriptionIdentifiers,
        };
        return link.TryWritePublish(ref publication, header, context);
    }

    private bool SendQueued(SessionLink link, MessageQueue queue, BatchContext context)
    {
        var delivery = queue.Dequeue();
        if (delivery.Message.ExpiresAt <= _environment.Clock.Now || !MayRead(delivery.Message))
        {
            CompleteInStore(delivery);
            delivery.Message.Release();
            return false;
        }

        var publication = new Publication(delivery.Message, _environment.Messages);
        bool wrote;
        if (delivery.QoS == QualityOfService.AtMostOnce)
        {
            var receiver = new Receiver { SubscriptionIdentifier = delivery.SubscriptionIdentifier, SubscriptionIdentifiers = delivery.SubscriptionIdentifiers };
            wrote = TrySendQoS0(link, ref publication, receiver, delivery.Retain, context);
            CompleteInStore(delivery);
            delivery.Message.Release();
        }
        else
        {
            wrote = SendNew(link, delivery, NotMarked, ref publication, context);
        }

        publication.Dispose();
        return wrote;
    }

    private bool Resend(SessionLink link, BatchContext context)
    {
        var wrote = false;
        for (; _resendIndex < _resend!.Length; _resendIndex++)
        {
            ref var entry = ref _inflight!.Find(_resend[_resendIndex], out var found);
            if (!found) continue;
            if (entry.State == InflightState.AwaitingPubComp)
            {
                link.Output.Advance(AcknowledgementWriter.Write(
                    link.Output.GetSpan(AcknowledgementWriter.MaximumBareLength), PacketType.PubRel, entry.PacketId, link.Version, ReasonCode.Success));
                context.Counters.PacketsSent++;
                context.Counters.SentByType[(int)PacketType.PubRel]++;
                context.Counters.BytesSent += 4;
                _outstanding++;
                wrote = true;
                continue;
            }

            if (!MayRead(entry.Delivery.Message))
            {
                CompleteInStore(entry.Delivery);
                _inflight.Remove(ref entry);
                continue;
            }

            if (_outstanding >= WindowOf(link) || !HasOutput(link)) return wrote;
            wrote |= ResendEntry(link, ref entry, context);
        }

        _resend = null;
        return wrote;
    }

    private bool ResendEntry(SessionLink link, ref InflightEntry entry, BatchContext context)
    {
        var publication = new Publication(entry.Delivery.Message, _environment.Messages);
        var wrote = WriteEntry(link, ref entry, ref publication, dup: true, context);
        publication.Dispose();
        if (wrote)
        {
            _outstanding++;
            return true;
        }

        CompleteInStore(entry.Delivery);
        _inflight!.Remove(ref entry);
        CountDrop(context);
        return false;
    }

    private bool SendRetained(SessionLink link, BatchContext context, out bool more)
    {
        more = false;
        var wrote = false;
        for (var budget = RetainedSlice; _retained is { Count: > 0 }; budget--)
        {
            var pending = _retained.Peek();
            // Whatever QoS the next message turns out to have, it can be sent.
            if (!CanSend(link, pending.Subscription.MaximumQoS, 0)) return wrote;
            if (budget == 0)
            {
                more = true;
                return wrote;
            }

            if (pending.Cursor.MoveNext(out var message)) wrote |= SendRetained(link, message, pending, context);
            else _retained.Dequeue();
        }

        _retained = null;
        return wrote;
    }

    private bool SendRetained(SessionLink link, PublishedMessage message, RetainedDelivery pending, BatchContext context)
    {
        if (message.ExpiresAt <= _environment.Clock.Now || !MayRead(message) || !MaySource(message)) return false;
        var subscription = pending.Subscription;
        if (subscription.NoLocal && string.Equals(message.Origin?.ClientId, ClientId, StringComparison.Ordinal)) return false;
        var receiver = new Receiver { SubscriptionIdentifier = subscription.SubscriptionIdentifier };
        var qos = EffectiveQoS(message.QoS, subscription.MaximumQoS);
        var publication = new Publication(message, _environment.Messages);
        bool wrote;
        if (qos == QualityOfService.AtMostOnce) wrote = TrySendQoS0(link, ref publication, receiver, retain: true, context);
        else wrote = SendNew(link, ref publication, receiver, qos, retain: true, context);
        publication.Dispose();
        context.Counters.RetainedSent++;
        return wrote;
    }

    private bool MayRead(PublishedMessage message) => _environment.Gate.IsOpen || _environment.Gate.May(_identity, AccessAction.Read, message.TopicName);

    // check_retain_source: a retained message is delivered only while its publisher may still write the topic.
    private bool MaySource(PublishedMessage message) =>
        _environment.Gate.IsOpen || message.Origin is null || !_environment.Options.CheckRetainSource
        || _environment.Gate.May(Identity.PublisherOf(message), AccessAction.Write, message.TopicName);

    private void CompleteInStore(in Delivery delivery)
    {
        if (IsStored) _environment.Stores.Messages.Complete(StoreClaim, delivery.Number, delivery.Place);
    }
}
