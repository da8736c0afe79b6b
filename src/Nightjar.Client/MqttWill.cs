using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Client;

/// <summary>Will Message of a CONNECT packet (§3.1.2.5). Immutable.</summary>
public sealed record MqttWill
{
    /// <summary>Will Topic, UTF-8, without wildcards.</summary>
    public required ReadOnlyMemory<byte> TopicName { get; init; }

    /// <summary>Will Payload, 0 to 65 535 bytes.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Will QoS.</summary>
    public QualityOfService QoS { get; init; }

    /// <summary>Will Retain.</summary>
    public bool Retain { get; init; }

    /// <summary>Will Delay Interval in seconds. 5.0 only.</summary>
    public uint DelayInterval { get; init; }

    /// <summary>Message Expiry Interval in seconds, or null for none. 5.0 only.</summary>
    public uint? MessageExpiryInterval { get; init; }

    /// <summary>Further will properties, encoded; see <see cref="PropertyBlockBuilder"/>. 5.0 only.</summary>
    public ReadOnlyMemory<byte> Properties { get; init; }

    /// <summary>Makes a will from text.</summary>
    public static MqttWill Create(string topicName, string payload, QualityOfService qos = QualityOfService.AtMostOnce, bool retain = false) => new()
    {
        TopicName = Encoding.UTF8.GetBytes(topicName),
        Payload = Encoding.UTF8.GetBytes(payload),
        QoS = qos,
        Retain = retain,
    };
}
