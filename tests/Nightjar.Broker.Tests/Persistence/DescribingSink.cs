using System.Text;
using Nightjar.Broker.Persistence;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>Writes down what a store hands over; claims without their epochs.</summary>
internal sealed class DescribingSink : IRecoverySink
{
    internal List<string> Lines { get; } = [];

    public void OnMessage(in MessageRecord message) => Lines.Add($"message {message.Id} {Describe(message)}");

    public void OnRetained(in MessageRecord message) => Lines.Add($"retained {Describe(message)}");

    public void OnSession(SessionClaim session, in SessionRecord record) => Lines.Add($"session {session.Key} {record}");

    public void OnSubscription(long sessionKey, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier) =>
        Lines.Add($"subscription {sessionKey} {Encoding.UTF8.GetString(topicFilter)} {options} {subscriptionIdentifier}");

    public void OnWill(long sessionKey, in MessageRecord message, uint delayInterval, uint? expiryInterval) =>
        Lines.Add($"will {sessionKey} {Describe(message)} {delayInterval} {expiryInterval}");

    public void OnDelivery(long sessionKey, long messageId, in DeliveryRecord delivery, DeliveryState state, ushort packetId) =>
        Lines.Add($"delivery {sessionKey} {messageId} {delivery} {state} {packetId}");

    public void OnReceivedId(long sessionKey, ushort packetId) => Lines.Add($"received {sessionKey} {packetId}");

    private static string Describe(in MessageRecord message) =>
        $"{Encoding.UTF8.GetString(message.TopicName)} {Convert.ToHexString(message.Properties)} {Encoding.UTF8.GetString(message.Payload)} {message.QoS} {message.Retain} {message.ExpiresAt}";
}
