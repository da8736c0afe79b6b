using Nightjar.Broker.Subscriptions;
using Xunit;

namespace Nightjar.Broker.Tests.Subscriptions;

public sealed class SharedGroupTests
{
    [Fact]
    public void Members_AfterRandomChanges_AreDenseAndThoseOfTheModel()
    {
        Random random = new(9);
        SubscriptionTrie trie = new();
        List<Subscription> model = [];
        for (var step = 0; step < 20_000; step++)
        {
            if (model.Count < 2 || random.Next(step / 2_000 % 2 == 0 ? 3 : 5) < 2)
            {
                var subscription = SubscriptionTrieTests.Subscribe(new TestSubscriber(step), "a/+", "g");
                trie.Add(subscription);
                model.Add(subscription);
            }
            else
            {
                var index = random.Next(model.Count);
                Assert.Same(model[index], trie.Remove(model[index].Subscriber, "a/+"u8, "g"u8));
                model.RemoveAt(index);
            }

            if (step % 500 != 0) continue;
            Assert.Equal(model.ToHashSet(), [.. Group(trie).Members.ToArray().Select(member => member!)]);
        }
    }

    [Fact]
    public void Members_AfterMostHaveLeft_GetTurnsAlike()
    {
        SubscriptionTrie trie = new();
        var subscriptions = Enumerable.Range(0, 1000)
            .Select(i => SubscriptionTrieTests.Subscribe(new TestSubscriber(i), "a", "g")).ToArray();
        foreach (var subscription in subscriptions) trie.Add(subscription);
        foreach (var subscription in subscriptions[10..990]) trie.Remove(subscription.Subscriber, "a"u8, "g"u8);

        var group = Group(trie);
        Dictionary<Subscription, int> turns = [];
        for (var i = 0; i < 2000; i++)
        {
            var members = group.Members;
            var member = members[(int)((uint)group.Cursor++ % (uint)members.Length)]!;
            turns[member] = turns.GetValueOrDefault(member) + 1;
        }

        Assert.Equal(20, turns.Count);
        Assert.All(turns.Values, count => Assert.Equal(100, count));
    }

    private static SharedGroup Group(SubscriptionTrie trie)
    {
        MatchResult result = new();
        trie.Match("a/x"u8, result);
        trie.Match("a"u8, result);
        return Assert.Single(result.Groups[..result.GroupCount]);
    }
}
