using System.Diagnostics;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Storage.Sqlite.Log;
using Nightjar.Storage.Sqlite.Reading;
using Nightjar.Storage.Sqlite.Records;

namespace Nightjar.Storage.Sqlite;

/// <summary>
/// One broker's ownership of a store on disk: its calls become records of the log. The next owner ends it.
/// </summary>
/// <remarks>Any thread. The only locks are those of the log's stripes and, for sessions, of the client ids, all of them leaves. Nothing is allocated for a message.</remarks>
internal sealed unsafe partial class SqliteLease : IMessageStore, ISessionStore, IRetainedStore, IRecoverableStore
{
    private readonly SqliteStore _store;
    private readonly RecordLog _log;
    private readonly BrokerClock _clock;
    private readonly long _epoch;

    internal SqliteLease(SqliteStore store, BrokerClock clock, long epoch)
    {
        _store = store;
        _log = store.Log;
        _clock = clock;
        _epoch = epoch;
    }

    public long DurableTicket => _store.WaitsForNothing ? IMessageStore.Refused - 1 : _store.Progress.Durable;

    public bool CanPage => true;

    public void OnDurable(Action<long> callback) => _store.Progress.OnDurable(callback);

    public void LoadPage(SessionClaim session, long after, int maximumCount, long maximumBytes, IPageSink sink)
    {
        var page = new PageRequest(session.Key, after, maximumCount, maximumBytes, sink);
        // For who is no longer the owner nothing is there, now or later.
        if (session.Epoch == _store.Epoch) _store.Writer.Load(page);
        else ThreadPool.UnsafeQueueUserWorkItem(static page => page.Sink.OnPageEnd(page.After, isFailed: false), page, preferLocal: false);
    }

    public void Recover(IRecoverySink sink) => _store.Recover(sink, _epoch);

    public long Append(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery) => Append(session, message, delivery, out _);

    public long Append(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery, out StorePlace place) =>
        Append(session, message, delivery, new DeliveryMark(delivery), out place);

    public long AppendSent(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery, ushort packetId, out StorePlace place) =>
        Append(session, message, delivery, new DeliveryMark(delivery).With(DeliveryState.Sent, packetId), out place);

    private long Append(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery, DeliveryMark mark, out StorePlace place)
    {
        place = default;
        var extraLength = DeliveryExtra.SizeOf(delivery);
        var stripe = _log.Stripe;
        long ticket;
        lock (stripe.Gate)
        {
            if (session.Epoch != _store.Epoch) return IMessageStore.Refused;
            // A message is written once for deliveries that follow each other; whether the file still has an earlier record of it, this thread cannot know.
            var isNew = message.StoreId == 0 || message.StoreId != stripe.Message;
            var record = isNew ? MessageRecord.Of(message, _clock) : default;
            var publisher = isNew ? stripe.Publisher.Encode(record) : default;
            var bodyLength = isNew ? MessageCodec.SizeOf(record, publisher) : 0;
            var header = stripe.TryAdd(extraLength + bodyLength);
            if (header is null) return IMessageStore.Refused;
            ticket = header->Ticket;
            header->Kind = RecordKind.Append;
            header->Session = session.Key;
            header->Number = delivery.Number;
            header->Value = mark.Value;
            header->Size = message.Size;
            header->ExtraLength = extraLength;
            header->BodyLength = bodyLength;
            place = new StorePlace(ticket, (nint)header);
            if (extraLength > 0) DeliveryExtra.Write(delivery, new Span<byte>(RecordHeader.Extra(header), extraLength));
            if (isNew)
            {
                MessageCodec.Write(record, publisher, stripe.Publisher.Flags, new Span<byte>(RecordHeader.Body(header), bodyLength));
                message.StoreId = stripe.Message = ticket;
            }
        }

        _log.Wake();
        return ticket;
    }

    public long MarkSent(SessionClaim session, long number, ushort packetId) => Add(RecordKind.MarkSent, session, number, packetId);

    public long MarkSent(SessionClaim session, long number, ushort packetId, StorePlace place) => Note(RecordKind.MarkSent, session, number, packetId, place);

    public long MarkReceived(SessionClaim session, long number, ushort packetId) => Add(RecordKind.MarkReceived, session, number, packetId);

    public long MarkReceived(SessionClaim session, long number, ushort packetId, StorePlace place) => Note(RecordKind.MarkReceived, session, number, packetId, place);

    public long Complete(SessionClaim session, long number) => Add(RecordKind.Complete, session, number, 0);

    public long Complete(SessionClaim session, long number, StorePlace place) => Note(RecordKind.Complete, session, number, 0, place);

    public void Complete(SessionClaim session, ReadOnlySpan<CompletedDelivery> deliveries)
    {
        var stripe = _log.Stripe;
        var noted = 0;
        lock (stripe.Gate)
        {
            if (session.Epoch != _store.Epoch) return;
            foreach (ref readonly var delivery in deliveries)
            {
                if (!_log.IsOpen(delivery.Place.Ticket))
                {
                    TryAdd(stripe, RecordKind.Complete, session, delivery.Number, 0);
                    continue;
                }

                Note(RecordKind.Complete, delivery.Number, 0, delivery.Place, stripe);
                noted++;
            }
        }

        if (noted < deliveries.Length) _log.Wake();
        if (noted > 0) _log.WakeIfVoid();
    }

    public void BeginGroup() => _log.BeginGroup();

    public void EndGroup() => _log.EndGroup();

    public long AddReceivedId(SessionClaim session, ushort packetId) => Add(RecordKind.AddReceivedId, session, 0, packetId);

    public long RemoveReceivedId(SessionClaim session, ushort packetId) => Add(RecordKind.RemoveReceivedId, session, 0, packetId);

    // In the record of the delivery itself, if the writer has not begun to read that.
    private long Note(RecordKind kind, SessionClaim session, long number, ushort packetId, StorePlace place)
    {
        if (place.Ticket <= _log.Closed) return Add(kind, session, number, packetId);
        var stripe = _log.Stripe;
        lock (stripe.Gate)
        {
            if (session.Epoch != _store.Epoch) return IMessageStore.Refused;
            if (!_log.IsOpen(place.Ticket)) place = default;
            else Note(kind, number, packetId, place, stripe);
        }

        if (place.Ticket == 0) return Add(kind, session, number, packetId);
        if (kind == RecordKind.Complete) _log.WakeIfVoid();
        return place.Ticket;
    }

    private static void Note(RecordKind kind, long number, ushort packetId, StorePlace place, LogStripe stripe)
    {
        var header = (RecordHeader*)place.Address;
        Debug.Assert(header->Ticket == place.Ticket && header->Number == number && header->Flags == 0, "A place is not that of its delivery.");
        if (kind == RecordKind.Complete)
        {
            header->Flags = RecordHeader.Over;
            stripe.Voided++;
            return;
        }

        var state = kind == RecordKind.MarkSent ? DeliveryState.Sent : DeliveryState.Received;
        header->Value = new DeliveryMark(header->Value).With(state, packetId).Value;
    }

    // What is taken beyond the limit, because nobody would say it again: that something is over or moves on which was taken before, so there is a
    // bound to it. Whoever unsubscribes or clears a retained message asks again, and could alternate with what is not taken for ever.
    private static bool IsEnd(RecordKind kind) => kind
        is RecordKind.MarkSent or RecordKind.MarkReceived or RecordKind.Complete or RecordKind.RemoveReceivedId or RecordKind.ClearWill or RecordKind.Drop;

    // A record without bytes of its own.
    private long Add(RecordKind kind, SessionClaim session, long number, ushort packetId)
    {
        var stripe = _log.Stripe;
        long ticket;
        lock (stripe.Gate)
        {
            if (session.Epoch != _store.Epoch) return IMessageStore.Refused;
            ticket = TryAdd(stripe, kind, session, number, packetId);
        }

        if (ticket != IMessageStore.Refused) _log.Wake();
        return ticket;
    }

    private static long TryAdd(LogStripe stripe, RecordKind kind, SessionClaim session, long number, ushort packetId)
    {
        var header = stripe.TryAdd(0, beyondLimit: IsEnd(kind));
        if (header is null) return IMessageStore.Refused;
        header->Kind = kind;
        header->PacketId = packetId;
        header->Session = session.Key;
        header->Number = number;
        return header->Ticket;
    }
}
