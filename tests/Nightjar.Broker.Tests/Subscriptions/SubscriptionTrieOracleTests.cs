using System.Text;
using Nightjar.Broker.Subscriptions;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Subscriptions;

public sealed class SubscriptionTrieOracleTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, 3, 4)]
    [InlineData(2, 6, 30)]
    [InlineData(3, 10, 10)]
    [InlineData(4, 40, 100)]
    [InlineData(0, 10, 20)]
    public void Trie_AfterRandomChanges_MatchesAsTheNaiveModel(int seed, int variety, int subscribers)
    {
        // The last case is another one in each run.
        if (seed == 0) seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        Model model = new(random, variety, subscribers);
        for (var step = 0; step < 15_000; step++)
        {
            model.Change(keepAbout: step / 3_000 % 2 == 0 ? 600 : 10);
            if (step % 50 == 0) model.AssertMatchesAsExpected(NaiveTopics.RandomTopic(random, variety));
            if (step % 1_000 == 0) model.AssertShape();
        }

        for (var i = 0; i < 300; i++) model.AssertMatchesAsExpected(NaiveTopics.RandomTopic(random, variety));
        model.RemoveAll();
    }

    private sealed class Model(Random random, int variety, int subscribers)
    {
        private readonly SubscriptionTrie _trie = new();
        private readonly TestSubscriber[] _subscribers = [.. Enumerable.Range(0, subscribers).Select(number => new TestSubscriber(number))];

        // In order of subscription.
        private readonly List<Subscription> _live = [];
        private readonly MatchResult _result = new();

        public void Change(int keepAbout)
        {
            if (random.Next(_live.Count + keepAbout) < _live.Count)
                Remove(_live[random.Next(_live.Count)]);
            else
                Add();
        }

        public void RemoveAll()
        {
            while (_live.Count > 0) Remove(_live[random.Next(_live.Count)]);
            Assert.Null(_trie.Root.Children);
            Assert.Equal(0, _trie.Count + _trie.SharedCount);
        }

        public void AssertShape() => TrieShape.AssertSound(_trie, [.. _live.Select(s => s.TopicFilter)]);

        public void AssertMatchesAsExpected(string topic)
        {
            _result.Clear();
            _trie.Match(NaiveTopics.Utf8(topic), _result);
            var expected = _live.Where(s => NaiveTopics.Matches(FilterOf(s), topic)).ToArray();
            foreach (var byFilter in expected.Where(s => s.ShareName is null).GroupBy(FilterOf))
                Assert.Equal(byFilter, _result.Subscriptions[.._result.Count].Where(s => FilterOf(s) == byFilter.Key));
            Assert.Equal(expected.Count(s => s.ShareName is null), _result.Count);

            var groups = _result.Groups[.._result.GroupCount];
            Assert.Equal(groups.Length, groups.Distinct().Count());
            Assert.Equal(
                expected.Where(s => s.ShareName is not null).ToHashSet(),
                groups.SelectMany(group => group.Members.ToArray()).Select(member => member!).ToHashSet());
            foreach (var group in groups)
            {
                foreach (var member in group.Members)
                {
                    Assert.Equal(group.ShareName, member!.ShareName);
                    Assert.Equal(group.TopicFilter, member.TopicFilter);
                }
            }
        }

        private static string FilterOf(Subscription subscription) => Encoding.UTF8.GetString(subscription.TopicFilter);

        private static string ShareOf(Subscription subscription) => subscription.ShareName is { } name ? Encoding.UTF8.GetString(name) : "";

        private void Add()
        {
            var share = random.Next(4) == 0 ? $"g{random.Next(3)}" : null;
            var filter = NaiveTopics.RandomFilter(random, variety);
            var subscription = SubscriptionTrieTests.Subscribe(_subscribers[random.Next(_subscribers.Length)], filter, share);
            var before = _live.FindIndex(s =>
                s.Subscriber == subscription.Subscriber && FilterOf(s) == filter && ShareOf(s) == (share ?? ""));
            var replaced = _trie.Add(subscription);
            Assert.Same(before < 0 ? null : _live[before], replaced);
            if (before < 0)
                _live.Add(subscription);
            else
                _live[before] = subscription;
            AssertCounts();
        }

        private void Remove(Subscription subscription)
        {
            // Bytes of its own, since a caller has those of its packet.
            var filter = NaiveTopics.Utf8(FilterOf(subscription));
            Assert.Same(subscription, _trie.Remove(subscription.Subscriber, filter, NaiveTopics.Utf8(ShareOf(subscription))));
            _live.Remove(subscription);
            AssertCounts();
        }

        private void AssertCounts() => Assert.Equal(
            (_live.Count(s => s.ShareName is null), _live.Count(s => s.ShareName is not null)), (_trie.Count, _trie.SharedCount));
    }
}
