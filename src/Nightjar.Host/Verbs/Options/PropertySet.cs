using System.Text;
using Nightjar.Client;
using Nightjar.Protocol;

namespace Nightjar.Host.Verbs.Options;

/// <summary>The -D properties of one command: those that options of the client stand for, and the others encoded.</summary>
internal sealed class PropertySet
{
    private readonly Dictionary<PropertyId, uint> _numbers = [];
    private readonly PropertyBlockBuilder _encoded = new();

    internal bool IsEmpty => _numbers.Count == 0 && _encoded.Length == 0 && AuthenticationMethod is null && AuthenticationData is null;

    internal string? AuthenticationMethod { get; private set; }

    internal string? AuthenticationData { get; private set; }

    /// <summary>Encoded properties: user properties and those of messages.</summary>
    internal ReadOnlyMemory<byte> Encoded => _encoded.ToArray();

    internal bool HasResponseTopic { get; private set; }

    internal uint? Number(PropertyId id) => _numbers.TryGetValue(id, out uint value) ? value : null;

    /// <summary>Remembers an integer; false when it was given already.</summary>
    internal bool TryAddNumber(PropertyId id, uint value) => _numbers.TryAdd(id, value);

    internal void AddPayloadFormatIndicator(byte value) => _encoded.AddByte(PropertyId.PayloadFormatIndicator, value);

    internal void AddUserProperty(string name, string value) => _encoded.UserProperty(name, value);

    internal void AddText(PropertyId id, string value)
    {
        if (id == PropertyId.AuthenticationMethod) AuthenticationMethod = value;
        else if (id == PropertyId.AuthenticationData) AuthenticationData = value;
        else _encoded.AddText(id, value);
        HasResponseTopic |= id == PropertyId.ResponseTopic;
    }

    internal MqttClientOptions Apply(MqttClientOptions options) => options with
    {
        SessionExpiryInterval = Number(PropertyId.SessionExpiryInterval) ?? options.SessionExpiryInterval,
        ReceiveMaximum = (ushort)(Number(PropertyId.ReceiveMaximum) ?? options.ReceiveMaximum),
        MaximumPacketSize = Number(PropertyId.MaximumPacketSize) ?? options.MaximumPacketSize,
        TopicAliasMaximum = (ushort)(Number(PropertyId.TopicAliasMaximum) ?? 0),
        RequestProblemInformation = Number(PropertyId.RequestProblemInformation) != 0,
        RequestResponseInformation = Number(PropertyId.RequestResponseInformation) is > 0,
        AuthenticationMethod = AuthenticationMethod,
        AuthenticationData = Encoding.UTF8.GetBytes(AuthenticationData ?? ""),
        UserProperties = Encoded,
    };

    internal MqttWill Apply(MqttWill will) => will with
    {
        DelayInterval = Number(PropertyId.WillDelayInterval) ?? 0,
        MessageExpiryInterval = Number(PropertyId.MessageExpiryInterval),
        Properties = Encoded,
    };

    internal MqttPublish Apply(MqttPublish message) => message with
    {
        MessageExpiryInterval = Number(PropertyId.MessageExpiryInterval),
        TopicAlias = (ushort)(Number(PropertyId.TopicAlias) ?? 0),
        Properties = Encoded,
    };
}
