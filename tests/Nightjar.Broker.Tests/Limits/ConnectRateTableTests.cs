using System.Net;
using Nightjar.Broker.Limits;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>The connect rates of addresses, and what one address is.</summary>
public sealed class ConnectRateTableTests
{
    [Fact]
    public void Address_AtItsRate_WaitsForItsOwnBucketOnly()
    {
        var table = new ConnectRateTable();
        for (var i = 0; i < 5; i++) Assert.True(table.TryTake(1, 1000, 5));
        Assert.False(table.TryTake(1, 1000, 5));
        Assert.False(table.TryTake(1, 1199, 5));
        Assert.True(table.TryTake(2, 1199, 5));
        Assert.True(table.TryTake(1, 1200, 5));
        Assert.False(table.TryTake(1, 1200, 5));
        for (var i = 0; i < 5; i++) Assert.True(table.TryTake(1, 99_000, 5));
        Assert.False(table.TryTake(1, 99_000, 5));
    }

    [Fact]
    public void Table_UnderMoreAddressesThanItHolds_StaysAndRefusesNobodyWrongly()
    {
        var table = new ConnectRateTable();
        for (ulong address = 0; address < 200_000; address++) Assert.True(table.TryTake(address, (long)address / 100, 1));
    }

    [Fact]
    public void Address_OfAFlood_IsStillRefusedBesideOthers()
    {
        var table = new ConnectRateTable();
        var let = 0;
        // The one whose bucket is empty is not the one that is pushed out.
        for (ulong address = 1; address < 50_000; address++)
        {
            table.TryTake(address, 1000, 10);
            if (table.TryTake(0, 1000, 10)) let++;
        }

        Assert.Equal(10, let);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    public void Addresses_OfOneHostOrNetwork_AreOne(string first, string second, bool isOne) => Assert.Equal(isOne, KeyOf(first) == KeyOf(second));

    [Theory]
    [InlineData("::ffff:10.1.2.3", "10.0.0.0/8", true)]
    [InlineData("10.1.2.3", "10.0.0.0/8", true)]
    [InlineData("10.1.2.3", "::/0", false)]
    [InlineData("2001:db8::1", "2001:db8::/32", true)]
    public void Network_HoldsAnAddress_InEitherForm(string address, string network, bool isIn)
    {
        Assert.True(AddressKey.TryGetAddress(new IPEndPoint(IPAddress.Parse(address), 1), out var judged));
        Assert.Equal(isIn, AddressKey.IsIn([IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse(network)], judged));
    }

    private static ulong KeyOf(string text)
    {
        Assert.True(AddressKey.TryGetAddress(new IPEndPoint(IPAddress.Parse(text), 1), out var address));
        return AddressKey.Of(address);
    }
}
