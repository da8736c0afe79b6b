using System.Text;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;

namespace Nightjar.Storage.InMemory;

/// <summary>
/// One broker's ownership of an in-memory store. The next one ends it: from then on its writes are refused, and with them the
/// acknowledgements that wait for their tickets.
/// </summary>
/// <remarks>Any thread. One lock, which is a leaf: nothing else is taken under it.</remarks>
internal sealed partial class StoreLease : IMessageStore, ISessionStore, IRetainedStore
{
    private readonly StoreState _state;
    private readonly BrokerClock _clock;
    private readonly bool _pages;
    private readonly long _epoch;

    internal StoreLease(StoreState state, BrokerClock clock, bool pages)
    {
        _pages = pages;
        _state = state;
        _clock = clock;
        lock (state) _epoch = ++state.Epoch;
    }

    public long DurableTicket => IMessageStore.Refused - 1;

    public void OnDurable(Action<long> callback)
    {
    }

    public ValueTask<SessionClaim> ClaimAsync(string clientId, CancellationToken cancellationToken)
    {
        lock (_state) return new(new SessionClaim(_state.Keys.TryGetValue(clientId, out var key) ? key : ++_state.LastKey, _epoch));
    }

    public long Save(SessionClaim session, in SessionRecord record)
    {
        lock (_state)
        {
            if (session.Epoch != _state.Epoch) return IMessageStore.Refused;
            if (!_state.Sessions.TryGetValue(session.Key, out var stored))
            {
                _state.Sessions.Add(session.Key, stored = new StoredSession());
                _state.Keys[record.ClientId] = session.Key;
            }

            stored.Record = record;
            return 0;
        }
    }

    public long Drop(SessionClaim session)
    {
        lock (_state)
        {
            if (session.Epoch != _state.Epoch) return IMessageStore.Refused;
            if (!_state.Sessions.Remove(session.Key, out var stored)) return 0;
            if (_state.Keys.TryGetValue(stored.Record.ClientId, out var key) && key == session.Key) _state.Keys.Remove(stored.Record.ClientId);
            foreach (var delivery in stored.Deliveries.Values) _state.Release(delivery.Message);
            return 0;
        }
    }

    public long AddSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier)
    {
        lock (_state)
        {
            if (!TryFind(session, out var stored, out var ticket)) return ticket;
            stored.Subscriptions[Encoding.UTF8.GetString(topicFilter)] = new StoredSubscription(options, subscriptionIdentifier);
            return 0;
        }
    }

    public long RemoveSubscription(SessionClaim session, ReadOnlySpan<byte> topicFilter)
    {
        lock (_state)
        {
            if (TryFind(session, out var stored, out var ticket)) stored.Subscriptions.Remove(Encoding.UTF8.GetString(topicFilter));
            return ticket;
        }
    }

    public long SetWill(SessionClaim session, PublishedMessage will, uint delayInterval, uint? expiryInterval)
    {
        lock (_state)
        {
            if (TryFind(session, out var stored, out var ticket))
                stored.Will = new StoredWill(new StoredMessage(0, MessageRecord.Of(will, _clock)), delayInterval, expiryInterval);
            return ticket;
        }
    }

    public long ClearWill(SessionClaim session)
    {
        lock (_state)
        {
            if (TryFind(session, out var stored, out var ticket)) stored.Will = null;
            return ticket;
        }
    }

    public long Append(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery)
    {
        lock (_state)
        {
            if (!TryFind(session, out var stored, out var ticket)) return ticket;
            if (message.StoreId == 0 || !_state.Messages.TryGetValue(message.StoreId, out var kept))
            {
                message.StoreId = ++_state.LastMessageId;
                kept = new StoredMessage(message.StoreId, MessageRecord.Of(message, _clock));
                _state.Messages.Add(kept.Id, kept);
            }

            kept.Deliveries++;
            stored.Deliveries.Add(delivery.Number, new StoredDelivery(kept, delivery, DeliveryState.Queued, 0));
            return 0;
        }
    }

    public long MarkSent(SessionClaim session, long number, ushort packetId)
    {
        lock (_state)
        {
            if (TryFind(session, out var stored, out var ticket) && stored.Deliveries.TryGetValue(number, out var delivery))
                stored.Deliveries[number] = delivery with { State = DeliveryState.Sent, PacketId = packetId };
            return ticket;
        }
    }

    public long MarkReceived(SessionClaim session, long number, ushort packetId)
    {
        lock (_state)
        {
            if (!TryFind(session, out var stored, out var ticket) || !stored.Deliveries.TryGetValue(number, out var delivery)) return ticket;
            _state.Release(delivery.Message);
            stored.Deliveries[number] = delivery with { Message = null, State = DeliveryState.Received, PacketId = packetId };
            return 0;
        }
    }

    public long Complete(SessionClaim session, long number)
    {
        lock (_state)
        {
            if (TryFind(session, out var stored, out var ticket) && stored.Deliveries.Remove(number, out var delivery)) _state.Release(delivery.Message);
            return ticket;
        }
    }

    public long AddReceivedId(SessionClaim session, ushort packetId)
    {
        lock (_state)
        {
            if (TryFind(session, out var stored, out var ticket)) stored.ReceivedIds.Add(packetId);
            return ticket;
        }
    }

    public long RemoveReceivedId(SessionClaim session, ushort packetId)
    {
        lock (_state)
        {
            if (TryFind(session, out var stored, out var ticket)) stored.ReceivedIds.Remove(packetId);
            return ticket;
        }
    }

    public long Set(PublishedMessage message)
    {
        lock (_state)
        {
            if (_epoch != _state.Epoch) return IMessageStore.Refused;
            _state.Retained[Encoding.UTF8.GetString(message.TopicName)] = new StoredMessage(0, MessageRecord.Of(message, _clock));
            return 0;
        }
    }

    public long Clear(ReadOnlySpan<byte> topicName)
    {
        lock (_state)
        {
            if (_epoch != _state.Epoch) return IMessageStore.Refused;
            _state.Retained.Remove(Encoding.UTF8.GetString(topicName));
            return 0;
        }
    }

    private bool TryFind(SessionClaim session, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out StoredSession? stored, out long ticket)
    {
        stored = null;
        ticket = session.Epoch == _state.Epoch ? 0 : IMessageStore.Refused;
        return ticket == 0 && _state.Sessions.TryGetValue(session.Key, out stored);
    }
}
