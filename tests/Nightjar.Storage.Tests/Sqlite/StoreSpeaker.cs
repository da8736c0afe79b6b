using System.Net;
using System.Text;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Security;
using Nightjar.Protocol;
using Nightjar.Testing;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>Says the same to several stores, as a broker would: each has its own claims and its own copies of messages.</summary>
internal sealed class StoreSpeaker(BrokerStores stores)
{
    private readonly Dictionary<string, SessionClaim> _claims = [];
    private readonly Dictionary<int, PublishedMessage> _messages = [];
    private readonly Dictionary<(string ClientId, long Number), StorePlace> _places = [];

    internal BrokerStores Stores => stores;

    /// <summary>The newest ticket that was given out.</summary>
    internal long Ticket { get; private set; }

    internal static BrokerClock Clock() => new(new FakeTimeProvider());

    internal static PublishedMessage Message(string topic, ReadOnlySpan<byte> payload, string? publisher = null, long expiresAt = long.MaxValue) =>
        PublishedMessage.Unpooled(new Publication(new MessagePool())
        {
            TopicName = Encoding.UTF8.GetBytes(topic),
            Properties = expiresAt == long.MaxValue ? [] : [1, 1],
            Payload = payload,
            QoS = QualityOfService.AtLeastOnce,
            ExpiresAt = expiresAt,
            Origin = publisher is null ? null : new Identity(publisher, "user", new IPEndPoint(IPAddress.IPv6Loopback, 9), "domain"),
        });

    internal SessionClaim Claim(string clientId)
    {
        if (!_claims.TryGetValue(clientId, out var claim))
            _claims[clientId] = claim = stores.Sessions.ClaimAsync(clientId, CancellationToken.None).AsTask().Result;
        return claim;
    }

    internal void Save(string clientId, uint expiry = uint.MaxValue, long? disconnectedAt = null) =>
        Note(stores.Sessions.Save(Claim(clientId), new SessionRecord(clientId, clientId + "-user", expiry, disconnectedAt, "domain", IPAddress.Loopback)));

    internal void Drop(string clientId) => Note(stores.Sessions.Drop(Claim(clientId)));

    /// <summary>Queues a message to a session; the same number of a message is the same message.</summary>
    internal void Append(string clientId, int message, in DeliveryRecord delivery)
    {
        if (!_messages.TryGetValue(message, out var kept))
            _messages[message] = kept = Message($"topic/{message}", Encoding.UTF8.GetBytes(new string('x', message % 300)), message % 3 == 0 ? "p" : null, message % 5 == 0 ? message : long.MaxValue);
        Note(stores.Messages.Append(Claim(clientId), kept, delivery, out var place));
        _places[(clientId, delivery.Number)] = place;
    }

    /// <summary>The place a delivery got, however long ago.</summary>
    internal StorePlace PlaceOf(string clientId, long number) => _places.GetValueOrDefault((clientId, number));

    internal void Note(long ticket)
    {
        if (ticket == IMessageStore.Refused) throw new InvalidOperationException("Refused.");
        Ticket = Math.Max(Ticket, ticket);
    }
}
