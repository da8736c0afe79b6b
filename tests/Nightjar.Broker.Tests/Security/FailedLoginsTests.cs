using System.Net;
using Nightjar.Broker.Security;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Broker.Tests.Security;

/// <summary>Repeated failures of one address wait longer and longer, and nobody else does.</summary>
public sealed class FailedLoginsTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Note_OfRepeatedFailures_DoublesTheDelayUpToTheLongest()
    {
        var logins = new FailedLogins(_clock);

        var delays = Enumerable.Range(0, 10).Select(_ => logins.Note(Of("10.0.0.1"), Longest).TotalMilliseconds);

        Assert.Equal([0, 0, 0, 250, 500, 1000, 2000, 4000, 5000, 5000], delays);
        Assert.Equal((10, 7), (logins.Failures, logins.Delayed));
        Assert.Equal(TimeSpan.Zero, logins.Note(Of("10.0.0.2"), Longest));
    }

    [Fact]
    public void Note_AfterAMinuteOfQuiet_StartsAnew()
    {
        var logins = new FailedLogins(_clock);
        Fail(logins, "10.0.0.1", 6);

        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.NotEqual(TimeSpan.Zero, logins.Note(Of("10.0.0.1"), Longest));
        _clock.Advance(TimeSpan.FromSeconds(61));

        Assert.Equal(TimeSpan.Zero, logins.Note(Of("10.0.0.1"), Longest));
    }

    [Fact]
    public void Note_WithoutAnAddressOrALimit_NeverDelays()
    {
        var logins = new FailedLogins(_clock);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(TimeSpan.Zero, logins.Note(default, Longest));
            Assert.Equal(TimeSpan.Zero, logins.Note(Of("10.0.0.1"), TimeSpan.Zero));
        }

        Assert.Equal(40, logins.Failures);
    }

    [Fact]
    public void Note_FromManyAddresses_KeepsItsSizeAndAllocatesNothing()
    {
        var logins = new FailedLogins(_clock, capacity: 64);
        var prefixes = Enumerable.Range(0, 10_000).Select(i => new AddressPrefix(0x2001_0DB8_0000_0000 + (ulong)i)).ToArray();
        logins.Note(prefixes[0], Longest);
        var before = GC.GetAllocatedBytesForCurrentThread();

        foreach (var prefix in prefixes) logins.Note(prefix, Longest);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(10_001, logins.Failures);
    }

    [Fact]
    public void Note_OfAnAddressWhileOthersComeAndGo_IsRememberedWhileItIsRecent()
    {
        var logins = new FailedLogins(_clock, capacity: 4);
        Fail(logins, "10.0.0.1", 5);
        for (var i = 2; i < 5; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            logins.Note(Of($"10.0.0.{i}"), Longest);
        }

        // The bucket is full: the oldest entry goes, which is the first address.
        _clock.Advance(TimeSpan.FromSeconds(1));
        logins.Note(Of("10.0.0.9"), Longest);

        Assert.Equal(TimeSpan.Zero, logins.Note(Of("10.0.0.1"), Longest));
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1", true)]
    [InlineData("10.0.0.1", "::ffff:10.0.0.1", true)]
    [InlineData("10.0.0.1", "10.0.0.2", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("::1", "127.0.0.1", false)]
    public void AddressPrefix_OfTwoAddresses_IsTheSameForOneSubscriber(string one, string other, bool same) => Assert.Equal(same, Of(one) == Of(other));

    [Fact]
    public void AddressPrefix_OfWhatIsNoAddress_IsNone()
    {
        Assert.False(AddressPrefix.Of(null).HasValue);
        Assert.False(AddressPrefix.Of(new System.Net.Sockets.UnixDomainSocketEndPoint("/tmp/x")).HasValue);
        Assert.True(Of("::1").HasValue && Of("0.0.0.0").HasValue && Of("::").HasValue);
    }

    private static AddressPrefix Of(string address) => AddressPrefix.Of(new IPEndPoint(IPAddress.Parse(address), 1));

    private static void Fail(FailedLogins logins, string address, int times)
    {
        for (var i = 0; i < times; i++) logins.Note(Of(address), Longest);
    }
}
