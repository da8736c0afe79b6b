using System.Text;
using Nightjar.Protocol;
using Xunit;

namespace Nightjar.Testing.Broker;

/// <summary>A PUBLISH taken apart.</summary>
public sealed record ReceivedPublish(
    string Topic, string Payload, QualityOfService QoS, bool Retain, bool Dup, ushort PacketId, uint[] SubscriptionIdentifiers, uint? MessageExpiryInterval, ushort? TopicAlias, byte[] Properties)
{
    /// <summary>Reads a whole packet sent by the broker.</summary>
    public static ReceivedPublish Read(byte[] bytes, ProtocolVersion version)
    {
        Assert.Equal(ReadStatus.Complete, FrameReader.TryRead(bytes, int.MaxValue, out var frame, out _));
        Assert.True(PublishPacket.TryRead(frame, version, PacketDirection.ToClient, out var packet, out var error), $"PUBLISH is not valid: {error}");
        var identifiers = new List<uint>();
        foreach (var identifier in packet.Properties.SubscriptionIdentifiers) identifiers.Add(identifier);
        var properties = packet.Properties;
        return new ReceivedPublish(
            Encoding.UTF8.GetString(packet.TopicName), Encoding.UTF8.GetString(packet.Payload), packet.QoS, packet.Retain, packet.Dup, packet.PacketId, [.. identifiers],
            properties.HasMessageExpiryInterval ? properties.MessageExpiryInterval : null, properties.HasTopicAlias ? properties.TopicAlias : null, properties.Raw.ToArray());
    }
}
