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

    [Fact]
    public void Holds_AfterEachChange_SaysWhatTheSumSays()
    {
        Random random = new(7);
        SubscriptionGenerations generations = new();
        var topics = Enumerable.Range(0, 100).Select(_ => NaiveTopics.RandomTopic(random)).Distinct().Select(NaiveTopics.Utf8).ToArray();
        var sums = topics.Select(topic => generations.Sum(SubscriptionGenerations.StripeOf(topic))).ToArray();
        var changes = Enumerable.Repeat(-1L, topics.Length).ToArray();
        var differed = 0;
        for (var step = 0; step < 2_000; step++)
        {
            if (step % 100 == 99) generations.BumpAll();
            else if (step % 3 == 0) generations.Bump(NaiveTopics.Utf8(NaiveTopics.RandomFilter(random)));
            for (var i = 0; i < topics.Length; i++)
            {
                var stripe = SubscriptionGenerations.StripeOf(topics[i]);
                var holds = generations.Sum(stripe) == sums[i];
                Assert.Equal(holds, generations.Holds(sums[i], stripe, ref changes[i]));
                if (holds) continue;
                differed++;
                // As a route that is matched anew; every other one goes on with the old memory.
                sums[i] = generations.Sum(stripe);
                if (i % 2 == 0) changes[i] = -1;
            }
        }

        Assert.InRange(differed, 1000, int.MaxValue);
    }

    [Fact]
    public async Task Holds_WhileOthersTellOfChanges_KnowsEveryOneThatWasToldOf()
    {
        SubscriptionGenerations generations = new();
        var stripe = SubscriptionGenerations.StripeOf("a/b"u8);
        long told = 0;
        long known = 0;
        var writer = Task.Run(() =>
        {
            // As long as it takes: until the reader has seen enough.
            for (var i = 1; Volatile.Read(ref known) < 2_000; i++)
            {
                generations.Bump("a/b"u8);
                Volatile.Write(ref told, i);
                // Now and then nothing changes for a while, so that the reader finds what it remembers to be true.
                if (i % 4 == 0) Thread.SpinWait(i % 200);
            }
        });
        var remembered = 0;
        while (!writer.IsCompleted)
        {
            // So many changes are in it.
            var sum = generations.Sum(stripe);
            long changes = -1;
            for (var holds = true; holds && !writer.IsCompleted;)
            {
                var before = Volatile.Read(ref told);
                var memory = changes;
                holds = generations.Holds(sum, stripe, ref changes);
                Assert.False(holds && before > sum, $"{before} changes had been told of, and a sum of {sum} was said to hold.");
                if (holds && memory >= 0 && memory == changes) remembered++;
                if (!holds) Volatile.Write(ref known, known + 1);
            }
        }

        await writer;
        output.WriteLine($"{known} sums were found to be old, {remembered} times one was remembered");
        Assert.True(remembered > 0);
    }

    private static long SumOf(SubscriptionGenerations generations, string topic) =>
        generations.Sum(SubscriptionGenerations.StripeOf(NaiveTopics.Utf8(topic)));
}
