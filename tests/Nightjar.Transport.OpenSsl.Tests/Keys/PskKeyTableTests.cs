using Nightjar.Transport.OpenSsl.Keys;
using Xunit;

namespace Nightjar.Transport.OpenSsl.Tests.Keys;

public sealed class PskKeyTableTests
{
    private static readonly Dictionary<string, PskKey> s_keys = new()
    {
        ["short"] = new([1, 2, 3]),
        ["long"] = new(Enumerable.Repeat((byte)7, 40).ToArray()),
    };

    [Fact]
    public void KnownIdentity_Looked_GivesItsKey()
    {
        byte[] key = new byte[PskKey.MaximumLength];
        int length = new PskKeyTable(s_keys).Find("short"u8, key, out string? known);
        Assert.Equal([1, 2, 3], key[..length]);
        Assert.Equal("short", known);
    }

    [Fact]
    public void UnknownIdentity_EachTime_GetsTheSameDecoyOfAPlausibleLength()
    {
        var table = new PskKeyTable(s_keys);
        var lengths = new HashSet<int>();
        var decoys = new HashSet<string>();
        for (int i = 0; i < 200; i++)
        {
            byte[] identity = BitConverter.GetBytes(i);
            string decoy = Find(table, identity, lengths);
            Assert.Equal(decoy, Find(table, identity, lengths));
            decoys.Add(decoy);
        }
        Assert.Equal([3, 40], lengths.Order());
        Assert.True(decoys.Count > 190, $"{decoys.Count} different decoys");
        Assert.NotEqual(Find(table, "nobody"u8, lengths), Find(new PskKeyTable(s_keys), "nobody"u8, lengths));
    }

    private static string Find(PskKeyTable table, ReadOnlySpan<byte> identity, HashSet<int> lengths)
    {
        byte[] key = new byte[PskKey.MaximumLength];
        int length = table.Find(identity, key, out string? known);
        Assert.Null(known);
        lengths.Add(length);
        return Convert.ToHexString(key, 0, length);
    }
}
