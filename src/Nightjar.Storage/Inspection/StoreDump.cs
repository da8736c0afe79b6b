using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Nightjar.Broker.Persistence;
using Nightjar.Protocol;

namespace Nightjar.Storage.Inspection;

/// <summary>Writes what a store hands over, a line a thing: JSON, or <c>kind name=value ...</c> with the values in JSON as well, so that a line break or a quote in one cannot mislead.</summary>
internal sealed class StoreDump : IRecoverySink, IDisposable
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Dictionary<long, string> _clientIds = [];
    private readonly BufferedStream _output;
    private readonly MemoryStream _line = new();
    private readonly Utf8JsonWriter _json;
    private readonly bool _asJson;

    internal StoreDump(Stream output, bool asJson)
    {
        _output = new BufferedStream(output, 1 << 16);
        _json = new Utf8JsonWriter(_line, WriterOptions);
        _asJson = asJson;
    }

    public void OnMessage(in MessageRecord message)
    {
        Begin("message");
        Number("id", message.Id);
        Content(message);
        End();
    }

    public void OnRetained(in MessageRecord message)
    {
        Begin("retained");
        Content(message);
        End();
    }

    public void OnSession(SessionClaim session, in SessionRecord record)
    {
        _clientIds[session.Key] = record.ClientId;
        Begin("session");
        Text("client", record.ClientId);
        if (record.UserName is { } user) Text("user", user);
        if (record.ExpiryInterval == uint.MaxValue) Text("expiry", "never");
        else Number("expiry", record.ExpiryInterval);
        if (record.DisconnectedAt is { } left) Text("left", Time(left));
        if (record.SecurityDomain.Length > 0) Text("domain", record.SecurityDomain);
        if (record.Address is { } address) Text("address", address.ToString());
        End();
    }

    public void OnSubscription(long sessionKey, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier)
    {
        Begin("subscription");
        Text("client", ClientId(sessionKey));
        Text("filter", topicFilter);
        Number("qos", options & 3);
        if ((options & 4) != 0) Number("no_local", 1);
        if ((options & 8) != 0) Number("retain_as_published", 1);
        if (options >> 4 != 0) Number("retain_handling", options >> 4);
        if (subscriptionIdentifier != 0) Number("identifier", subscriptionIdentifier);
        End();
    }

    public void OnWill(long sessionKey, in MessageRecord message, uint delayInterval, uint? expiryInterval)
    {
        Begin("will");
        Text("client", ClientId(sessionKey));
        Number("delay", delayInterval);
        if (expiryInterval is { } interval) Number("expiry", interval);
        Content(message);
        End();
    }

    public void OnDelivery(long sessionKey, long messageId, in DeliveryRecord delivery, DeliveryState state, ushort packetId)
    {
        Begin("delivery");
        Text("client", ClientId(sessionKey));
        Number("number", delivery.Number);
        Text("state", state switch { DeliveryState.Queued => "queued", DeliveryState.Sent => "sent", _ => "received" });
        if (state != DeliveryState.Received) Number("message", messageId);
        if (packetId != 0) Number("packet_id", packetId);
        Number("qos", (int)delivery.QoS);
        if (delivery.Retain) Number("retain", 1);
        foreach (var identifier in delivery.SubscriptionIdentifiers ?? (delivery.SubscriptionIdentifier == 0 ? [] : [delivery.SubscriptionIdentifier])) Number("identifier", identifier);
        if (delivery.ShareName is { } share)
        {
            Text("share", share);
            Text("filter", delivery.ShareFilter);
        }

        End();
    }

    public void OnReceivedId(long sessionKey, ushort packetId)
    {
        Begin("received");
        Text("client", ClientId(sessionKey));
        Number("packet_id", packetId);
        End();
    }

    public void Dispose()
    {
        _json.Dispose();
        _output.Flush();
    }

    private static string Time(long milliseconds) =>
        milliseconds is >= -62_135_596_800_000 and <= 253_402_300_799_999
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : milliseconds.ToString(CultureInfo.InvariantCulture);

    private string ClientId(long sessionKey) => _clientIds.GetValueOrDefault(sessionKey) ?? $"(session {sessionKey}, which is not there)";

    private void Content(in MessageRecord message)
    {
        Text("topic", message.TopicName);
        Number("qos", (int)message.QoS);
        if (message.Retain) Number("retain", 1);
        if (message.ExpiresAt != long.MaxValue) Text("expires", Time(message.ExpiresAt));
        if (message.PublisherClientId is { } publisher) Text("publisher", publisher);
        if (message.PublisherUserName is { } user) Text("publisher_user", user);
        if (message.PublisherAddress is { } address) Text("publisher_address", address.ToString());
        if (!message.Properties.IsEmpty) Text("properties", Convert.ToHexString(message.Properties));
        Number("size", message.Payload.Length);
        if (Utf8Text.IsValid(message.Payload)) Text("payload", message.Payload);
        else Text("payload_base64", Convert.ToBase64String(message.Payload));
    }

    private void Begin(string kind)
    {
        _line.SetLength(0);
        if (!_asJson)
        {
            _line.Write(Encoding.UTF8.GetBytes(kind));
            return;
        }

        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString("kind", kind);
    }

    private void Number(string name, long value)
    {
        if (_asJson) _json.WriteNumber(name, value);
        else _line.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $" {name}={value}")));
    }

    private void Text(string name, string value) => Text(name, Encoding.UTF8.GetBytes(value));

    private void Text(string name, ReadOnlySpan<byte> value)
    {
        if (_asJson)
        {
            _json.WriteString(name, value);
            return;
        }

        _line.Write(Encoding.UTF8.GetBytes($" {name}="));
        _json.Reset();
        _json.WriteStringValue(value);
        _json.Flush();
    }

    private void End()
    {
        if (_asJson)
        {
            _json.WriteEndObject();
            _json.Flush();
        }

        _line.WriteByte((byte)'\n');
        _output.Write(_line.GetBuffer(), 0, (int)_line.Length);
    }
}
