using Nightjar.Broker.Subscriptions;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Subscriptions;

public sealed class SubscriptionGenerationsTests(ITestOutputHelper output)
{
    [Fact]
    public void Bump_OfAFilter_ChangesTheSumOfEveryTopicItMatches()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        SubscriptionGenerations generations = new();
        var topics = Enumerable.Range(0, 300).Select(_ => NaiveTopics.RandomTopic(random))
            .Concat(["a", "a/", "a/b", "/", "", "/a", "$SYS", "$SYS/a/b", "a//b"]).Distinct().ToArray();
        for (var step = 0; step < 3_000; step++)
        {
            var filter = NaiveTopics.RandomFilter(random);
            var before = topics.ToDictionary(topic => topic, topic => SumOf(generations, topic));
            generations.Bump(NaiveTopics.Utf8(filter));
            foreach (var topic in topics)
            {
                var after = SumOf(generations, topic);
                Assert.InRange(after, before[topic], before[topic] + 1);
                if (NaiveTopics.Matches(filter, topic)) Assert.Equal(before[topic] + 1, after);
            }
        }
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a/b/#")]
    [InlineData("a/b/+/c")]
    [InlineData("a/#")]
    [InlineData("a")]
    public void Bump_OfAFilterWithLiterals_LeavesNearlyAllOtherTopicsAlone(string filter)
    {
        SubscriptionGenerations generations = new();
        var topics = Enumerable.Range(0, 1000).Select(i => $"n{i}/m{i}/x").ToArray();
        var before = topics.Select(topic => SumOf(generations, topic)).ToArray();
        generations.Bump(NaiveTopics.Utf8(filter));
        Assert.InRange(topics.Where((topic, i) => SumOf(generations, topic) != before[i]).Count(), 0, 30);
    }

    [Fact]
    public void BumpAll_OfAnything_ChangesEverySum()
    {
        SubscriptionGenerations generations = new();
        var before = SumOf(generations, "a/b/c");
        generations.BumpAll();
        Assert.NotEqual(before, SumOf(generations, "a/b/c"));
    }

    [Fact]
    public async Task Sum_TakenBeforeAMatch_NeverVouchesForAMissedChange()
    {
        SubscriptionTrie trie = new();
        var stripe = SubscriptionGenerations.StripeOf("a/b"u8);
        var done = false;
        var writer = Task.Run(() =>
        {
            TestSubscriber subscriber = new();
            for (var i = 0; i < 100_000; i++)
            {
                var filter = (i % 4) switch { 0 => "a/b", 1 => "a/+", 2 => "+/b", _ => "a/#" };
                trie.Add(SubscriptionTrieTests.Subscribe(subscriber, filter));
                trie.Remove(subscriber, NaiveTopics.Utf8(filter), []);
            }

            Volatile.Write(ref done, true);
        });
        var checks = 0;
        MatchResult first = new();
        MatchResult second = new();
        while (!Volatile.Read(ref done))
        {
            first.Clear();
            second.Clear();
            var sum = trie.Generations.Sum(stripe);
            trie.Match("a/b"u8, first);
            trie.Match("a/b"u8, second);
            if (trie.Generations.Sum(stripe) != sum) continue;

            // What one match saw and the other did not is a change that was shown but not told yet: then the sum must change soon.
            checks++;
            if (first.Count == second.Count) continue;
            SpinWait.SpinUntil(() => trie.Generations.Sum(stripe) != sum, TimeSpan.FromSeconds(10));
            Assert.NotEqual(sum, trie.Generations.Sum(stripe));
        }

        await writer;
        output.WriteLine($"{checks} sums were equal");
    }

    private static long SumOf(SubscriptionGenerations generations, string topic) =>
        generations.Sum(SubscriptionGenerations.StripeOf(NaiveTopics.Utf8(topic)));
}
