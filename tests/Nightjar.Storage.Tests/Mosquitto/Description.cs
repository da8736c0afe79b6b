using System.Text;
using Nightjar.Broker.Persistence;
using Nightjar.Storage.Mosquitto;

namespace Nightjar.Storage.Tests.Mosquitto;

/// <summary>What a file hands over, in lines, with client ids and message contents in place of keys and ids.</summary>
internal sealed class Description : IRecoverySink
{
    private readonly Dictionary<long, string> _messages = [];
    private readonly Dictionary<long, string> _clients = [];

    internal List<string> Sessions { get; } = [];

    internal List<string> Subscriptions { get; } = [];

    internal List<string> Retained { get; } = [];

    internal List<string> Wills { get; } = [];

    internal List<string> Deliveries { get; } = [];

    internal List<string> ReceivedIds { get; } = [];

    internal IReadOnlyList<string> Remarks { get; private set; } = [];

    internal int MessageCount => _messages.Count;

    /// <summary>Everything in one text, to compare; in an order of its own, since only that of a session's deliveries means anything, and they are numbered.</summary>
    internal string Text => string.Join('\n', ((IEnumerable<string>)[.. Sessions, .. Subscriptions, .. Retained, .. Wills, .. Deliveries, .. ReceivedIds]).Order(StringComparer.Ordinal));

    internal static Description Of(string path, TimeProvider time)
    {
        using var file = MosquittoFile.Open(path, time);
        var description = new Description();
        file.Recover(description);
        description.Remarks = file.Remarks;
        return description;
    }

    /// <summary>Of a store of any kind.</summary>
    internal static Description Of(IRecoverableStore store)
    {
        var description = new Description();
        store.Recover(description);
        return description;
    }

    public void OnMessage(in MessageRecord message) => _messages.Add(message.Id, Describe(message));

    public void OnRetained(in MessageRecord message) => Retained.Add(Describe(message));

    public void OnSession(SessionClaim session, in SessionRecord record)
    {
        _clients.Add(session.Key, record.ClientId);
        Sessions.Add($"{record.ClientId} user={record.UserName} interval={record.ExpiryInterval} left={record.DisconnectedAt}");
    }

    public void OnSubscription(long sessionKey, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier) =>
        Subscriptions.Add($"{_clients[sessionKey]} {Encoding.UTF8.GetString(topicFilter)} {options} {subscriptionIdentifier}");

    public void OnWill(long sessionKey, in MessageRecord message, uint delayInterval, uint? expiryInterval) =>
        Wills.Add($"{_clients[sessionKey]} {Describe(message)} delay={delayInterval} expiry={expiryInterval}");

    public void OnDelivery(long sessionKey, long messageId, in DeliveryRecord delivery, DeliveryState state, ushort packetId)
    {
        var identifiers = delivery.SubscriptionIdentifier != 0 ? $" #{delivery.SubscriptionIdentifier}" : "";
        if (delivery.SubscriptionIdentifiers is { } several) identifiers = " #" + string.Join(",", several);
        var share = delivery.ShareName is { } name ? $" share={Encoding.UTF8.GetString(name)}:{Encoding.UTF8.GetString(delivery.ShareFilter ?? [])}" : "";
        var message = state == DeliveryState.Received ? "-" : _messages[messageId];
        Deliveries.Add($"{_clients[sessionKey]} {delivery.Number} qos={(int)delivery.QoS} retain={delivery.Retain} {state} {packetId}{identifiers}{share} {message}");
    }

    public void OnReceivedId(long sessionKey, ushort packetId) => ReceivedIds.Add($"{_clients[sessionKey]} {packetId}");

    private static string Describe(in MessageRecord message)
    {
        var payload = message.Payload.Length > 1000 ? $"{message.Payload.Length} x {(char)message.Payload[0]}" : Encoding.UTF8.GetString(message.Payload);
        var properties = message.Properties.IsEmpty ? "" : " " + Convert.ToHexString(message.Properties);
        var expires = message.ExpiresAt == long.MaxValue ? "" : $" expires={message.ExpiresAt}";
        return $"[{Encoding.UTF8.GetString(message.TopicName)} = {payload} q{(int)message.QoS}{(message.Retain ? " r" : "")}{properties}{expires}]";
    }
}
