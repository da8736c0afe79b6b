using Nightjar.Testing.Conformance;
using Nightjar.Testing.WireLiterals;
using Xunit;
using static Nightjar.Protocol.Tests.Packets.PacketReading;

namespace Nightjar.Protocol.Tests.Packets;

public sealed class AcknowledgementPacketTests
{
    private const ReasonCode Malformed = ReasonCode.MalformedPacket;
    private const ReasonCode Forbidden = ReasonCode.ProtocolError;
    private static readonly int[] PublishCodes = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
    private static readonly int[] ReleaseCodes = [0x00, 0x92];

    [Theory]
    [InlineData("40", PacketType.PubAck)]
    [InlineData("50", PacketType.PubRec)]
    [InlineData("62", PacketType.PubRel)]
    [InlineData("70", PacketType.PubComp)]
    public void Acknowledgement_EveryForm_Read(string header, PacketType type)
    {
        AssertRead($"{header} [ 1234 ]", ProtocolVersion.Mqtt31, type, ReasonCode.Success, "");
        AssertRead($"{header} [ 1234 ]", ProtocolVersion.Mqtt311, type, ReasonCode.Success, "");
        AssertRead($"{header} [ 1234 ]", ProtocolVersion.Mqtt50, type, ReasonCode.Success, "");
        AssertRead($"{header} [ 1234 00 ]", ProtocolVersion.Mqtt50, type, ReasonCode.Success, "");
        AssertRead($"{header} [ 1234 00 [] ]", ProtocolVersion.Mqtt50, type, ReasonCode.Success, "");
        string code = type is PacketType.PubAck or PacketType.PubRec ? "97" : "92";
        AssertRead(
            $"{header} [ 1234 {code} [ 26 'a' 'b' 1F 'why' 26 'a' 'b' ] ]", ProtocolVersion.Mqtt50, type,
            (ReasonCode)Convert.ToByte(code, 16), "why");
    }

    [Theory]
    [Statement("MQTT-3.4.2-1")]
    [Statement("MQTT-3.5.2-1")]
    [Statement("MQTT-3.6.2-1")]
    [Statement("MQTT-3.7.2-1")]
    [InlineData("40", "MQTT-3.4.2-1")]
    [InlineData("50", "MQTT-3.5.2-1")]
    [InlineData("62", "MQTT-3.6.2-1")]
    [InlineData("70", "MQTT-3.7.2-1")]
    public void Acknowledgement_EveryCode_OnlyListedOnesAccepted(string header, string rule)
    {
        int[] allowed = header is "40" or "50" ? PublishCodes : ReleaseCodes;
        for (int code = 0; code <= 0xFF; code++)
        {
            if (allowed.Contains(code)) AssertAccepted($"{header} [ 0001 {code:X2} ]");
            else AssertRefused($"{header} [ 0001 {code:X2} ]", Forbidden, rule);
        }
    }

    [Theory]
    [Statement("MQTT-3.6.1-1")]
    [Statement("MQTT-3.6.1-1 v3.1.1")]
    [InlineData("60")]
    [InlineData("61")]
    [InlineData("63")]
    [InlineData("6A")]
    public void PubRel_FlagsNot0010_Malformed(string header)
    {
        AssertRefused($"{header} [ 0001 ]", Malformed, "MQTT-3.6.1-1");
        AssertRefused($"{header} [ 0001 ]", Malformed, "MQTT-3.6.1-1", ProtocolVersion.Mqtt311);
    }

    [Theory]
    [Statement("MQTT-2.1.3-1")]
    [Statement("MQTT-2.2.2-1 v3.1.1")]
    [Statement("MQTT-2.2.2-2 v3.1.1")]
    [InlineData("41")]
    [InlineData("52")]
    [InlineData("74")]
    [InlineData("48")]
    public void Acknowledgement_ReservedFlags_Malformed(string header)
    {
        AssertRefused($"{header} [ 0001 ]", Malformed, "MQTT-2.1.3-1");
        AssertRefused($"{header} [ 0001 ]", Malformed, "MQTT-2.1.3-1", ProtocolVersion.Mqtt311);
    }

    [Fact]
    public void PubRel_DupIn31_Accepted() => AssertAccepted("6A [ 0001 ]", ProtocolVersion.Mqtt31);

    [Theory]
    [Statement("MQTT-2.2.1-3")]
    [InlineData("40")]
    [InlineData("50")]
    [InlineData("62")]
    [InlineData("70")]
    public void Acknowledgement_PacketId0_ProtocolError(string header)
    {
        AssertRefused($"{header} [ 0000 ]", Forbidden, "MQTT-2.2.1-3");
        AssertRefused($"{header} [ 0000 ]", Forbidden, "MQTT-2.2.1-3", ProtocolVersion.Mqtt311);
        AssertRefused($"{header} [ 0000 00 [] ]", Forbidden, "MQTT-2.2.1-3");
    }

    [Theory]
    [InlineData("40 [ ]", "field longer than the packet")]
    [InlineData("40 [ 00 ]", "field longer than the packet")]
    [InlineData("40 [ 0001 00 01 ]", "property length longer than the packet")]
    [InlineData("40 [ 0001 00 [ 1F 0002 61 ] ]", "property longer than the property length")]
    [InlineData("40 [ 0001 00 [] 00 ]", "bytes after the last field")]
    public void Acknowledgement_WrongLength_Malformed(string literal, string rule) => AssertRefused(literal, Malformed, rule);

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    public void Acknowledgement_ReasonBefore5_Malformed(ProtocolVersion version) =>
        AssertRefused("40 [ 0001 00 ]", Malformed, "bytes after the last field", version);

    [Fact]
    public void Acknowledgement_OtherType_ProtocolError()
    {
        WireFrames.Run("C0 []", (in Frame frame) =>
        {
            Assert.False(AcknowledgementPacket.TryRead(in frame, ProtocolVersion.Mqtt50, out _, out ProtocolError error));
            Assert.Equal(Forbidden, error.ReasonCode);
        });
    }

    private static void AssertRead(string literal, ProtocolVersion version, PacketType type, ReasonCode code, string reason)
    {
        WireFrames.Run(literal, (in Frame frame) =>
        {
            Assert.True(
                AcknowledgementPacket.TryRead(in frame, version, out AcknowledgementPacket packet, out ProtocolError error),
                error.ToString());
            Assert.Equal((type, 0x1234, code), (packet.Type, packet.PacketId, packet.ReasonCode));
            Assert.Equal(reason, System.Text.Encoding.UTF8.GetString(packet.ReasonString));
        });
    }
}
