using System.Text;
using Nightjar.Broker.Subscriptions;
using Nightjar.Protocol;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Broker.Tests.Subscriptions;

public sealed class SubscriptionTrieTests
{
    [Theory]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/ranking", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true)]
    [InlineData("sport/#", "sport", true)]
    [InlineData("sport/#", "sports", false)]
    [InlineData("#", "sport", true)]
    [InlineData("#", "/", true)]
    [InlineData("#", "$SYS/broker", false)]
    [InlineData("+/monitor/Clients", "$SYS/monitor/Clients", false)]
    [InlineData("$SYS/#", "$SYS/monitor/Clients", true)]
    [InlineData("$SYS/monitor/+", "$SYS/monitor/Clients", true)]
    [InlineData("a/+", "a/$b", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1/ranking", false)]
    [InlineData("sport/+", "sport", false)]
    [InlineData("sport/+", "sport/", true)]
    [InlineData("+/+", "/finance", true)]
    [InlineData("/+", "/finance", true)]
    [InlineData("+", "/finance", false)]
    [InlineData("+/#", "sport", true)]
    [InlineData("/", "/", true)]
    [InlineData("a//b", "a//b", true)]
    [InlineData("a/+/b", "a//b", true)]
    [InlineData("a/b", "a/b/", false)]
    [InlineData("a/b/", "a/b", false)]
    [InlineData("ACCOUNTS", "Accounts", false)]
    public void Match_OfFilterAndTopic_FollowsTheSpecification(string filter, string topic, bool matches)
    {
        // Alone the filter is one node; with company its levels are nodes of their own.
        SubscriptionTrie alone = new();
        SubscriptionTrie amongOthers = new();
        TestSubscriber subscriber = new();
        alone.Add(Subscribe(subscriber, filter));
        foreach (var other in new[] { "other", filter + "x", "a/b/c/d", "+/zz", "sport/tennis/player1/zz", "$SYS/zz", "/zz", "a/+/zz" })
            amongOthers.Add(Subscribe(new TestSubscriber(), other));
        amongOthers.Add(Subscribe(subscriber, filter));

        Assert.Equal(matches, Match(alone, topic).Any(s => s.Subscriber == subscriber));
        Assert.Equal(matches, Match(amongOthers, topic).Any(s => s.Subscriber == subscriber));
    }

    [Fact]
    public void Add_OfTheSameSubscriberAndFilter_ReplacesAndKeepsThePlace()
    {
        SubscriptionTrie trie = new();
        foreach (var count in new[] { 1, 2, 5, 8, 9, 40 })
        {
            var filter = $"f/{count}";
            var subscriptions = Enumerable.Range(0, count).Select(i => Subscribe(new TestSubscriber(i), filter)).ToArray();
            foreach (var subscription in subscriptions) Assert.Null(trie.Add(subscription));
            Assert.Equal(subscriptions, Match(trie, filter));

            Subscription newer = new(subscriptions[0].Subscriber, NaiveTopics.Utf8(filter), null, QualityOfService.ExactlyOnce);
            Assert.Same(subscriptions[0], trie.Add(newer));
            Assert.Equal([newer, .. subscriptions[1..]], Match(trie, filter));
        }

        Assert.Equal(1 + 2 + 5 + 8 + 9 + 40, trie.Count);
    }

    [Fact]
    public void Remove_OfOneOfManySubscribers_KeepsTheOrderOfTheOthers()
    {
        SubscriptionTrie trie = new();
        var expected = Enumerable.Range(0, 1000).Select(i => Subscribe(new TestSubscriber(i), "f")).ToList();
        foreach (var subscription in expected) trie.Add(subscription);

        Random random = new(5);
        while (expected.Count > 0)
        {
            var index = random.Next(expected.Count);
            Assert.Same(expected[index], trie.Remove(expected[index].Subscriber, "f"u8, []));
            Assert.Null(trie.Remove(expected[index].Subscriber, "f"u8, []));
            expected.RemoveAt(index);
            if (expected.Count % 37 == 0 || expected.Count < 20) Assert.Equal(expected, Match(trie, "f"));
        }

        Assert.Null(trie.Root.Children);
    }

    [Fact]
    public void Remove_OfWhatIsNotThere_ChangesNothing()
    {
        SubscriptionTrie trie = new();
        TestSubscriber subscriber = new();
        trie.Add(Subscribe(subscriber, "a/b/c"));
        trie.Add(Subscribe(subscriber, "a/x", "g"));
        foreach (var filter in new[] { "", "a", "a/b", "a/b/c/d", "a/b/cc", "#", "a/x" })
            Assert.Null(trie.Remove(subscriber, NaiveTopics.Utf8(filter), []));
        Assert.Null(trie.Remove(subscriber, "a/b/c"u8, "g"u8));
        Assert.Null(trie.Remove(subscriber, "a/x"u8, "h"u8));
        Assert.Null(trie.Remove(new TestSubscriber(), "a/b/c"u8, []));
        Assert.Equal(1, trie.Count);
        Assert.Equal(1, trie.SharedCount);
    }

    [Fact]
    public void Match_WithSharedSubscriptions_KeepsThemApartFromOthersAndByShareName()
    {
        SubscriptionTrie trie = new();
        TestSubscriber subscriber = new();
        var plain = Subscribe(subscriber, "a");
        var first = Subscribe(subscriber, "a", "g");
        var second = Subscribe(subscriber, "a", "h");
        foreach (var subscription in new[] { plain, first, second }) Assert.Null(trie.Add(subscription));

        MatchResult result = new();
        trie.Match("a"u8, result);
        Assert.Equal([plain], result.Subscriptions[..result.Count]);
        Assert.Equal(["g", "h"], result.Groups[..result.GroupCount].Select(group => Encoding.UTF8.GetString(group.ShareName)));
        Assert.Equal(first, Assert.Single(result.Groups[0].Members.ToArray()));

        Assert.Same(plain, trie.Remove(subscriber, "a"u8, []));
        Assert.Same(first, trie.Remove(subscriber, "a"u8, "g"u8));
        result.Clear();
        trie.Match("a"u8, result);
        Assert.Equal(0, result.Count);
        Assert.Equal(second, Assert.Single(Assert.Single(result.Groups[..result.GroupCount]).Members.ToArray()));
        Assert.Same(second, trie.Remove(subscriber, "a"u8, "h"u8));
        Assert.Null(trie.Root.Children);
    }

    [Fact]
    public void Match_OfTwoHundredLevels_FindsWildcardsAtEveryDepth()
    {
        SubscriptionTrie trie = new();
        var levels = Enumerable.Repeat("l", 200).ToArray();
        for (var i = 0; i < 200; i++)
        {
            trie.Add(Subscribe(new TestSubscriber(), string.Join('/', [.. levels[..i], "#"])));
            trie.Add(Subscribe(new TestSubscriber(), string.Join('/', [.. levels[..i], "+", .. levels[(i + 1)..]])));
        }

        Assert.Equal(400, Match(trie, string.Join('/', levels)).Length);
    }

    [Fact]
    public void Intern_OfAPopularFilter_GivesTheBytesThatAreThere()
    {
        SubscriptionTrie trie = new();
        var subscription = Subscribe(new TestSubscriber(), "a/b");
        trie.Add(subscription);
        Assert.Same(subscription.TopicFilter, trie.Intern("a/b"u8));
        Assert.Equal("a"u8.ToArray(), trie.Intern("a"u8));
        Assert.Equal("a/b/c"u8.ToArray(), trie.Intern("a/b/c"u8));
    }

    [Fact]
    public void Subscription_WithOptions_GivesThemBack()
    {
        foreach (var qos in Enum.GetValues<QualityOfService>())
            foreach (var handling in Enum.GetValues<RetainHandling>())
                foreach (var (noLocal, asPublished) in new[] { (false, false), (true, false), (false, true), (true, true) })
                {
                    Subscription subscription = new(new TestSubscriber(), [], null, qos, noLocal, asPublished, handling, 268_435_455)
                    {
                        Place = 123_456_789,
                    };
                    Assert.Equal(
                        (qos, handling, noLocal, asPublished, 268_435_455u, 123_456_789),
                        (subscription.MaximumQoS, subscription.RetainHandling, subscription.NoLocal, subscription.RetainAsPublished,
                            subscription.SubscriptionIdentifier, subscription.Place));
                }
    }

    [Fact]
    public void Match_InTheSteadyState_AllocatesNothing()
    {
        SubscriptionTrie trie = new();
        for (var i = 0; i < 2_000; i++)
        {
            trie.Add(Subscribe(new TestSubscriber(), $"dev/{i}/temp"));
            trie.Add(Subscribe(new TestSubscriber(), $"dev/+/t{i % 50}/#", i % 3 == 0 ? $"g{i}" : null));
            trie.Add(Subscribe(new TestSubscriber(), "dev/#"));
        }

        MatchResult result = new();
        var topic = "dev/77/t8/x"u8.ToArray();
        void Match()
        {
            for (var i = 0; i < 100; i++)
            {
                result.Clear();
                trie.Match(topic, result);
            }
        }

        Match();
        Allocation.AssertNone(Match);
        Assert.True(result.Count > 2_000 && result.GroupCount > 10);
    }

    internal static Subscription Subscribe(Subscriber subscriber, string filter, string? shareName = null) =>
        new(subscriber, NaiveTopics.Utf8(filter), shareName is null ? null : NaiveTopics.Utf8(shareName));

    internal static Subscription[] Match(SubscriptionTrie trie, string topic)
    {
        MatchResult result = new();
        trie.Match(NaiveTopics.Utf8(topic), result);
        return result.Subscriptions[..result.Count];
    }
}
