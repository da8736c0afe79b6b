using Nightjar.Storage.Sqlite;
using Nightjar.Storage.Sqlite.Writing;
using Xunit;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>The wait before a commit follows what it would have spared.</summary>
public sealed class LingerPolicyTests
{
    private static readonly SqliteStoreOptions Options = new() { Path = "", LongestLinger = TimeSpan.FromMilliseconds(10) };

    [Fact]
    public void Linger_GrowsWhileDeliveriesAreWrittenInVain_AndGoesWhenNoneAre()
    {
        var policy = new LingerPolicy(Options);
        for (var period = 1; period <= 6; period++)
        {
            Observe(ref policy, added: 100, absorbed: 50, missed: 20);
            Assert.Equal(period, policy.Milliseconds);
        }

        for (var period = 1; period <= 6; period++) Observe(ref policy, added: 100, absorbed: 0, missed: 0);
        Assert.Equal(0, policy.Milliseconds);
    }

    [Fact]
    public void Linger_IsKeptWhileItAbsorbs_AndOneThatIsShorterIsTriedNowAndThen()
    {
        var policy = new LingerPolicy(Options);
        Observe(ref policy, added: 100, absorbed: 0, missed: 90);
        Observe(ref policy, added: 100, absorbed: 0, missed: 90);
        Observe(ref policy, added: 100, absorbed: 99, missed: 1);
        Assert.Equal(2, policy.Milliseconds);
        var periods = 0;
        for (; policy.Milliseconds == 2 && periods < 1000; periods++) Observe(ref policy, added: 100, absorbed: 99, missed: 1);
        Assert.Equal(1, policy.Milliseconds);
        Assert.InRange(periods, 10, 999);
    }

    [Fact]
    public void Linger_ForClientsThatAreSlowerThanTheLongest_IsGivenUp()
    {
        var policy = new LingerPolicy(Options);
        for (var period = 0; period < 10; period++) Observe(ref policy, added: 100, absorbed: 0, missed: 100);
        Assert.Equal(10, policy.Milliseconds);
        for (var period = 0; period < 50; period++)
        {
            Observe(ref policy, added: 100, absorbed: 0, missed: 100);
            Assert.Equal(0, policy.Milliseconds);
        }
    }

    [Fact]
    public void Linger_WhereNobodyWaits_IsLong() =>
        Assert.Equal(50, new LingerPolicy(Options with { Sync = SqliteSync.Autosave }).Milliseconds);

    private static void Observe(ref LingerPolicy policy, int added, int absorbed, int missed)
    {
        for (var batch = 0; batch < LingerPolicy.BatchesAtOnce; batch++) policy.Observe(added, absorbed, missed);
    }
}
