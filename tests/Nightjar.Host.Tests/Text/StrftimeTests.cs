using Nightjar.Host.Text;
using Xunit;

namespace Nightjar.Host.Tests.Text;

public sealed class StrftimeTests
{
    private static readonly DateTimeOffset Time = new(2026, 1, 4, 15, 7, 9, TimeSpan.FromHours(-3.5));

    [Theory]
    [InlineData("%Y-%m-%dT%H:%M:%S%z", "2026-01-04T15:07:09-0330")]
    [InlineData("%a %e %b %I:%M %p", "Sun  4 Jan 03:07 PM")]
    [InlineData("%F %T", "2026-01-04 15:07:09")]
    [InlineData("100%% of %", "100% of %")]
    [InlineData("%s", "1767551829")]
    [InlineData("%q", "%q")]
    [InlineData("", "")]
    public void Format_WholeFormat_IsStrftimes(string format, string text) => Assert.Equal(text, Strftime.Format(format, Time));
}
