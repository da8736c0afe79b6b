using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Protocol.Tests.Framing;

[Statement("MQTT-1.5.5-1")]
public sealed class VariableByteIntegerTests
{
    [Theory]
    [InlineData(0, "00")]
    [InlineData(127, "7F")]
    [InlineData(128, "8001")]
    [InlineData(16_383, "FF7F")]
    [InlineData(16_384, "808001")]
    [InlineData(2_097_151, "FFFF7F")]
    [InlineData(2_097_152, "80808001")]
    [InlineData(268_435_455, "FFFFFF7F")]
    public void Value_AtTheBounds_WrittenShortestAndReadBack(int value, string hex)
    {
        byte[] buffer = new byte[4];
        int length = VariableByteInteger.Write(buffer, value);
        Assert.Equal(hex, Convert.ToHexString(buffer, 0, length));
        Assert.Equal(length, VariableByteInteger.GetLength(value));
        Assert.Equal(ReadStatus.Complete, VariableByteInteger.TryRead(buffer, out int read, out int readLength));
        Assert.Equal((value, length), (read, readLength));
    }

    [Theory]
    [InlineData("", ReadStatus.NeedMoreData)]
    [InlineData("80", ReadStatus.NeedMoreData)]
    [InlineData("FFFFFF", ReadStatus.NeedMoreData)]
    [InlineData("8000", ReadStatus.Invalid)]
    [InlineData("81808000", ReadStatus.Invalid)]
    [InlineData("80808080", ReadStatus.Invalid)]
    public void Bytes_WithoutAValue_SayWhy(string hex, ReadStatus expected)
    {
        Assert.Equal(expected, VariableByteInteger.TryRead(Convert.FromHexString(hex), out int value, out int length));
        Assert.Equal((0, 0), (value, length));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(268_435_456)]
    public void Value_OutOfRange_Throws(int value) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => VariableByteInteger.GetLength(value));
}
