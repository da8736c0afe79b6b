using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Storage.Sqlite.Log;
using Nightjar.Storage.Sqlite.Records;

namespace Nightjar.Storage.Sqlite;

/// <content>Sessions, subscriptions, wills, retained messages.</content>
internal sealed unsafe partial class SqliteLease
{
    public ValueTask<SessionClaim> ClaimAsync(string clientId, CancellationToken cancellationToken) => new(new SessionClaim(_store.Keys.FindOrMake(clientId), _epoch));

    public long Save(SessionClaim session, in SessionRecord record)
    {
        var length = SessionValue.SizeOf(record);
        var stripe = _log.Stripe;
        long ticket;
        lock (stripe.Gate)
        {
            var header = TryAdd(stripe, RecordKind.Save, session, length, 0);
            if (header is null) return IMessageStore.Refused;
            ticket = header->Ticket;
            header->Number = record.DisconnectedAt ?? SessionValue.Connected;
            header->Value = record.ExpiryInterval;
            SessionValue.Write(record, new Span<byte>(RecordHeader.Extra(header), length));
            _store.Keys.Add(record.ClientId, session.Key);
        }

        _log.Wake();
        return ticket;
    }

    public long Drop(SessionClaim session)
    {
        var ticket = Add(RecordKind.Drop, session, 0, 0);
        if (ticket != IMessageStore.Refused) _store.Keys.Remove(session.Key);
        return ticket;
    }

    public long AddSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier) =>
        AddNamed(RecordKind.AddSubscription, session, topicFilter, options, subscriptionIdentifier);

    public long RemoveSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter) => AddNamed(RecordKind.RemoveSubscription, session, topicFilter, 0, 0);

    public long SetWill(SessionClaim session, PublishedMessage will, uint delayInterval, uint? expiryInterval) =>
        AddMessage(RecordKind.SetWill, session, default, MessageRecord.Of(will, _clock), delayInterval, expiryInterval ?? -1L);

    public long ClearWill(SessionClaim session) => Add(RecordKind.ClearWill, session, 0, 0);

    public long Set(PublishedMessage message)
    {
        var record = MessageRecord.Of(message, _clock);
        var withoutTopic = new MessageRecord
        {
            Properties = record.Properties,
            Payload = record.Payload,
            QoS = record.QoS,
            Retain = record.Retain,
            ExpiresAt = record.ExpiresAt,
            PublisherClientId = record.PublisherClientId,
            PublisherUserName = record.PublisherUserName,
            PublisherAddress = record.PublisherAddress,
            PublisherDomain = record.PublisherDomain,
        };
        return AddMessage(RecordKind.SetRetained, new SessionClaim(0, _epoch), record.TopicName, withoutTopic, 0, 0);
    }

    public long Clear(ReadOnlySpan<byte> topicName) => AddNamed(RecordKind.ClearRetained, new SessionClaim(0, _epoch), topicName, 0, 0);

    private long AddNamed(RecordKind kind, SessionClaim session, ReadOnlySpan<byte> name, byte flags, uint value)
    {
        var stripe = _log.Stripe;
        long ticket;
        lock (stripe.Gate)
        {
            var header = TryAdd(stripe, kind, session, name.Length, 0);
            if (header is null) return IMessageStore.Refused;
            ticket = header->Ticket;
            header->Flags = flags;
            header->Value = value;
            name.CopyTo(new Span<byte>(RecordHeader.Extra(header), name.Length));
        }

        _log.Wake();
        return ticket;
    }

    private long AddMessage(RecordKind kind, SessionClaim session, ReadOnlySpan<byte> topicName, in MessageRecord message, long number, long value)
    {
        var stripe = _log.Stripe;
        long ticket;
        lock (stripe.Gate)
        {
            var publisher = stripe.Publisher.Encode(message);
            var length = MessageCodec.SizeOf(message, publisher);
            var header = TryAdd(stripe, kind, session, topicName.Length, length);
            if (header is null) return IMessageStore.Refused;
            ticket = header->Ticket;
            header->Number = number;
            header->Value = value;
            topicName.CopyTo(new Span<byte>(RecordHeader.Extra(header), topicName.Length));
            MessageCodec.Write(message, publisher, stripe.Publisher.Flags, new Span<byte>(RecordHeader.Body(header), length));
        }

        _log.Wake();
        return ticket;
    }

    // Under the stripe's lock. Null: refused.
    private RecordHeader* TryAdd(LogStripe stripe, RecordKind kind, SessionClaim session, int extraLength, int bodyLength)
    {
        if (session.Epoch != _store.Epoch) return null;
        var header = stripe.TryAdd(extraLength + bodyLength, beyondLimit: IsEnd(kind));
        if (header is null) return null;
        header->Kind = kind;
        header->Session = session.Key;
        header->ExtraLength = extraLength;
        header->BodyLength = bodyLength;
        return header;
    }
}
