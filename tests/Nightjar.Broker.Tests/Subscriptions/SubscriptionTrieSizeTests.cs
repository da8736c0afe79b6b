using System.Diagnostics;
using Nightjar.Broker.Subscriptions;
using Nightjar.Broker.Tests.Collections;
using Nightjar.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Subscriptions;

[Collection(MeasuredAlone.Name)]
public sealed class SubscriptionTrieSizeTests(ITestOutputHelper output)
{
    public static TheoryData<string> Shapes =>
        ["dev/{0}/temp", "site/{1}/dev/{0}/+/state/#", "{0}", "t/{1}/{2}", "+/{0}/a/b/c/d/e/f", "same"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Subscription_OfOneOfMany_TakesAtMostTwoHundredAndFiftyBytes(string shape)
    {
        const int count = 100_000;
        var subscriberCount = shape.Contains('{', StringComparison.Ordinal) ? 1000 : count;
        TestSubscriber[] subscribers = [.. Enumerable.Range(0, subscriberCount).Select(i => new TestSubscriber(i))];
        var bytes = HeapMeasure.Retained(() =>
        {
            SubscriptionTrie trie = new();
            for (var i = 0; i < count; i++) trie.Add(SubscriptionTrieTests.Subscribe(subscribers[i % subscriberCount], Filter(shape, i)));
            return trie;
        }) / (double)count;
        output.WriteLine($"{shape}: {bytes:F0} bytes a subscription, its filter of {Filter(shape, count - 1).Length} bytes included");
        Assert.InRange(bytes, 48, 250);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Changes_OfAFilterWithManySubscribersOrShareNames_CostNoMoreThanOfOneWithFew(bool shareNames)
    {
        // A copy of 50 000 references a change would take 20 microseconds and 400 KB each: bounds far from noise on either side.
        const int count = 50_000;
        SubscriptionTrie trie = new();
        var subscriptions = Enumerable.Range(0, count)
            .Select(i => (new TestSubscriber(i), Share: shareNames ? $"g{i}" : i % 2 == 0 ? "one" : null))
            .Select(each => SubscriptionTrieTests.Subscribe(each.Item1, "popular", each.Share)).ToArray();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        foreach (var subscription in subscriptions) trie.Add(subscription);
        foreach (var subscription in subscriptions)
            Assert.Same(subscription, trie.Remove(subscription.Subscriber, "popular"u8, subscription.ShareName));
        output.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalNanoseconds / count:F0} ns to add and remove one of {count}");
        allocated = (GC.GetAllocatedBytesForCurrentThread() - allocated) / count;
        output.WriteLine($"{allocated} bytes allocated");
        Assert.InRange(allocated, 0, 1_000);
        Assert.Null(trie.Root.Children);
    }

    private static string Filter(string shape, int i) =>
        string.Format(System.Globalization.CultureInfo.InvariantCulture, shape, i, i % 1000, i / 1000);
}
