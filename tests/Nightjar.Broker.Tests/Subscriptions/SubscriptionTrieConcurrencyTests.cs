using System.Text;
using Nightjar.Broker.Subscriptions;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Subscriptions;

public sealed class SubscriptionTrieConcurrencyTests(ITestOutputHelper output)
{
    private const int Writers = 2;
    private const int Readers = 2;
    private const int ChangesOfAWriter = 30_000;

    [Fact]
    public async Task Match_BesideChanges_FindsWhatStaysOnceAndNothingThatDoesNotMatch()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        SubscriptionTrie trie = new();
        var stable = Enumerable.Range(0, 300).Select(i => SubscriptionTrieTests.Subscribe(
            new TestSubscriber(i), NaiveTopics.RandomFilter(random, 5), i % 5 == 0 ? "stable" : null)).ToArray();
        foreach (var subscription in stable) trie.Add(subscription);

        var running = Writers;
        var writers = Enumerable.Range(1, Writers).Select(number => Task.Run(() =>
        {
            try
            {
                return Write(trie, new Random(seed + number), number);
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        })).ToArray();
        var readers = Enumerable.Range(1, Readers).Select(number => Task.Run(() =>
        {
            Random own = new(seed - number);
            do Read(trie, stable, NaiveTopics.RandomTopic(own, 5));
            while (Volatile.Read(ref running) > 0);
        })).ToArray();

        await Task.WhenAll(readers);
        var left = (await Task.WhenAll(writers)).SelectMany(subscriptions => subscriptions).Concat(stable).ToArray();
        TrieShape.AssertSound(trie, [.. left.Select(s => s.TopicFilter)]);
        Assert.Equal(left.Length, trie.Count + trie.SharedCount);
        for (var i = 0; i < 300; i++)
        {
            var topic = NaiveTopics.RandomTopic(random, 5);
            Assert.Equal(left.Where(s => NaiveTopics.Matches(FilterOf(s), topic)).ToHashSet(), [.. Everybody(trie, topic)]);
        }
    }

    // Adds and removes subscriptions of its own; what it sees of them itself is exact.
    private static List<Subscription> Write(SubscriptionTrie trie, Random random, int number)
    {
        var subscribers = Enumerable.Range(0, 50).Select(i => new TestSubscriber((1000 * number) + i)).ToArray();
        Dictionary<(TestSubscriber, string, string?), Subscription> own = [];
        for (var step = 0; step < ChangesOfAWriter; step++)
        {
            var subscriber = subscribers[random.Next(subscribers.Length)];
            var filter = NaiveTopics.RandomFilter(random, 5);
            var share = random.Next(4) == 0 ? "g" : null;
            if (random.Next(2) == 0 || own.Count < 5)
            {
                var subscription = SubscriptionTrieTests.Subscribe(subscriber, filter, share);
                Assert.Same(own.GetValueOrDefault((subscriber, filter, share)), trie.Add(subscription));
                own[(subscriber, filter, share)] = subscription;
            }
            else
            {
                // Mostly one that is there.
                var key = random.Next(10) == 0 ? (subscriber, filter, share) : own.Keys.ElementAt(random.Next(Math.Min(own.Count, 20)));
                var expected = own.GetValueOrDefault(key);
                Assert.Same(expected, trie.Remove(key.Item1, NaiveTopics.Utf8(key.Item2), NaiveTopics.Utf8(key.Item3 ?? "")));
                own.Remove(key);
                if (step % 10 == 0 && key.Item2.AsSpan().IndexOfAny('+', '#') < 0)
                    Assert.DoesNotContain(expected, Everybody(trie, key.Item2));
            }
        }

        return [.. own.Values];
    }

    private static void Read(SubscriptionTrie trie, Subscription[] stable, string topic)
    {
        var found = Everybody(trie, topic);
        Assert.All(found, subscription => Assert.True(NaiveTopics.Matches(FilterOf(subscription), topic)));
        Assert.Equal(found.Count, found.Distinct().Count());
        Assert.Equal(
            stable.Where(s => NaiveTopics.Matches(FilterOf(s), topic)).ToHashSet(),
            found.Where(s => ((TestSubscriber)s.Subscriber).Number < 1000).ToHashSet());
        var plain = found.Where(s => s.ShareName is null).ToArray();
        Assert.Equal(plain.Length, plain.Select(s => (s.Subscriber, FilterOf(s))).Distinct().Count());
    }

    // Stable members of shared groups are never moved beside a reader: they are the only members of theirs.
    private static List<Subscription> Everybody(SubscriptionTrie trie, string topic)
    {
        MatchResult result = new();
        trie.Match(NaiveTopics.Utf8(topic), result);
        List<Subscription> all = [.. result.Subscriptions[..result.Count]];
        foreach (var group in result.Groups[..result.GroupCount])
        {
            HashSet<Subscription> members = [];
            foreach (var member in group.Members)
            {
                if (member is not null) members.Add(member);
            }

            all.AddRange(members);
        }

        return all;
    }

    private static string FilterOf(Subscription subscription) => Encoding.UTF8.GetString(subscription.TopicFilter);
}
