namespace Nightjar.Protocol;

/// <summary>One Topic Filter that a client asks for, with its Subscription Options (§3.8.3).</summary>
/// <param name="TopicFilter">UTF-8 bytes; $share/ShareName/ in front for a shared subscription.</param>
/// <param name="MaximumQoS">Highest QoS at which the server sends.</param>
/// <param name="NoLocal">Not to receive what this client publishes; v5 only.</param>
/// <param name="RetainAsPublished">Keep the RETAIN flag; v5 only.</param>
/// <param name="RetainHandling">When retained messages are sent; v5 only.</param>
public readonly record struct SubscriptionRequest(
    ReadOnlyMemory<byte> TopicFilter,
    QualityOfService MaximumQoS,
    bool NoLocal = false,
    bool RetainAsPublished = false,
    RetainHandling RetainHandling = RetainHandling.SendAtSubscribe)
{
    /// <summary>The options byte of a version.</summary>
    internal byte Options(ProtocolVersion version) => version == ProtocolVersion.Mqtt50
        ? (byte)((int)MaximumQoS | (NoLocal ? 0b0100 : 0) | (RetainAsPublished ? 0b1000 : 0) | ((int)RetainHandling << 4))
        : (byte)MaximumQoS;
}
