using System.Text;
using Nightjar.Testing.Conformance;
using Nightjar.Testing.WireLiterals;
using Xunit;

namespace Nightjar.Protocol.Tests.Text;

public sealed class Utf8TextTests
{
    /// <summary>Ill-formed sequences: surrogates, overlong forms, beyond U+10FFFF, lone and missing continuation bytes.</summary>
    public static TheoryData<string> IllFormed =>
    [
        "EDA080", "EDBFBF", "EDAFBFEDBFBF", "C080", "C1BF", "E08080", "E09FBF", "F0808080", "F08FBFBF", "F4908080", "F5808080", "FE", "FF",
        "80", "BF", "C2", "E282", "F09F98", "C3C3", "E28241",
    ];

    [Theory]
    [Statement("MQTT-1.5.4-1")]
    [Statement("MQTT-1.5.3-1 v3.1.1")]
    [MemberData(nameof(IllFormed))]
    public void Text_IllFormedAnywhere_Invalid(string hex)
    {
        byte[] bad = Convert.FromHexString(hex);
        for (int before = 0; before <= 40; before++)
        {
            for (int after = 0; after <= 20; after += 4)
            {
                byte[] text = [.. Enumerable.Repeat((byte)'a', before), .. bad, .. Enumerable.Repeat((byte)'a', after)];
                Assert.False(Utf8Text.IsValid(text));
                Assert.False(TopicName.IsValid(text));
                Assert.False(TopicFilter.IsValid(text));
                Assert.Equal("MQTT-1.5.4-1", Utf8Text.BrokenRule(text));
            }
        }
    }

    [Fact]
    [Statement("MQTT-1.5.4-2")]
    [Statement("MQTT-1.5.3-2 v3.1.1")]
    [Statement("MQTT-4.7.3-2")]
    [Statement("MQTT-4.7.3-2 v3.1.1")]
    public void Text_NullAnywhere_Invalid()
    {
        for (int length = 1; length <= 70; length++)
        {
            for (int position = 0; position < length; position++)
            {
                byte[] text = [.. Enumerable.Repeat((byte)'a', length)];
                Assert.True(Utf8Text.IsValid(text));
                Assert.True(TopicName.IsValid(text));
                text[position] = 0;
                Assert.False(Utf8Text.IsValid(text));
                Assert.False(TopicName.IsValid(text));
                Assert.False(TopicFilter.IsValid(text));
                Assert.Equal("MQTT-1.5.4-2", Utf8Text.BrokenRule(text));
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("ascii")]
    [InlineData("Grüße aus Köln")]
    [InlineData("\uD83D\uDE00 and a longer text around it")]
    [InlineData("\u0001\u001F\u007F")]
    [InlineData("\uFFFD\uFFFE\uFFFF")]
    public void Text_WellFormed_Valid(string text) => Assert.True(Utf8Text.IsValid(Encoding.UTF8.GetBytes(text)));

    [Fact]
    [Statement("MQTT-1.5.4-3")]
    [Statement("MQTT-1.5.3-3 v3.1.1")]
    public void Text_ByteOrderMark_IsACharacter()
    {
        byte[] withMark = [0xEF, 0xBB, 0xBF, (byte)'a'];
        Assert.True(Utf8Text.IsValid(withMark));
        Assert.False(TopicFilter.Matches("a"u8, withMark));
        Assert.True(TopicFilter.Matches(withMark, withMark));

        WireFrames.Run("30 [ 0004EFBBBF61 ]", (in Frame frame) =>
        {
            Assert.True(
                PublishPacket.TryRead(in frame, ProtocolVersion.Mqtt311, PacketDirection.ToServer, out PublishPacket packet, out _));
            Assert.Equal(new byte[] { 0xEF, 0xBB, 0xBF, 0x61 }, packet.TopicName.ToArray());
        });
    }

    [Fact]
    public void Text_RandomBytes_AgreesWithTheFramework()
    {
        int seed = Fuzzing.FuzzSeed.Next();
        var random = new Random(seed);
        byte[] buffer = new byte[80];
        for (int i = 0; i < 100_000; i++)
        {
            Span<byte> text = buffer.AsSpan(0, random.Next(buffer.Length));
            for (int j = 0; j < text.Length; j++) text[j] = (byte)(random.Next(40) == 0 ? random.Next(256) : random.Next(32, 127));
            bool expected = System.Text.Unicode.Utf8.IsValid(text) && !text.Contains((byte)0);
            Assert.True(expected == Utf8Text.IsValid(text), $"seed {seed}, case {i}: {Convert.ToHexString(text)}");
            bool expectedName = expected && !text.IsEmpty && !text.ContainsAny((byte)'+', (byte)'#');
            Assert.True(expectedName == TopicName.IsValid(text), $"seed {seed}, case {i}: {Convert.ToHexString(text)}");
        }
    }
}
