using Nightjar.Testing.Conformance;
using Xunit;
using static Nightjar.Protocol.Tests.Packets.PacketReading;

namespace Nightjar.Protocol.Tests.Packets;

public sealed class PingPacketTests
{
    [Theory]
    [InlineData("C000")]
    [InlineData("D000")]
    public void Ping_Bare_Accepted(string literal) => AssertAccepted(literal);

    [Theory]
    [Statement("MQTT-2.1.3-1")]
    [Statement("MQTT-2.2.2-1 v3.1.1")]
    [InlineData("C100")]
    [InlineData("C800")]
    [InlineData("D200")]
    public void Ping_Flags_Malformed(string literal) => AssertRefused(literal, ReasonCode.MalformedPacket, "MQTT-2.1.3-1");

    [Theory]
    [InlineData("C0 [ 00 ]")]
    [InlineData("D0 [ 00 ]")]
    public void Ping_Body_Malformed(string literal) =>
        AssertRefused(literal, ReasonCode.MalformedPacket, "bytes after the last field");
}
