using System.Text;
using Nightjar.Testing.Conformance;
using Nightjar.Testing.WireLiterals;
using Xunit;
using static Nightjar.Protocol.Tests.Packets.PacketReading;

namespace Nightjar.Protocol.Tests.Packets;

/// <summary>CONNACK, SUBACK and UNSUBACK: what a client reads.</summary>
public sealed class ServerPacketTests
{
    private const ReasonCode Malformed = ReasonCode.MalformedPacket;
    private const ReasonCode Forbidden = ReasonCode.ProtocolError;

    private static readonly int[] ConnectCodes =
    [
        0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F,
    ];

    private static readonly int[] SubscribeCodes = [0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2];
    private static readonly int[] UnsubscribeCodes = [0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91];

    [Fact]
    public void ConnAck_AllProperties_Read()
    {
        const string literal = "20 [ 01 00 [ 11 0000000A 21 0014 24 01 25 00 27 001E8480 12 'auto-1' 22 000A 1F 'why' 26 'n' 'v' 28 00 "
            + "29 00 2A 00 13 0064 1A 'info' 1C 'ref' 15 'm' 16 000101 ] ]";
        WireFrames.Run(literal, (in Frame frame) =>
        {
            Assert.True(
                ConnAckPacket.TryRead(in frame, ProtocolVersion.Mqtt50, out ConnAckPacket p, out ProtocolError error),
                error.ToString());
            Assert.Equal((true, true, 10u), (p.SessionPresent, p.IsAccepted, p.SessionExpiryInterval));
            Assert.Equal(
                (20, QualityOfService.AtLeastOnce, false, 2_000_000u, 10),
                (p.ReceiveMaximum, p.MaximumQoS, p.RetainAvailable, p.MaximumPacketSize, p.TopicAliasMaximum));
            Assert.False(p.WildcardSubscriptionAvailable || p.SubscriptionIdentifiersAvailable || p.SharedSubscriptionAvailable);
            Assert.Equal((true, 100, true), (p.HasServerKeepAlive, p.ServerKeepAlive, p.HasSessionExpiryInterval));
            Assert.Equal("auto-1 why info ref m", string.Join(
                ' ', Text(p.AssignedClientIdentifier), Text(p.ReasonString), Text(p.ResponseInformation), Text(p.ServerReference),
                Text(p.AuthenticationMethod)));
            Assert.Equal([1], p.AuthenticationData.ToArray());
        });
    }

    [Fact]
    public void ConnAck_NoProperties_HasTheDefaults()
    {
        WireFrames.Run("20 [ 00 00 [] ]", (in Frame frame) =>
        {
            Assert.True(ConnAckPacket.TryRead(in frame, ProtocolVersion.Mqtt50, out ConnAckPacket p, out _));
            Assert.Equal(
                (65_535, QualityOfService.ExactlyOnce, true, uint.MaxValue, 0),
                (p.ReceiveMaximum, p.MaximumQoS, p.RetainAvailable, p.MaximumPacketSize, p.TopicAliasMaximum));
            Assert.True(p.WildcardSubscriptionAvailable && p.SubscriptionIdentifiersAvailable && p.SharedSubscriptionAvailable);
        });
    }

    [Fact]
    [Statement("MQTT-3.2.2-8")]
    public void ConnAck_EveryCode_OnlyListedOnesAccepted()
    {
        for (int code = 0; code <= 0xFF; code++)
        {
            if (ConnectCodes.Contains(code)) AssertAccepted($"20 [ 00 {code:X2} [] ]");
            else AssertRefused($"20 [ 00 {code:X2} [] ]", Forbidden, "MQTT-3.2.2-8");

            if (code <= 5) AssertAccepted($"20 [ 00 {code:X2} ]", ProtocolVersion.Mqtt311);
            else AssertRefused($"20 [ 00 {code:X2} ]", Forbidden, "MQTT-3.2.2-8", ProtocolVersion.Mqtt311);
        }
    }

    [Theory]
    [InlineData("20 [ 00 01 ]")]
    [InlineData("20 [ 00 05 ]")]
    public void ConnAck_OldFormToVersion5_Read(string literal)
    {
        WireFrames.Run(literal, (in Frame frame) =>
        {
            Assert.True(ConnAckPacket.TryRead(in frame, ProtocolVersion.Mqtt50, out ConnAckPacket packet, out _));
            Assert.False(packet.IsAccepted);
            Assert.NotEqual(ConnectReturnCode.Accepted, packet.ReturnCode);
        });
    }

    [Fact]
    [Statement("MQTT-3.2.2-1")]
    public void ConnAck_ReservedFlags_Malformed() => AssertRefused("20 [ 02 00 [] ]", Malformed, "MQTT-3.2.2-1");

    [Fact]
    [Statement("MQTT-3.2.2-6")]
    public void ConnAck_SessionPresentBesideFailure_ProtocolError() => AssertRefused("20 [ 01 87 [] ]", Forbidden, "MQTT-3.2.2-6");

    [Theory]
    [InlineData("20 [ 00 ]", ProtocolVersion.Mqtt311)]
    [InlineData("20 [ 00 00 00 ]", ProtocolVersion.Mqtt311)]
    [InlineData("20 [ 00 00 ]", ProtocolVersion.Mqtt50)]
    [InlineData("20 [ 00 00 [] 00 ]", ProtocolVersion.Mqtt50)]
    [InlineData("21 [ 00 00 [] ]", ProtocolVersion.Mqtt50)]
    [InlineData("90 [ 0001 ]", ProtocolVersion.Mqtt311)]
    [InlineData("90 [ 0001 [] ]", ProtocolVersion.Mqtt50)]
    [InlineData("92 [ 0001 [] 00 ]", ProtocolVersion.Mqtt50)]
    [InlineData("B0 [ 0001 00 ]", ProtocolVersion.Mqtt311)]
    [InlineData("B0 [ 0001 [] ]", ProtocolVersion.Mqtt50)]
    [InlineData("B2 [ 0001 ]", ProtocolVersion.Mqtt311)]
    public void ServerPacket_WrongForm_Malformed(string literal, ProtocolVersion version)
    {
        WireFrames.Run(literal, (in Frame frame) =>
        {
            Assert.False(TryRead(in frame, version, PacketDirection.ToClient, out ProtocolError error));
            Assert.Equal(Malformed, error.ReasonCode);
        });
    }

    [Fact]
    [Statement("MQTT-3.9.3-2")]
    [Statement("MQTT-3.9.3-2 v3.1.1")]
    public void SubAck_EveryCode_OnlyListedOnesAccepted()
    {
        for (int code = 0; code <= 0xFF; code++)
        {
            if (SubscribeCodes.Contains(code)) AssertAccepted($"90 [ 0001 [] 00 {code:X2} ]");
            else AssertRefused($"90 [ 0001 [] 00 {code:X2} ]", Forbidden, "MQTT-3.9.3-2");

            if (code is <= 2 or 0x80) AssertAccepted($"90 [ 0001 {code:X2} ]", ProtocolVersion.Mqtt311);
            else AssertRefused($"90 [ 0001 {code:X2} ]", Forbidden, "MQTT-3.9.3-2", ProtocolVersion.Mqtt311);
        }
    }

    [Fact]
    [Statement("MQTT-3.11.3-2")]
    public void UnsubAck_EveryCode_OnlyListedOnesAccepted()
    {
        for (int code = 0; code <= 0xFF; code++)
        {
            if (UnsubscribeCodes.Contains(code)) AssertAccepted($"B0 [ 0001 [] {code:X2} ]");
            else AssertRefused($"B0 [ 0001 [] {code:X2} ]", Forbidden, "MQTT-3.11.3-2");
        }
    }

    [Fact]
    public void SubAckAndUnsubAck_Codes_ReadInOrder()
    {
        WireFrames.Run("90 [ 1234 [ 1F 'why' ] 02 00 87 01 ]", (in Frame frame) =>
        {
            Assert.True(SubAckPacket.TryRead(in frame, ProtocolVersion.Mqtt50, out SubAckPacket packet, out _));
            Assert.Equal((0x1234, 4, "why"), (packet.PacketId, packet.Count, Text(packet.ReasonString)));
            Assert.Equal(
                (ReasonCode.GrantedQoS2, ReasonCode.GrantedQoS0, ReasonCode.NotAuthorized, ReasonCode.GrantedQoS1),
                (packet[0], packet[1], packet[2], packet[3]));
        });
        WireFrames.Run("B0 [ 1234 [ 1F 'why' ] 11 00 ]", (in Frame frame) =>
        {
            Assert.True(UnsubAckPacket.TryRead(in frame, ProtocolVersion.Mqtt50, out UnsubAckPacket packet, out _));
            Assert.Equal((0x1234, 2, "why"), (packet.PacketId, packet.Count, Text(packet.ReasonString)));
            Assert.Equal((ReasonCode.NoSubscriptionExisted, ReasonCode.Success), (packet[0], packet[1]));
        });
        WireFrames.Run("B0 [ 1234 ]", (in Frame frame) =>
        {
            Assert.True(UnsubAckPacket.TryRead(in frame, ProtocolVersion.Mqtt311, out UnsubAckPacket packet, out _));
            Assert.Equal((0x1234, 0), (packet.PacketId, packet.Count));
        });
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
