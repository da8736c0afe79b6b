using Nightjar.Transport.OpenSsl.Keys;
using Xunit;

namespace Nightjar.Transport.OpenSsl.Tests.Keys;

public sealed class PskKeyTests
{
    // What mosquitto 2.0.11 made of each, tried against openssl s_client -psk.
    [Theory]
    [InlineData("aabbcc", "AABBCC")]
    [InlineData("AaBbCc", "AABBCC")]
    [InlineData("00aabbcc", "00AABBCC")]
    [InlineData("0000aabb", "0000AABB")]
    [InlineData("aabb00", "AABB00")]
    [InlineData("abc", "0ABC")]
    [InlineData("0abc", "0ABC")]
    [InlineData("00abc", "000ABC")]
    [InlineData("000abc", "000ABC")]
    [InlineData("0ab", "AB")]
    [InlineData("00", "00")]
    [InlineData("000", "00")]
    [InlineData("1", "01")]
    public void Hex_AsMosquittoReadsIt_GivesTheBytes(string hex, string bytes)
    {
        Assert.True(PskKey.TryParse(hex, out PskKey? key));
        Assert.Equal(bytes, Convert.ToHexString(key.Bytes));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("xy")]
    [InlineData("xyz")]
    [InlineData("abx")]
    [InlineData("0x12")]
    [InlineData("aa bb")]
    public void Text_ThatIsNoKey_IsRefused(string hex) => Assert.False(PskKey.TryParse(hex, out _));

    [Theory]
    [InlineData(1024, true)]
    [InlineData(1025, false)]
    [InlineData(1026, false)]
    [InlineData(100_000, false)]
    public void Key_OfManyDigits_HasAtMost512Bytes(int digits, bool fits)
    {
        Assert.Equal(fits, PskKey.TryParse(new string('a', digits), out _));
        Assert.Equal(fits || digits == 1025, PskKey.TryParse(new string('0', digits), out _));
    }

    [Fact]
    public void Key_Printed_SaysNothing()
    {
        Assert.True(PskKey.TryParse("c0ffee", out PskKey? key));
        Assert.DoesNotContain("c0ffee", key.ToString(), StringComparison.OrdinalIgnoreCase);
    }
}
