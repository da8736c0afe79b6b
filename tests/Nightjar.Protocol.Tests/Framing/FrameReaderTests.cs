using System.Buffers;
using Nightjar.Testing.Conformance;
using Nightjar.Testing.WireLiterals;
using Xunit;

namespace Nightjar.Protocol.Tests.Framing;

public sealed class FrameReaderTests
{
    [Theory]
    [InlineData("C000")]
    [InlineData("30 [ 'a' \"payload\" ]")]
    [InlineData("40 [ 0001 ]")]
    public void Frame_AnyShape_HasHeaderAndBody(string literal)
    {
        byte[] wire = WireLiteral.Parse(literal);
        WireFrames.Run(wire, (in Frame frame) =>
        {
            Assert.Equal(wire[0], frame.Header);
            Assert.Equal((PacketType)(wire[0] >> 4), frame.Type);
            Assert.Equal(wire[0] & 0x0F, frame.Flags);
            Assert.Equal(wire[2..], frame.Body.ToArray());
        });
    }

    [Fact]
    public void Frame_EveryPrefix_NeedsMoreData()
    {
        byte[] wire = WireLiteral.Parse($"30 [ 'topic' {Repeat("5A", 300)} ]");
        for (int length = 0; length < wire.Length; length++)
        {
            Assert.Equal(ReadStatus.NeedMoreData, FrameReader.TryRead(wire.AsSpan(0, length), 400, out _, out _));
            foreach (ReadOnlySequence<byte> shape in WirePermuter.Shapes(wire[..Math.Min(length, 8)]))
                Assert.Equal(ReadStatus.NeedMoreData, FrameReader.TryMeasure(in shape, 400, out _, out _));
        }
    }

    [Fact]
    public void Measure_HeaderThereBodyNot_TellsLength()
    {
        foreach (ReadOnlySequence<byte> shape in WirePermuter.Shapes([0x30, 0x80, 0x01]))
        {
            Assert.Equal(ReadStatus.NeedMoreData, FrameReader.TryMeasure(in shape, 1000, out int length, out _));
            Assert.Equal(131, length);
        }
    }

    [Theory]
    [Statement("MQTT-3.2.2-15")]
    [InlineData("3064", 101)]
    [InlineData("30E807", 1002)]
    [InlineData("30FFFFFF7F", 268_435_459)]
    public void Frame_OverLimit_TooLargeBeforeItsBody(string header, int limit)
    {
        foreach (ReadOnlySequence<byte> shape in WirePermuter.Shapes(WireLiteral.Parse(header)))
        {
            Assert.Equal(ReadStatus.Invalid, FrameReader.TryMeasure(in shape, limit, out int length, out ProtocolError error));
            Assert.Equal((0, ReasonCode.PacketTooLarge), (length, error.ReasonCode));
            Assert.Equal(ReadStatus.NeedMoreData, FrameReader.TryMeasure(in shape, limit + 1, out length, out _));
            Assert.Equal(limit + 1, length);
        }

        Assert.Equal(ReadStatus.Invalid, FrameReader.TryRead(WireLiteral.Parse(header), limit, out _, out ProtocolError read));
        Assert.Equal(ReasonCode.PacketTooLarge, read.ReasonCode);
    }

    [Fact]
    [Statement("MQTT-3.2.2-15")]
    public void Frame_WholeButOverLimit_TooLarge()
    {
        Assert.Equal(ReadStatus.Invalid, FrameReader.TryRead([0x40, 2, 0, 1], 3, out _, out ProtocolError error));
        Assert.Equal(ReasonCode.PacketTooLarge, error.ReasonCode);
        Assert.Equal(ReadStatus.Complete, FrameReader.TryRead([0x40, 2, 0, 1], 4, out _, out _));
    }

    [Theory]
    [Statement("T3-15")]
    [InlineData("00")]
    [InlineData("0000")]
    [InlineData("0F02AAAA")]
    public void Frame_ReservedType_MalformedFromTheFirstByte(string literal) => AssertInvalid(literal, "reserved packet type");

    [Theory]
    [Statement("MQTT-1.5.5-1")]
    [InlineData("308000")]
    [InlineData("30808000")]
    [InlineData("3080808000")]
    [InlineData("30FF00")]
    public void RemainingLength_NotMinimal_Malformed(string literal) => AssertInvalid(literal, "MQTT-1.5.5-1");

    [Theory]
    [Statement("T3-03")]
    [InlineData("3080808080")]
    [InlineData("30FFFFFFFF01")]
    public void RemainingLength_FiveBytes_Malformed(string literal) =>
        AssertInvalid(literal, "variable byte integer of more than four bytes");

    private static void AssertInvalid(string literal, string rule)
    {
        byte[] wire = WireLiteral.Parse(literal);
        Assert.Equal(ReadStatus.Invalid, FrameReader.TryRead(wire, int.MaxValue, out _, out ProtocolError error));
        Assert.Equal((ReasonCode.MalformedPacket, rule), (error.ReasonCode, error.Rule));
        foreach (ReadOnlySequence<byte> shape in WirePermuter.Shapes(wire))
        {
            Assert.Equal(ReadStatus.Invalid, FrameReader.TryMeasure(in shape, int.MaxValue, out _, out error));
            Assert.Equal((ReasonCode.MalformedPacket, rule), (error.ReasonCode, error.Rule));
        }
    }

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
}
