using Nightjar.Broker.Collections;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Collections;

public sealed class HashTableTests(ITestOutputHelper output)
{
    private sealed record Item(int Key, uint Hash);

    [Theory]
    [InlineData(1, 1_000, uint.MaxValue)]
    [InlineData(2, 20_000, uint.MaxValue)]
    [InlineData(3, 3_000, 0x0000_0F0Fu)]
    [InlineData(4, 2_000, 0xF000_0000u)]
    [InlineData(5, 700, 0u)]
    public void HashTable_AfterManyChanges_HoldsWhatADictionaryHolds(int seed, int keys, uint hashMask)
    {
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        HashTable<Item> table = new();
        Dictionary<int, Item> model = [];
        for (var step = 0; step < 60_000; step++)
        {
            // Phases of growth and of decline, so that segments are split and joined again.
            var declines = step / 15_000 % 2 == 1;
            var key = random.Next(keys);
            if (model.TryGetValue(key, out var item))
            {
                if (!declines && random.Next(4) != 0) continue;
                Assert.True(table.Remove(item, item.Hash));
                Assert.False(table.Remove(item, item.Hash));
                model.Remove(key);
            }
            else if (!declines || random.Next(8) == 0)
            {
                item = new Item(key, (uint)HashCode.Combine(key) & hashMask);
                table.Add(item, item.Hash);
                model.Add(key, item);
            }

            Assert.Equal(model.Count, table.Count);
            if (step % 5_000 == 0) AssertSame(model, table);
        }

        AssertSame(model, table);
        foreach (var item in model.Values) Assert.True(table.Remove(item, item.Hash));
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void HashTableCursor_BesideSplitsAndJoins_GivesEachItemThatStaysOnce()
    {
        Random random = new(11);
        HashTable<Item> table = new();
        var stable = Enumerable.Range(0, 5_000).Select(key => new Item(key, (uint)random.Next())).ToArray();
        foreach (var item in stable) table.Add(item, item.Hash);

        for (var round = 0; round < 20; round++)
        {
            List<Item> passing = [];
            List<int> seen = [];
            var cursor = table.GetCursor();
            for (var step = 0; cursor.Next() is { } item; step++)
            {
                if (item.Key >= 0) seen.Add(item.Key);
                if (step < 2_000)
                {
                    for (var i = 0; i < 10; i++)
                    {
                        Item added = new(-1, (uint)random.Next());
                        table.Add(added, added.Hash);
                        passing.Add(added);
                    }
                }
                else if (passing.Count > 0)
                {
                    for (var i = 0; i < 50 && passing.Count > 0; i++)
                    {
                        Assert.True(table.Remove(passing[^1], passing[^1].Hash));
                        passing.RemoveAt(passing.Count - 1);
                    }
                }
            }

            foreach (var item in passing) table.Remove(item, item.Hash);
            Assert.Equal(stable.Length, seen.Count);
            Assert.Equal(stable.Length, seen.Distinct().Count());
        }
    }

    [Fact]
    public async Task HashTable_BesideAWriter_IsReadWithoutMissingWhatStays()
    {
        HashTable<Item> table = new();
        Random random = new(12);
        var stable = Enumerable.Range(0, 2_000).Select(key => new Item(key, (uint)random.Next())).ToArray();
        foreach (var item in stable) table.Add(item, item.Hash);
        var done = false;

        var readers = Enumerable.Range(0, 3).Select(seed => Task.Run(() =>
        {
            Random own = new(seed);
            var reads = 0;
            while (!Volatile.Read(ref done) || reads < 10_000)
            {
                var expected = stable[own.Next(stable.Length)];
                Assert.Same(expected, Find(table, expected.Key, expected.Hash));
                reads++;
            }
        })).ToArray();

        for (var round = 0; round < 10; round++)
        {
            var passing = Enumerable.Range(0, 20_000).Select(key => new Item(-key - 1, (uint)random.Next())).ToArray();
            foreach (var item in passing) table.Add(item, item.Hash);
            foreach (var item in passing) Assert.True(table.Remove(item, item.Hash));
        }

        Volatile.Write(ref done, true);
        await Task.WhenAll(readers);
        Assert.Equal(stable.Length, table.Count);
    }

    private static Item? Find(HashTable<Item> table, int key, uint hash)
    {
        var probe = table.Find(hash);
        while (probe.Next() is { } item)
        {
            if (item.Key == key) return item;
        }

        return null;
    }

    private static void AssertSame(Dictionary<int, Item> model, HashTable<Item> table)
    {
        List<Item> items = [];
        var cursor = table.GetCursor();
        while (cursor.Next() is { } item) items.Add(item);
        Assert.Equal(model.Values.OrderBy(item => item.Key), items.OrderBy(item => item.Key));
        foreach (var item in model.Values) Assert.Same(item, Find(table, item.Key, item.Hash));
    }
}
