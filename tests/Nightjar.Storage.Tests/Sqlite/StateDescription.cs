using System.Globalization;
using System.Text;
using Nightjar.Broker.Persistence;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>What a store hands over, in words that do not depend on the names it gives: two stores that were told the same describe themselves alike.</summary>
internal sealed class StateDescription(bool pages = false) : IRecoverySink
{
    private readonly Dictionary<long, string> _messages = [];
    private readonly Dictionary<long, string> _sessions = [];
    private readonly Dictionary<long, long> _lastNumbers = [];
    private readonly List<string> _lines = [];

    public bool WantsPages => pages;

    /// <summary>Keys of sessions by client id.</summary>
    internal Dictionary<string, SessionClaim> Claims { get; } = [];

    internal int Messages => _messages.Count;

    internal string Text => string.Join('\n', _lines.Order(StringComparer.Ordinal));

    internal static string Describe(in MessageRecord message) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Encoding.UTF8.GetString(message.TopicName)} {Convert.ToHexString(message.Properties)} {Convert.ToHexString(message.Payload)} {message.QoS} {message.Retain} {message.ExpiresAt} {message.PublisherClientId ?? "-"}");

    internal static string Describe(in DeliveryRecord delivery) => string.Create(
        CultureInfo.InvariantCulture,
        $"{delivery.Number} {delivery.QoS} {delivery.Retain} {delivery.SubscriptionIdentifier} [{string.Join(' ', delivery.SubscriptionIdentifiers ?? [])}] {Name(delivery.ShareName)} {Name(delivery.ShareFilter)}");

    public void OnMessage(in MessageRecord message) => _messages.Add(message.Id, Describe(message));

    public void OnRetained(in MessageRecord message) => _lines.Add($"retained {Describe(message)}");

    public void OnSession(SessionClaim session, in SessionRecord record)
    {
        _sessions.Add(session.Key, record.ClientId);
        Claims.Add(record.ClientId, session);
        _lines.Add($"session {record}");
    }

    public void OnSubscription(long sessionKey, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier) =>
        _lines.Add(string.Create(CultureInfo.InvariantCulture, $"subscription {_sessions[sessionKey]} {Encoding.UTF8.GetString(topicFilter)} {options} {subscriptionIdentifier}"));

    public void OnWill(long sessionKey, in MessageRecord message, uint delayInterval, uint? expiryInterval) =>
        _lines.Add(string.Create(CultureInfo.InvariantCulture, $"will {_sessions[sessionKey]} {Describe(message)} {delayInterval} {expiryInterval}"));

    public void OnDelivery(long sessionKey, long messageId, in DeliveryRecord delivery, DeliveryState state, ushort packetId)
    {
        Advance(sessionKey, delivery.Number);
        var message = state == DeliveryState.Received ? "gone" : _messages[messageId];
        _lines.Add(string.Create(CultureInfo.InvariantCulture, $"delivery {_sessions[sessionKey]} {Describe(delivery)} {state} {packetId} of {message}"));
    }

    public void OnQueued(long sessionKey, long number, int size, bool isShared)
    {
        Advance(sessionKey, number);
        _lines.Add(string.Create(CultureInfo.InvariantCulture, $"queued {_sessions[sessionKey]} {number} {size} {isShared}"));
    }

    public void OnReceivedId(long sessionKey, ushort packetId) => _lines.Add(string.Create(CultureInfo.InvariantCulture, $"received {_sessions[sessionKey]} {packetId}"));

    private static string Name(byte[]? bytes) => bytes is null ? "-" : Encoding.UTF8.GetString(bytes);

    private void Advance(long sessionKey, long number)
    {
        if (_lastNumbers.TryGetValue(sessionKey, out var last) && last >= number)
            throw new InvalidOperationException($"Delivery {number} comes after {last}.");
        _lastNumbers[sessionKey] = number;
    }
}
