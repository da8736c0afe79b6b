using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Nightjar.Client;
using Nightjar.Host.Text;

namespace Nightjar.Host.Verbs.Output;

/// <summary>The JSON of %j (payload as a string) and %J (payload as the JSON it is).</summary>
internal static class MessageJson
{
    /// <summary>Writes the object; writes nothing and returns false when the payload has to be JSON and is not.</summary>
    internal static bool TryWrite(IBufferWriter<byte> output, MqttMessage message, DateTimeOffset time, bool parsePayload, bool pretty)
    {
        JsonDocument? document = null;
        if (parsePayload && !TryParse(message.Payload, out document)) return false;
        using (document)
        {
            var json = new JsonText(output, pretty);
            json.BeginObject();
            json.Name("tst"u8);
            json.Text(Encoding.ASCII.GetBytes(time.ToString("yyyy-MM-ddTHH:mm:ss.ffffff", CultureInfo.InvariantCulture) + "Z" + Strftime.Zone(time)));
            json.Name("topic"u8);
            json.Text(message.TopicName.Span);
            WriteNumber(json, "qos"u8, (int)message.QoS);
            WriteNumber(json, "retain"u8, message.Retain ? 1 : 0);
            WriteNumber(json, "payloadlen"u8, message.Payload.Length);
            if (message.QoS > 0) WriteNumber(json, "mid"u8, message.PacketId);
            WriteProperties(json, message);
            json.Name("payload"u8);
            if (document is null) json.Text(message.Payload.Span);
            else json.Value(document.RootElement);
            json.EndObject();
        }

        return true;
    }

    private static bool TryParse(ReadOnlyMemory<byte> payload, out JsonDocument? document)
    {
        try
        {
            document = JsonDocument.Parse(payload);
            return true;
        }
        catch (JsonException)
        {
            document = null;
            return false;
        }
    }

    private static void WriteNumber(JsonText json, ReadOnlySpan<byte> name, long value)
    {
        json.Name(name);
        json.Number(value);
    }

    private static void WriteText(JsonText json, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        json.Name(name);
        json.Text(value);
    }

    private static void WriteProperties(JsonText json, MqttMessage message)
    {
        bool any = message.ContentType is not null || message.CorrelationData is not null || message.PayloadFormatIndicator is not null
            || message.ResponseTopic is not null || message.UserProperties.Count > 0 || message.MessageExpiryInterval is not null
            || message.TopicAlias != 0 || message.SubscriptionIdentifiers.Count > 0;
        if (!any) return;
        json.Name("properties"u8);
        json.BeginObject();
        if (message.ContentType is { } type) WriteText(json, "content-type"u8, Encoding.UTF8.GetBytes(type));
        if (message.CorrelationData is { } data) WriteText(json, "correlation-data"u8, data.Span);
        if (message.PayloadFormatIndicator is { } indicator) WriteNumber(json, "payload-format-indicator"u8, indicator);
        if (message.ResponseTopic is { } response) WriteText(json, "response-topic"u8, Encoding.UTF8.GetBytes(response));
        WriteUserProperties(json, message);
        if (message.MessageExpiryInterval is { } expiry) WriteNumber(json, "message-expiry-interval"u8, expiry);
        if (message.TopicAlias != 0) WriteNumber(json, "topic-alias"u8, message.TopicAlias);
        foreach (uint identifier in message.SubscriptionIdentifiers) WriteNumber(json, "subscription-identifier"u8, identifier);
        json.EndObject();
    }

    private static void WriteUserProperties(JsonText json, MqttMessage message)
    {
        if (message.UserProperties.Count == 0) return;
        json.Name("user-properties"u8);
        json.BeginObject();
        foreach (KeyValuePair<string, string> property in message.UserProperties)
            WriteText(json, Encoding.UTF8.GetBytes(property.Key), Encoding.UTF8.GetBytes(property.Value));
        json.EndObject();
    }
}
