using Nightjar.Broker.Collections;
using Nightjar.Broker.Subscriptions;

namespace Nightjar.Broker.Routing;

/// <summary>What a <see cref="RouteCache{TRoute}"/> holds for a topic name.</summary>
internal abstract class CachedRoute
{
    private long _changes = -1;

    /// <summary>Makes a route.</summary>
    /// <param name="topicName">Topic Name in UTF-8. Not copied.</param>
    /// <param name="hash">Its <see cref="RouteCache{TRoute}.HashOf"/>.</param>
    /// <param name="stripe">Its <see cref="SubscriptionGenerations.StripeOf"/>.</param>
    /// <param name="generation">The <see cref="SubscriptionGenerations.Sum"/> taken before matching.</param>
    protected CachedRoute(byte[] topicName, uint hash, TopicStripe stripe, long generation)
    {
        TopicName = topicName;
        Hash = hash;
        Stripe = stripe;
        Generation = generation;
    }

    /// <summary>Topic Name in UTF-8.</summary>
    public byte[] TopicName { get; }

    /// <summary>Hash of the topic name.</summary>
    public uint Hash { get; }

    /// <summary>Counters that concern the topic name.</summary>
    public TopicStripe Stripe { get; }

    /// <summary>Sum of those counters before the match; the route holds while the sum is the same.</summary>
    public long Generation { get; }

    /// <summary>What <see cref="SubscriptionGenerations.Holds"/> remembers.</summary>
    internal ref long Changes => ref _changes;

    /// <summary>About how many bytes of memory the route holds.</summary>
    public virtual int Bytes => 136 + TopicName.Length;

    /// <summary>Second chance: set by use, cleared by the search for a victim. Benign race: a lost write makes the route leave earlier or
    /// later.</summary>
    internal bool WasUsed { get; set; }
}
