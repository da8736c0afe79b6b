using System.Text;
using System.Text.Json;
using Nightjar.Protocol;

namespace Nightjar.Storage.Mosquitto;

/// <summary>Properties as Mosquitto's SQLite plugin keeps them: a JSON array of objects with <c>identifier</c>, <c>value</c> and, of a user property, <c>name</c>.</summary>
internal static class JsonProperties
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 4 };

    private static readonly Dictionary<string, PropertyId> Identifiers = new(StringComparer.Ordinal)
    {
        ["payload-format-indicator"] = PropertyId.PayloadFormatIndicator,
        ["message-expiry-interval"] = PropertyId.MessageExpiryInterval,
        ["content-type"] = PropertyId.ContentType,
        ["response-topic"] = PropertyId.ResponseTopic,
        ["correlation-data"] = PropertyId.CorrelationData,
        ["subscription-identifier"] = PropertyId.SubscriptionIdentifier,
        ["will-delay-interval"] = PropertyId.WillDelayInterval,
        ["topic-alias"] = PropertyId.TopicAlias,
        ["user-property"] = PropertyId.UserProperty,
    };

    /// <summary>Encodes them as in a packet, in order.</summary>
    /// <param name="json">UTF-8; empty for none.</param>
    /// <param name="error">What is wrong; null when nothing is.</param>
    internal static byte[] Encode(ReadOnlySpan<byte> json, out string? error)
    {
        error = null;
        if (json.IsEmpty) return [];
        try
        {
            using var document = JsonDocument.Parse(json.ToArray(), Options);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                error = "the properties are no JSON array.";
                return [];
            }

            // Encoded, a property is shorter than in JSON, but for the five bytes of numbers and names, which have longer words there.
            var writer = new PropertyWriter(new byte[json.Length * 3 + 16]);
            foreach (var element in document.RootElement.EnumerateArray())
            {
                error = Add(ref writer, element);
                if (error is not null) return [];
            }

            return writer.Written.ToArray();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or KeyNotFoundException or ArgumentException)
        {
            error = $"the properties cannot be read: {exception.Message}";
            return [];
        }
    }

    private static string? Add(ref PropertyWriter writer, JsonElement element)
    {
        var name = element.GetProperty("identifier").GetString() ?? "";
        if (!Identifiers.TryGetValue(name, out var id)) return $"the property '{name}' is not known.";
        var value = element.GetProperty("value");
        switch (id)
        {
            case PropertyId.PayloadFormatIndicator:
                writer.AddByte(id, value.GetByte());
                break;
            case PropertyId.TopicAlias:
                writer.AddUInt16(id, value.GetUInt16());
                break;
            case PropertyId.MessageExpiryInterval or PropertyId.WillDelayInterval:
                writer.AddUInt32(id, value.GetUInt32());
                break;
            case PropertyId.SubscriptionIdentifier:
                if (value.GetUInt32() > VariableByteInteger.MaximumValue) return "a subscription identifier is too large.";
                writer.AddVariable(id, value.GetUInt32());
                break;
            case PropertyId.CorrelationData:
                writer.AddBytes(id, Convert.FromHexString(value.GetString() ?? ""));
                break;
            case PropertyId.UserProperty:
                writer.AddUserProperty(Utf8(element.GetProperty("name")), Utf8(value));
                break;
            default:
                writer.AddBytes(id, Utf8(value));
                break;
        }

        return null;
    }

    private static byte[] Utf8(JsonElement element) => Encoding.UTF8.GetBytes(element.GetString() ?? throw new FormatException("a text is null."));
}
