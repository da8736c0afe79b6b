using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Client.Links;

/// <summary>Copies the facts of a CONNACK out of the receive buffer.</summary>
internal static class ConnectResultReader
{
    internal static ConnectResult Read(in ConnAckPacket packet, MqttClientOptions options)
    {
        var facts = new ConnectResult
        {
            HasConnAck = true,
            IsAccepted = packet.IsAccepted,
            SessionPresent = packet.SessionPresent,
            ClientId = options.ClientId,
            KeepAlive = options.KeepAlive,
            SessionExpiryInterval = options.SessionExpiryInterval,
        };
        return options.Version == ProtocolVersion.Mqtt50 ? ReadVersion5(facts, in packet) : facts with { Code = (byte)packet.ReturnCode };
    }

    private static ConnectResult ReadVersion5(ConnectResult facts, in ConnAckPacket packet) => facts with
    {
        Code = (byte)packet.ReasonCode,
        ClientId = packet.AssignedClientIdentifier.IsEmpty ? facts.ClientId : Encoding.UTF8.GetString(packet.AssignedClientIdentifier),
        KeepAlive = packet.HasServerKeepAlive ? packet.ServerKeepAlive : facts.KeepAlive,
        SessionExpiryInterval = packet.HasSessionExpiryInterval ? packet.SessionExpiryInterval : facts.SessionExpiryInterval,
        ReceiveMaximum = packet.ReceiveMaximum,
        MaximumQoS = packet.MaximumQoS,
        RetainAvailable = packet.RetainAvailable,
        MaximumPacketSize = packet.MaximumPacketSize,
        TopicAliasMaximum = packet.TopicAliasMaximum,
        WildcardSubscriptionAvailable = packet.WildcardSubscriptionAvailable,
        SubscriptionIdentifiersAvailable = packet.SubscriptionIdentifiersAvailable,
        SharedSubscriptionAvailable = packet.SharedSubscriptionAvailable,
        ReasonString = ToText(packet.ReasonString),
        ResponseInformation = ToText(packet.ResponseInformation),
        ServerReference = ToText(packet.ServerReference),
        AuthenticationData = packet.AuthenticationData.ToArray(),
        Properties = packet.Properties.ToArray(),
    };

    private static string? ToText(ReadOnlySpan<byte> value) => value.IsEmpty ? null : Encoding.UTF8.GetString(value);
}
