using Nightjar.Testing.Conformance;
using Nightjar.Testing.WireLiterals;
using Xunit;
using static Nightjar.Protocol.Tests.Packets.PacketReading;

namespace Nightjar.Protocol.Tests.Packets;

public sealed class DisconnectPacketTests
{
    private const ReasonCode Malformed = ReasonCode.MalformedPacket;
    private const ReasonCode Forbidden = ReasonCode.ProtocolError;

    private static readonly int[] FromClient =
        [0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99];

    private static readonly int[] FromServer =
    [
        0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C,
        0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
    ];

    [Theory]
    [InlineData("E0 []", 0x00)]
    [InlineData("E0 [ 04 ]", 0x04)]
    [InlineData("E0 [ 00 [] ]", 0x00)]
    public void Disconnect_ShortForms_Read(string literal, int code)
    {
        WireFrames.Run(literal, (in Frame frame) =>
        {
            Assert.True(DisconnectPacket.TryRead(in frame, ProtocolVersion.Mqtt50, out DisconnectPacket packet, out _));
            Assert.Equal((ReasonCode)code, packet.ReasonCode);
            Assert.False(packet.HasSessionExpiryInterval);
            Assert.True(packet.ReasonString.IsEmpty && packet.Properties.IsEmpty);
        });
    }

    [Fact]
    public void Disconnect_Properties_Read()
    {
        WireFrames.Run("E0 [ 04 [ 11 00000010 1F 'why' 26 'n' 'v' ] ]", (in Frame frame) =>
        {
            Assert.True(DisconnectPacket.TryRead(in frame, ProtocolVersion.Mqtt50, out DisconnectPacket packet, out _));
            Assert.Equal((true, 16u), (packet.HasSessionExpiryInterval, packet.SessionExpiryInterval));
            Assert.True(packet.ReasonString.SequenceEqual("why"u8));
        });
        WireFrames.Run("E0 [ 9D [ 1C 'elsewhere' ] ]", (in Frame frame) =>
        {
            Assert.True(
                DisconnectPacket.TryRead(in frame, ProtocolVersion.Mqtt50, PacketDirection.ToClient, out DisconnectPacket packet, out _));
            Assert.Equal(ReasonCode.ServerMoved, packet.ReasonCode);
            Assert.True(packet.ServerReference.SequenceEqual("elsewhere"u8));
        });
    }

    [Theory]
    [Statement("MQTT-3.14.2-1")]
    [InlineData(PacketDirection.ToServer)]
    [InlineData(PacketDirection.ToClient)]
    public void Disconnect_EveryCode_OnlyThoseOfTheSenderAccepted(PacketDirection direction)
    {
        int[] allowed = direction == PacketDirection.ToServer ? FromClient : FromServer;
        for (int code = 0; code <= 0xFF; code++)
        {
            if (allowed.Contains(code)) AssertAccepted($"E0 [ {code:X2} ]", direction: direction);
            else AssertRefused($"E0 [ {code:X2} [] ]", Forbidden, "MQTT-3.14.2-1", direction: direction);
        }
    }

    [Theory]
    [Statement("MQTT-3.14.1-1")]
    [Statement("MQTT-3.14.1-1 v3.1.1")]
    [InlineData("E1")]
    [InlineData("E2")]
    [InlineData("E8")]
    public void Disconnect_Flags_Malformed(string header)
    {
        AssertRefused($"{header} []", Malformed, "MQTT-3.14.1-1");
        AssertRefused($"{header} []", Malformed, "MQTT-3.14.1-1", ProtocolVersion.Mqtt311);
    }

    [Fact]
    [Statement("MQTT-3.14.2-2")]
    public void Disconnect_SessionExpiryFromServer_ProtocolError() =>
        AssertRefused("E0 [ 00 [ 11 00000010 ] ]", Forbidden, "MQTT-3.14.2-2", direction: PacketDirection.ToClient);

    [Fact]
    public void Disconnect_ServerReferenceFromClient_ProtocolError() =>
        AssertRefused("E0 [ 00 [ 1C 's' ] ]", Forbidden, "property not allowed in this packet");

    [Theory]
    [InlineData("E0 [ 00 [] 00 ]", ProtocolVersion.Mqtt50, "bytes after the last field")]
    [InlineData("E0 [ 00 05 ]", ProtocolVersion.Mqtt50, "property length longer than the packet")]
    [InlineData("E0 [ 00 ]", ProtocolVersion.Mqtt311, "bytes after the last field")]
    [InlineData("E0 [ 00 ]", ProtocolVersion.Mqtt31, "bytes after the last field")]
    public void Disconnect_WrongLength_Malformed(string literal, ProtocolVersion version, string rule) =>
        AssertRefused(literal, Malformed, rule, version);
}
