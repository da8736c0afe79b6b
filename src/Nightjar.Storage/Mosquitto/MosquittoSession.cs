namespace Nightjar.Storage.Mosquitto;

/// <summary>A session as Mosquitto keeps it, with everything but the messages themselves.</summary>
internal sealed class MosquittoSession(long key, string clientId)
{
    /// <summary>Our name of it, counted from 1 in the order of the file.</summary>
    internal long Key { get; } = key;

    internal string ClientId { get; } = clientId;

    internal string? UserName { get; set; }

    /// <summary>Session Expiry Interval in seconds; 0xFFFFFFFF never, as for every durable session of MQTT 3.</summary>
    internal uint ExpiryInterval { get; set; } = uint.MaxValue;

    /// <summary>When the client left, in Unix seconds; 0 when the file does not tell or it was connected.</summary>
    internal long LeftAt { get; set; }

    internal List<MosquittoSubscription> Subscriptions { get; } = [];

    /// <summary>Towards the client, in order.</summary>
    internal List<MosquittoDelivery> Outgoing { get; } = [];

    /// <summary>QoS 2 messages of the client that it has not released yet.</summary>
    internal List<MosquittoDelivery> Incoming { get; } = [];

    internal MosquittoWill? Will { get; set; }
}

/// <summary>A subscription.</summary>
/// <param name="TopicFilter">As in SUBSCRIBE, valid.</param>
/// <param name="Options">Subscription Options (§3.8.3.1).</param>
/// <param name="Identifier">Subscription Identifier; 0 for none.</param>
internal readonly record struct MosquittoSubscription(byte[] TopicFilter, byte Options, uint Identifier);

/// <summary>A message on its way to or from a client.</summary>
/// <param name="MessageId">Mosquitto's id of the message.</param>
/// <param name="PacketId">0 for none yet.</param>
/// <param name="QoS">0 to 2.</param>
/// <param name="Retain">RETAIN flag of the delivery.</param>
/// <param name="State">How far it came.</param>
/// <param name="SubscriptionIdentifiers">Of the subscriptions that matched; null for none.</param>
internal readonly record struct MosquittoDelivery(
    long MessageId, ushort PacketId, byte QoS, bool Retain, MosquittoState State, uint[]? SubscriptionIdentifiers);

/// <summary>A will.</summary>
/// <param name="Message">What is published.</param>
/// <param name="DelayInterval">Will Delay Interval in seconds.</param>
/// <param name="ExpiryInterval">Message Expiry Interval in seconds; null for none.</param>
internal sealed record MosquittoWill(MosquittoMessage Message, uint DelayInterval, uint? ExpiryInterval);
