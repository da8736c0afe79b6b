using Nightjar.Broker.Routing;
using Nightjar.Broker.Subscriptions;
using Nightjar.Broker.Tests.Subscriptions;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Broker.Tests.Routing;

public sealed class RouteCacheTests
{
    private sealed class TestRoute(byte[] topicName, uint hash, long generation = 0)
        : CachedRoute(topicName, hash, default(TopicStripe), generation);

    [Fact]
    public void Get_AfterAdd_GivesTheRouteOfThatTopicOnly()
    {
        RouteCache<TestRoute> cache = new(1000);
        var route = Route("a/b");
        cache.Add(route);
        Assert.Same(route, Get(cache, "a/b"));
        Assert.Null(Get(cache, "a/c"));
        Assert.Null(cache.Get("a/c"u8, route.Hash));
        cache.Clear();
        Assert.Null(Get(cache, "a/b"));
    }

    [Fact]
    public void Add_OfTheSameTopic_ReplacesTheRoute()
    {
        RouteCache<TestRoute> cache = new(4);
        cache.Add(Route("a"));
        cache.Add(Route("b"));
        var newer = Route("a");
        cache.Add(newer);
        Assert.Same(newer, Get(cache, "a"));
        Assert.NotNull(Get(cache, "b"));
    }

    [Fact]
    public void Add_BeyondTheCapacity_StaysBoundedAndKeepsWhatIsUsed()
    {
        RouteCache<TestRoute> cache = new(64);
        Assert.Equal(64, cache.Capacity);
        cache.Add(Route("hot"));
        var topics = Enumerable.Range(0, 10_000).Select(i => $"t/{i}").ToArray();
        foreach (var topic in topics)
        {
            Assert.NotNull(Get(cache, "hot"));
            cache.Add(Route(topic));
        }

        Assert.InRange(topics.Count(topic => Get(cache, topic) is not null), 32, 63);
    }

    [Fact]
    public void Add_BeyondTheBytes_RemovesRoutesLeastUsedAndKeepsCount()
    {
        const long Limit = 100_000;
        RouteCache<TestRoute> cache = new(1024, Limit);
        var hot = Route("hot");
        cache.Add(hot);
        for (var i = 0; i < 2000; i++)
        {
            Assert.Same(hot, Get(cache, "hot"));
            cache.Add(Route($"{i}/".PadRight(5000, 'x')));
            Assert.InRange(cache.Bytes, hot.Bytes, Limit + 6000);
        }

        cache.Add(Route(new string('y', 20_000)));
        Assert.Null(Get(cache, new string('y', 20_000)));
        cache.Clear();
        Assert.Equal(0, cache.Bytes);
    }

    [Fact]
    public void ShouldAdmit_OfATopicMissedTwice_IsTrueTheSecondTime()
    {
        RouteCache<TestRoute> cache = new(1024);
        var hash = RouteCache<TestRoute>.HashOf("a/b"u8);
        Assert.False(cache.ShouldAdmit(hash));
        Assert.True(cache.ShouldAdmit(hash));
        var once = Enumerable.Range(0, 10_000).Count(i => cache.ShouldAdmit(RouteCache<TestRoute>.HashOf(NaiveTopics.Utf8($"once/{i}"))));
        // Every sixteenth, and a few that meet one of the same hash.
        Assert.InRange(once, 620, 640);
    }

    [Fact]
    public void ShouldAdmit_OfTwoTopicsThatShareAPlaceAndComeInTurn_LetsOneIn()
    {
        RouteCache<TestRoute> cache = new(16);
        var seen = new Dictionary<uint, uint>();
        var (first, second) = (0u, 0u);
        for (var i = 0; second == 0; i++)
        {
            var hash = RouteCache<TestRoute>.HashOf(NaiveTopics.Utf8($"t/{i}"));
            // More low bits than a cache of this size has places.
            if (!seen.TryAdd(hash & 0xFFFF, hash) && seen[hash & 0xFFFF] != hash) (first, second) = (seen[hash & 0xFFFF], hash);
        }

        Assert.Contains(Enumerable.Range(0, 16), _ => cache.ShouldAdmit(first) | cache.ShouldAdmit(second));
    }

    [Fact]
    public void HashOf_OfSimilarTopics_SpreadsOverAllBits()
    {
        foreach (var length in new[] { 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100 })
        {
            var topic = new byte[length];
            HashSet<uint> hashes = [];
            var ones = new int[32];
            for (var i = 0; i < 256; i++)
            {
                topic[length / 2] = (byte)i;
                var hash = RouteCache<TestRoute>.HashOf(topic);
                hashes.Add(hash);
                for (var bit = 0; bit < 32; bit++) ones[bit] += (int)(hash >> bit) & 1;
            }

            Assert.InRange(hashes.Count, 254, 256);
            Assert.All(ones, count => Assert.InRange(count, 64, 192));
        }
    }

    [Fact]
    public async Task Cache_UsedByManyThreads_GivesOnlyRoutesOfTheTopicAsked()
    {
        RouteCache<TestRoute> cache = new(256);
        var topics = Enumerable.Range(0, 1000).Select(i => NaiveTopics.Utf8($"t/{i}")).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() =>
        {
            Random random = new(seed);
            for (var i = 0; i < 200_000; i++)
            {
                var topic = topics[random.Next(topics.Length)];
                var hash = RouteCache<TestRoute>.HashOf(topic);
                if (cache.Get(topic, hash) is { } route)
                    Assert.Same(topic, route.TopicName);
                else if (cache.ShouldAdmit(hash))
                    cache.Add(new TestRoute(topic, hash));
            }
        })));
    }

    [Fact]
    public void GetAndShouldAdmit_AllocateNothing()
    {
        RouteCache<TestRoute> cache = new(256);
        cache.Add(Route("a/b/c"));
        Allocation.AssertNone(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                cache.Get("a/b/c"u8, RouteCache<TestRoute>.HashOf("a/b/c"u8));
                cache.Get("x"u8, RouteCache<TestRoute>.HashOf("x"u8));
                cache.ShouldAdmit((uint)i);
            }
        });
    }

    private static TestRoute Route(string topic) => new(NaiveTopics.Utf8(topic), RouteCache<TestRoute>.HashOf(NaiveTopics.Utf8(topic)));

    private static TestRoute? Get(RouteCache<TestRoute> cache, string topic) =>
        cache.Get(NaiveTopics.Utf8(topic), RouteCache<TestRoute>.HashOf(NaiveTopics.Utf8(topic)));
}
