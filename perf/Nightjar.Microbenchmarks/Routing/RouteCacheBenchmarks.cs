using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using Nightjar.Broker.Routing;
using Nightjar.Broker.Subscriptions;

namespace Nightjar.Microbenchmarks.Routing;

/// <summary>Look-ups in a route cache that holds all topics in use.</summary>
[MemoryDiagnoser]
public class RouteCacheBenchmarks
{
    private readonly SubscriptionGenerations _generations = new();
    private RouteCache<Route> _cache = new(1);
    private byte[][] _topics = [];
    private uint _next;

    /// <summary>Topics in use.</summary>
    [Params(10_000, 100_000, 1_000_000)]
    public int Topics { get; set; }

    /// <summary>Fills the cache.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _cache = new RouteCache<Route>(Topics * 2);
        _topics = [.. Enumerable.Range(0, Topics)
            .Select(i => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"dev/{i}/temp")))];
        foreach (var topic in _topics)
        {
            var stripe = SubscriptionGenerations.StripeOf(topic);
            _cache.Add(new Route(topic, RouteCache<Route>.HashOf(topic), stripe, _generations.Sum(stripe)));
        }

        new Random(1).Shuffle(_topics);
    }

    /// <summary>Hash, look-up and check of the generation for a topic that is in the processor's caches.</summary>
    [Benchmark]
    public bool GetHot() => IsValid(_topics[0]);

    /// <summary>The same for a topic that was not used lately.</summary>
    [Benchmark]
    public bool GetCold() => IsValid(_topics[_next++ % (uint)_topics.Length]);

    /// <summary>A topic that is not there.</summary>
    [Benchmark]
    public bool GetMiss() => IsValid("dev/none/temp"u8);

    private bool IsValid(ReadOnlySpan<byte> topic) =>
        _cache.Get(topic, RouteCache<Route>.HashOf(topic)) is { } route && _generations.Sum(route.Stripe) == route.Generation;

    private sealed class Route(byte[] topicName, uint hash, TopicStripe stripe, long generation)
        : CachedRoute(topicName, hash, stripe, generation);
}
