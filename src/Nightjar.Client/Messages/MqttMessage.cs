using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Client;

/// <summary>A received Application Message, copied out of the receive buffer. Immutable.</summary>
public sealed class MqttMessage
{
    private MqttMessage()
    {
    }

    /// <summary>Topic Name, UTF-8; an alias is already resolved.</summary>
    public required ReadOnlyMemory<byte> TopicName { get; init; }

    /// <summary>Topic Name as text; decoded at each call.</summary>
    public string Topic => Encoding.UTF8.GetString(TopicName.Span);

    /// <summary>Payload.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Payload as text; decoded at each call.</summary>
    public string PayloadText => Encoding.UTF8.GetString(Payload.Span);

    /// <summary>Quality of Service it was sent with.</summary>
    public QualityOfService QoS { get; init; }

    /// <summary>RETAIN flag.</summary>
    public bool Retain { get; init; }

    /// <summary>DUP flag.</summary>
    public bool Dup { get; init; }

    /// <summary>Packet Identifier; 0 for QoS 0.</summary>
    public ushort PacketId { get; init; }

    /// <summary>Topic Alias it came with; 0 = none.</summary>
    public ushort TopicAlias { get; init; }

    /// <summary>Message Expiry Interval in seconds, or null.</summary>
    public uint? MessageExpiryInterval { get; init; }

    /// <summary>Payload Format Indicator, or null.</summary>
    public byte? PayloadFormatIndicator { get; init; }

    /// <summary>Content Type, or null.</summary>
    public string? ContentType { get; init; }

    /// <summary>Response Topic, or null.</summary>
    public string? ResponseTopic { get; init; }

    /// <summary>Correlation Data, or null.</summary>
    public ReadOnlyMemory<byte>? CorrelationData { get; init; }

    /// <summary>Subscription Identifiers, in order.</summary>
    public IReadOnlyList<uint> SubscriptionIdentifiers { get; init; } = [];

    /// <summary>User Properties, in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> UserProperties { get; init; } = [];

    /// <summary>Copies a view.</summary>
    internal static MqttMessage From(scoped in ReceivedMessage message)
    {
        PublishProperties properties = message.Properties;
        return new MqttMessage
        {
            TopicName = message.TopicName.ToArray(),
            Payload = message.Payload.ToArray(),
            QoS = message.QoS,
            Retain = message.Retain,
            Dup = message.Dup,
            PacketId = message.PacketId,
            TopicAlias = properties.TopicAlias,
            MessageExpiryInterval = properties.HasMessageExpiryInterval ? properties.MessageExpiryInterval : null,
            PayloadFormatIndicator = properties.HasPayloadFormatIndicator ? properties.PayloadFormatIndicator : null,
            ContentType = properties.HasContentType ? Encoding.UTF8.GetString(properties.ContentType) : null,
            ResponseTopic = properties.HasResponseTopic ? Encoding.UTF8.GetString(properties.ResponseTopic) : null,
            CorrelationData = properties.HasCorrelationData ? properties.CorrelationData.ToArray() : default(ReadOnlyMemory<byte>?),
            SubscriptionIdentifiers = ReadIdentifiers(in properties),
            UserProperties = ReadUserProperties(in properties),
        };
    }

    private static uint[] ReadIdentifiers(in PublishProperties properties)
    {
        if (properties.SubscriptionIdentifierCount == 0) return [];
        var identifiers = new List<uint>();
        foreach (uint identifier in properties.SubscriptionIdentifiers) identifiers.Add(identifier);
        return [.. identifiers];
    }

    private static KeyValuePair<string, string>[] ReadUserProperties(in PublishProperties properties)
    {
        if (properties.UserPropertyCount == 0) return [];
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (UserProperty property in properties.UserProperties)
            pairs.Add(new(Encoding.UTF8.GetString(property.Name), Encoding.UTF8.GetString(property.Value)));
        return [.. pairs];
    }
}
