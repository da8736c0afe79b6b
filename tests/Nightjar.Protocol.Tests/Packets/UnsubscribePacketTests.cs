using System.Text;
using Nightjar.Testing.Conformance;
using Nightjar.Testing.WireLiterals;
using Xunit;
using static Nightjar.Protocol.Tests.Packets.PacketReading;

namespace Nightjar.Protocol.Tests.Packets;

public sealed class UnsubscribePacketTests
{
    private const ReasonCode Malformed = ReasonCode.MalformedPacket;
    private const ReasonCode Forbidden = ReasonCode.ProtocolError;

    [Theory]
    [InlineData("A2 [ 1234 [ 26 'n' 'v' ] 'a/+' '$share/g/#' 'c' ]", ProtocolVersion.Mqtt50)]
    [InlineData("A2 [ 1234 'a/+' '$share/g/#' 'c' ]", ProtocolVersion.Mqtt311)]
    [InlineData("AA [ 1234 'a/+' '$share/g/#' 'c' ]", ProtocolVersion.Mqtt31)]
    public void Unsubscribe_Filters_ReadInOrder(string literal, ProtocolVersion version)
    {
        WireFrames.Run(literal, (in Frame frame) =>
        {
            Assert.True(
                UnsubscribePacket.TryRead(in frame, version, out UnsubscribePacket packet, out ProtocolError error),
                error.ToString());
            Assert.Equal((0x1234, 3), (packet.PacketId, packet.EntryCount));
            List<string> filters = [];
            foreach (ReadOnlySpan<byte> filter in packet) filters.Add(Encoding.UTF8.GetString(filter));
            Assert.Equal(["a/+", "$share/g/#", "c"], filters);
        });
    }

    [Theory]
    [Statement("MQTT-3.10.1-1")]
    [Statement("MQTT-3.10.1-1 v3.1.1")]
    [InlineData("A0")]
    [InlineData("A3")]
    [InlineData("A6")]
    [InlineData("AA")]
    public void Unsubscribe_FlagsNot0010_Malformed(string header)
    {
        AssertRefused($"{header} [ 0001 [] 'a' ]", Malformed, "MQTT-3.10.1-1");
        AssertRefused($"{header} [ 0001 'a' ]", Malformed, "MQTT-3.10.1-1", ProtocolVersion.Mqtt311);
    }

    [Theory]
    [Statement("MQTT-3.10.3-2")]
    [Statement("MQTT-3.10.3-2 v3.1.1")]
    [InlineData("A2 [ 0001 [] ]", ProtocolVersion.Mqtt50)]
    [InlineData("A2 [ 0001 ]", ProtocolVersion.Mqtt311)]
    public void Unsubscribe_NoFilter_ProtocolError(string literal, ProtocolVersion version) =>
        AssertRefused(literal, Forbidden, "MQTT-3.10.3-2", version);

    [Theory]
    [Statement("MQTT-2.2.1-3")]
    [Statement("MQTT-2.3.1-1 v3.1.1")]
    [InlineData("A2 [ 0000 [] 'a' ]", ProtocolVersion.Mqtt50)]
    [InlineData("A2 [ 0000 'a' ]", ProtocolVersion.Mqtt311)]
    public void Unsubscribe_PacketId0_ProtocolError(string literal, ProtocolVersion version) =>
        AssertRefused(literal, Forbidden, "MQTT-2.2.1-3", version);

    [Theory]
    [Statement("MQTT-3.10.3-1")]
    [Statement("MQTT-3.10.3-1 v3.1.1")]
    [InlineData("0001FF", "MQTT-1.5.4-1")]
    [InlineData("000100", "MQTT-1.5.4-2")]
    public void Unsubscribe_FilterNotUtf8_Malformed(string filter, string rule)
    {
        AssertRefused($"A2 [ 0001 [] {filter} ]", Malformed, rule);
        AssertRefused($"A2 [ 0001 'a' {filter} ]", Malformed, rule, ProtocolVersion.Mqtt311);
    }

    [Theory]
    [InlineData("''", "MQTT-4.7.3-1")]
    [InlineData("'a/#/b'", "MQTT-4.7.1-1")]
    [InlineData("'$share//b'", "MQTT-4.8.2-1")]
    public void Unsubscribe_FilterAgainstTheSyntax_TopicFilterInvalid(string filter, string rule) =>
        AssertRefused($"A2 [ 0001 [] {filter} ]", ReasonCode.TopicFilterInvalid, rule);

    [Theory]
    [InlineData("A2 [ ]")]
    [InlineData("A2 [ 00 ]")]
    [InlineData("A2 [ 0001 ]")]
    [InlineData("A2 [ 0001 [] 00 ]")]
    [InlineData("A2 [ 0001 [] 'a' 0002 61 ]")]
    public void Unsubscribe_Cut_Malformed(string literal) => AssertRefused(literal, Malformed, "field longer than the packet");
}
