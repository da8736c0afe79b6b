using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Client;

/// <summary>An Application Message to publish (§3.3). Immutable.</summary>
/// <remarks>The memory is not copied: it stays unchanged until the publish has completed.</remarks>
public sealed record MqttPublish
{
    /// <summary>Topic Name, UTF-8, without wildcards; may be empty when <see cref="TopicAlias"/> is known to the server.</summary>
    public required ReadOnlyMemory<byte> TopicName { get; init; }

    /// <summary>Payload; may be empty.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Quality of Service.</summary>
    public QualityOfService QoS { get; init; }

    /// <summary>RETAIN flag.</summary>
    public bool Retain { get; init; }

    /// <summary>Message Expiry Interval in seconds, or null for none. 5.0 only.</summary>
    public uint? MessageExpiryInterval { get; init; }

    /// <summary>Topic Alias chosen by the caller; 0 = none. A message that is sent again on resume goes without it, so the topic must be there.</summary>
    public ushort TopicAlias { get; init; }

    /// <summary>Further properties, encoded; see <see cref="PropertyBlockBuilder"/>. 5.0 only.</summary>
    public ReadOnlyMemory<byte> Properties { get; init; }

    /// <summary>Makes a message from a topic and payload text.</summary>
    public static MqttPublish Create(string topicName, string payload, QualityOfService qos = QualityOfService.AtMostOnce, bool retain = false) =>
        Create(topicName, Encoding.UTF8.GetBytes(payload), qos, retain);

    /// <summary>Makes a message from a topic and payload bytes.</summary>
    public static MqttPublish Create(string topicName, ReadOnlyMemory<byte> payload, QualityOfService qos = QualityOfService.AtMostOnce, bool retain = false) => new()
    {
        TopicName = Encoding.UTF8.GetBytes(topicName),
        Payload = payload,
        QoS = qos,
        Retain = retain,
    };

    /// <summary>A copy that shares no memory with the caller.</summary>
    internal MqttPublish Own() => this with
    {
        TopicName = TopicName.ToArray(),
        Payload = Payload.ToArray(),
        Properties = Properties.ToArray(),
    };
}
