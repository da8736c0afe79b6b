using Nightjar.Broker.Sessions;
using Nightjar.Broker.Subscriptions;
using Nightjar.Broker.Tests.Subscriptions;
using Xunit;

namespace Nightjar.Broker.Tests.Sessions;

public sealed class SubscriptionSetTests
{
    [Fact]
    public void Set_UnderRandomChanges_HoldsWhatAHashSetHolds()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var subscriber = new TestSubscriber();
        var set = new SubscriptionSet();
        var expected = new HashSet<Subscription>();
        var all = Enumerable.Range(0, 3000).Select(i => new Subscription(subscriber, [(byte)(i >> 8), (byte)i])).ToArray();
        for (var step = 0; step < 40_000; step++)
        {
            // It grows for a while and shrinks for a while, through the bound between the two forms.
            var subscription = all[random.Next(step % 10_000 < 5000 ? 3000 : 20)];
            if (step % 10_000 >= 5000 && expected.Count > 10) subscription = expected.First();
            if (expected.Remove(subscription)) set.Remove(subscription);
            else if (expected.Add(subscription)) set.Add(subscription);
            Assert.True(expected.Count == set.Count, $"seed {seed}, step {step}");
            if (step % 500 == 0) Assert.True(expected.SetEquals(set.ToArray()), $"seed {seed}, step {step}");
        }

        Assert.True(expected.SetEquals(set.ToArray()), $"seed {seed}");
    }

    [Theory]
    [InlineData(3)]
    [InlineData(300)]
    public void Remove_OfWhatIsNotThere_ChangesNothing(int count)
    {
        var subscriber = new TestSubscriber();
        var set = new SubscriptionSet();
        for (var i = 0; i < count; i++) set.Add(new Subscription(subscriber, [1]));
        set.Remove(new Subscription(subscriber, [1]));
        Assert.Equal(count, set.Count);
        Assert.Equal(count, set.ToArray().Distinct().Count());
    }
}
