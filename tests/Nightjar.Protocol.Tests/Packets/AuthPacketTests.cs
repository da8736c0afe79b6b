using Nightjar.Testing.Conformance;
using Nightjar.Testing.WireLiterals;
using Xunit;
using static Nightjar.Protocol.Tests.Packets.PacketReading;

namespace Nightjar.Protocol.Tests.Packets;

public sealed class AuthPacketTests
{
    private const ReasonCode Malformed = ReasonCode.MalformedPacket;
    private const ReasonCode Forbidden = ReasonCode.ProtocolError;

    [Fact]
    public void Auth_Properties_Read()
    {
        WireFrames.Run("F0 [ 18 [ 15 'SCRAM' 16 000201FF 1F 'why' 26 'n' 'v' ] ]", (in Frame frame) =>
        {
            Assert.True(
                AuthPacket.TryRead(in frame, ProtocolVersion.Mqtt50, out AuthPacket packet, out ProtocolError error),
                error.ToString());
            Assert.Equal(ReasonCode.ContinueAuthentication, packet.ReasonCode);
            Assert.True(packet.AuthenticationMethod.SequenceEqual("SCRAM"u8));
            Assert.Equal([1, 0xFF], packet.AuthenticationData.ToArray());
            Assert.True(packet.ReasonString.SequenceEqual("why"u8));
        });
    }

    [Theory]
    [Statement("MQTT-3.15.2-1")]
    [InlineData(PacketDirection.ToServer, 0x18, 0x19)]
    [InlineData(PacketDirection.ToClient, 0x00, 0x18)]
    public void Auth_EveryCode_OnlyThoseOfTheSenderAccepted(PacketDirection direction, int first, int second)
    {
        for (int code = 0; code <= 0xFF; code++)
        {
            string literal = $"F0 [ {code:X2} [ 15 'm' ] ]";
            if (code == first || code == second) AssertAccepted(literal, direction: direction);
            else AssertRefused(literal, Forbidden, "MQTT-3.15.2-1", direction: direction);
        }
    }

    [Fact]
    public void Auth_Empty_IsSuccessFromServerOnly()
    {
        AssertAccepted("F0 []", direction: PacketDirection.ToClient);
        AssertRefused("F0 []", Forbidden, "MQTT-3.15.2-1");
    }

    [Theory]
    [InlineData("F0 [ 18 ]")]
    [InlineData("F0 [ 18 [] ]")]
    [InlineData("F0 [ 19 [ 16 000101 ] ]")]
    public void Auth_NoMethod_ProtocolError(string literal) => AssertRefused(literal, Forbidden, "AUTH without Authentication Method");

    [Theory]
    [Statement("MQTT-3.15.1-1")]
    [InlineData("F1")]
    [InlineData("F2")]
    [InlineData("F8")]
    public void Auth_Flags_Malformed(string header) => AssertRefused($"{header} [ 18 [ 15 'm' ] ]", Malformed, "MQTT-3.15.1-1");

    [Theory]
    [Statement("T3-15")]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    public void Auth_Before5_Malformed(ProtocolVersion version)
    {
        AssertRefused("F0 [ 18 [ 15 'm' ] ]", Malformed, "AUTH before MQTT 5.0", version);
        AssertRefused("F0 []", Malformed, "AUTH before MQTT 5.0", version);
    }

    [Fact]
    public void Auth_BytesBehind_Malformed() => AssertRefused("F0 [ 18 [ 15 'm' ] 00 ]", Malformed, "bytes after the last field");
}
