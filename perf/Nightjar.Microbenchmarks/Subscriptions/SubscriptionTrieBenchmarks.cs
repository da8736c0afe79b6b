using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using Nightjar.Broker.Subscriptions;

namespace Nightjar.Microbenchmarks.Subscriptions;

/// <summary>Matching and changing an index of many subscriptions, one for each device, with a few wildcards over all of them.</summary>
[MemoryDiagnoser]
public class SubscriptionTrieBenchmarks
{
    private readonly MatchResult _result = new();
    private readonly TestSubscriber _subscriber = new();
    private SubscriptionTrie _trie = new();
    private byte[][] _topics = [];
    private byte[] _newFilter = [];
    private uint _next;

    /// <summary>Subscriptions held.</summary>
    [Params(10_000, 100_000, 1_000_000)]
    public int Subscriptions { get; set; }

    /// <summary>Fills the trie.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _trie = new SubscriptionTrie();
        TestSubscriber[] subscribers = [.. Enumerable.Range(0, 1000).Select(_ => new TestSubscriber())];
        for (var i = 0; i < Subscriptions; i++) _trie.Add(new Subscription(subscribers[i % 1000], Filter(i)));
        foreach (var filter in new[] { "dev/+/temp", "dev/#", "+/+/temp" })
            _trie.Add(new Subscription(_subscriber, Encoding.UTF8.GetBytes(filter)));

        // A walk over all of them in random order finds nothing in the processor's caches.
        _topics = [.. Enumerable.Range(0, Subscriptions).Select(Filter)];
        new Random(1).Shuffle(_topics);
        _newFilter = "dev/new/state/+/x"u8.ToArray();
    }

    /// <summary>A topic that was not matched lately: four matches.</summary>
    [Benchmark]
    public int MatchCold()
    {
        _result.Clear();
        _trie.Match(_topics[_next++ % (uint)_topics.Length], _result);
        return _result.Count;
    }

    /// <summary>The same topic again and again.</summary>
    [Benchmark]
    public int MatchHot()
    {
        _result.Clear();
        _trie.Match(_topics[0], _result);
        return _result.Count;
    }

    /// <summary>SUBSCRIBE and UNSUBSCRIBE.</summary>
    [Benchmark]
    public bool AddAndRemove()
    {
        _trie.Add(new Subscription(_subscriber, _newFilter));
        return _trie.Remove(_subscriber, _newFilter, []) is not null;
    }

    private static byte[] Filter(int i) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"dev/{i}/temp"));

    private sealed class TestSubscriber : Subscriber;
}
