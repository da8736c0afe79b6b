using Nightjar.Testing.WireLiterals;
using Xunit;

namespace Nightjar.Protocol.Tests.Packets;

/// <summary>Reads packets of any type, for tests that care only for the verdict.</summary>
internal static class PacketReading
{
    /// <summary>Reads a frame with the reader of its type.</summary>
    internal static bool TryRead(in Frame frame, ProtocolVersion version, PacketDirection direction, out ProtocolError error) =>
        frame.Type switch
        {
            PacketType.Connect => ConnectPacket.TryRead(in frame, out _, out error),
            PacketType.ConnAck => ConnAckPacket.TryRead(in frame, version, out _, out error),
            PacketType.Publish => PublishPacket.TryRead(in frame, version, direction, out _, out error),
            PacketType.Subscribe => SubscribePacket.TryRead(in frame, version, out _, out error),
            PacketType.SubAck => SubAckPacket.TryRead(in frame, version, out _, out error),
            PacketType.Unsubscribe => UnsubscribePacket.TryRead(in frame, version, out _, out error),
            PacketType.UnsubAck => UnsubAckPacket.TryRead(in frame, version, out _, out error),
            PacketType.PingReq or PacketType.PingResp => PingPacket.TryRead(in frame, out error),
            PacketType.Disconnect => DisconnectPacket.TryRead(in frame, version, direction, out _, out error),
            PacketType.Auth => AuthPacket.TryRead(in frame, version, direction, out _, out error),
            _ => AcknowledgementPacket.TryRead(in frame, version, out _, out error),
        };

    /// <summary>Asserts that a literal is refused with this code and rule, in whatever shape it comes.</summary>
    internal static void AssertRefused(
        string literal, ReasonCode code, string rule, ProtocolVersion version = ProtocolVersion.Mqtt50,
        PacketDirection direction = PacketDirection.ToServer)
    {
        WireFrames.Run(literal, (in Frame frame) =>
        {
            Assert.False(TryRead(in frame, version, direction, out ProtocolError error), $"{literal} was accepted");
            Assert.Equal((code, rule), (error.ReasonCode, error.Rule));
            Assert.InRange(error.Offset, 0, frame.Length);
        });
    }

    /// <summary>Asserts that a literal is accepted, in whatever shape it comes.</summary>
    internal static void AssertAccepted(
        string literal, ProtocolVersion version = ProtocolVersion.Mqtt50, PacketDirection direction = PacketDirection.ToServer)
    {
        WireFrames.Run(literal, (in Frame frame) =>
        {
            bool accepted = TryRead(in frame, version, direction, out ProtocolError error);
            Assert.True(accepted, $"{literal}: {error}");
            Assert.Equal(ReasonCode.Success, error.ReasonCode);
        });
    }
}
