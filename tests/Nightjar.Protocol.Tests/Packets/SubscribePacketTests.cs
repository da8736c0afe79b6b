using System.Text;
using Nightjar.Testing.Conformance;
using Nightjar.Testing.WireLiterals;
using Xunit;
using static Nightjar.Protocol.Tests.Packets.PacketReading;

namespace Nightjar.Protocol.Tests.Packets;

public sealed class SubscribePacketTests
{
    private const ReasonCode Malformed = ReasonCode.MalformedPacket;
    private const ReasonCode Forbidden = ReasonCode.ProtocolError;

    [Fact]
    public void Subscribe_EntriesOf5_ReadInOrder()
    {
        const string literal = "82 [ 1234 [ 26 'n' 'v' 0B 8001 ] 'a/+' 00 '$share/g/#' 1A 'c' 25 ]";
        WireFrames.Run(literal, (in Frame frame) =>
        {
            Assert.True(
                SubscribePacket.TryRead(in frame, ProtocolVersion.Mqtt50, out SubscribePacket packet, out ProtocolError error),
                error.ToString());
            Assert.Equal((0x1234, 128u, 3), (packet.PacketId, packet.SubscriptionIdentifier, packet.EntryCount));
            Assert.Equal(
                [
                    "a/+ AtMostOnce False False SendAtSubscribe",
                    "$share/g/# ExactlyOnce False True SendIfNew",
                    "c AtLeastOnce True False DoNotSend",
                ],
                Describe(in packet));
        });
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    public void Subscribe_EntriesBefore5_ReadInOrder(ProtocolVersion version)
    {
        WireFrames.Run("82 [ 0001 'a' 00 'b' 01 '$share/g/c' 02 ]", (in Frame frame) =>
        {
            Assert.True(SubscribePacket.TryRead(in frame, version, out SubscribePacket packet, out ProtocolError error), error.ToString());
            Assert.Equal((1, 0u, 3), (packet.PacketId, packet.SubscriptionIdentifier, packet.EntryCount));
            Assert.Equal(
                [
                    "a AtMostOnce False False SendAtSubscribe",
                    "b AtLeastOnce False False SendAtSubscribe",
                    "$share/g/c ExactlyOnce False False SendAtSubscribe",
                ],
                Describe(in packet));
        });
    }

    [Theory]
    [Statement("MQTT-3.8.1-1")]
    [Statement("MQTT-3.8.1-1 v3.1.1")]
    [InlineData("80")]
    [InlineData("81")]
    [InlineData("83")]
    [InlineData("8A")]
    public void Subscribe_FlagsNot0010_Malformed(string header)
    {
        AssertRefused($"{header} [ 0001 [] 'a' 00 ]", Malformed, "MQTT-3.8.1-1");
        AssertRefused($"{header} [ 0001 'a' 00 ]", Malformed, "MQTT-3.8.1-1", ProtocolVersion.Mqtt311);
    }

    [Fact]
    public void Subscribe_DupIn31_Accepted() => AssertAccepted("8A [ 0001 'a' 00 ]", ProtocolVersion.Mqtt31);

    [Theory]
    [Statement("MQTT-3.8.3-2")]
    [Statement("MQTT-3.8.3-3 v3.1.1")]
    [InlineData("82 [ 0001 [] ]", ProtocolVersion.Mqtt50)]
    [InlineData("82 [ 0001 [ 0B 01 ] ]", ProtocolVersion.Mqtt50)]
    [InlineData("82 [ 0001 ]", ProtocolVersion.Mqtt311)]
    public void Subscribe_NoEntry_ProtocolError(string literal, ProtocolVersion version) =>
        AssertRefused(literal, Forbidden, "MQTT-3.8.3-2", version);

    [Theory]
    [Statement("MQTT-2.2.1-3")]
    [Statement("MQTT-2.3.1-1 v3.1.1")]
    [InlineData("82 [ 0000 [] 'a' 00 ]", ProtocolVersion.Mqtt50)]
    [InlineData("82 [ 0000 'a' 00 ]", ProtocolVersion.Mqtt311)]
    public void Subscribe_PacketId0_ProtocolError(string literal, ProtocolVersion version) =>
        AssertRefused(literal, Forbidden, "MQTT-2.2.1-3", version);

    [Theory]
    [Statement("MQTT-3.8.3-4")]
    [Statement("T3-08")]
    [InlineData("82 [ 0001 [] '$share/g/a' 04 ]")]
    [InlineData("82 [ 0001 [] 'a' 04 '$share/g/a' 06 ]")]
    public void Subscribe_NoLocalOnShared_ProtocolError(string literal) => AssertRefused(literal, Forbidden, "MQTT-3.8.3-4");

    [Theory]
    [Statement("MQTT-3.8.3-5")]
    [InlineData("82 [ 0001 [] 'a' 40 ]")]
    [InlineData("82 [ 0001 [] 'a' 80 ]")]
    [InlineData("82 [ 0001 [] 'a' 00 'b' C1 ]")]
    public void Subscribe_ReservedOptionBits_Malformed(string literal) => AssertRefused(literal, Malformed, "MQTT-3.8.3-5");

    [Theory]
    [Statement("MQTT-3.8.3-4 v3.1.1")]
    [InlineData("03")]
    [InlineData("04")]
    [InlineData("10")]
    [InlineData("80")]
    public void Subscribe_OptionsAbove2In311_Malformed(string options) =>
        AssertRefused($"82 [ 0001 'a' {options} ]", Malformed, "MQTT-3.8.3-5", ProtocolVersion.Mqtt311);

    [Fact]
    public void Subscribe_OptionsIn31_OnlyTheQoSCounts()
    {
        AssertAccepted("82 [ 0001 'a' FE ]", ProtocolVersion.Mqtt31);
        AssertRefused("82 [ 0001 'a' 03 ]", Malformed, "MQTT-3.8.3-5", ProtocolVersion.Mqtt31);
        WireFrames.Run("82 [ 0001 'a' FE ]", (in Frame frame) =>
        {
            Assert.True(SubscribePacket.TryRead(in frame, ProtocolVersion.Mqtt31, out SubscribePacket packet, out _));
            Assert.Equal(["a ExactlyOnce False False SendAtSubscribe"], Describe(in packet));
        });
    }

    [Fact]
    [Statement("T3-08")]
    public void Subscribe_RetainHandling3_ProtocolError() =>
        AssertRefused("82 [ 0001 [] 'a' 30 ]", Forbidden, "Retain Handling 3");

    [Fact]
    public void Subscribe_QoS3_ProtocolError() => AssertRefused("82 [ 0001 [] 'a' 03 ]", Forbidden, "Maximum QoS 3");

    [Theory]
    [Statement("T3-07")]
    [InlineData("82 [ 0001 [ 0B 00 ] 'a' 00 ]", Forbidden, "Subscription Identifier 0")]
    [InlineData("82 [ 0001 [ 0B 8080808001 ] 'a' 00 ]", Malformed, "variable byte integer of more than four bytes")]
    [InlineData("82 [ 0001 [ 0B 01 0B 02 ] 'a' 00 ]", Forbidden, "property given twice")]
    public void Subscribe_IdentifierOutOfRange_Refused(string literal, ReasonCode code, string rule) => AssertRefused(literal, code, rule);

    [Theory]
    [Statement("MQTT-3.8.3-1")]
    [Statement("MQTT-3.8.3-1 v3.1.1")]
    [InlineData("0001FF", "MQTT-1.5.4-1")]
    [InlineData("0003EDA080", "MQTT-1.5.4-1")]
    [InlineData("000100", "MQTT-1.5.4-2")]
    public void Subscribe_FilterNotUtf8_Malformed(string filter, string rule)
    {
        AssertRefused($"82 [ 0001 [] {filter} 00 ]", Malformed, rule);
        AssertRefused($"82 [ 0001 'a' 00 {filter} 00 ]", Malformed, rule, ProtocolVersion.Mqtt311);
    }

    [Fact]
    [Statement("MQTT-4.7.3-1")]
    [Statement("MQTT-4.7.3-1 v3.1.1")]
    public void Subscribe_EmptyFilter_TopicFilterInvalid()
    {
        AssertRefused("82 [ 0001 [] '' 00 ]", ReasonCode.TopicFilterInvalid, "MQTT-4.7.3-1");
        AssertRefused("82 [ 0001 '' 00 ]", ReasonCode.TopicFilterInvalid, "MQTT-4.7.3-1", ProtocolVersion.Mqtt311);
    }

    [Theory]
    [InlineData("82 [ ]")]
    [InlineData("82 [ 00 ]")]
    [InlineData("82 [ 0001 ]")]
    [InlineData("82 [ 0001 [] 00 ]")]
    [InlineData("82 [ 0001 [] 'a' ]")]
    [InlineData("82 [ 0001 [] 'a' 00 0005 61 ]")]
    public void Subscribe_Cut_Malformed(string literal) => AssertRefused(literal, Malformed, "field longer than the packet");

    private static List<string> Describe(in SubscribePacket packet)
    {
        List<string> entries = [];
        foreach (SubscribeEntry e in packet)
            entries.Add($"{Encoding.UTF8.GetString(e.TopicFilter)} {e.MaximumQoS} {e.NoLocal} {e.RetainAsPublished} {e.RetainHandling}");
        return entries;
    }
}
