namespace Nightjar.Broker.Subscriptions;

/// <summary>Which counters of <see cref="SubscriptionGenerations"/> concern a topic name.</summary>
/// <param name="FirstLevel">Counter of the first level.</param>
/// <param name="SecondLevel">Counter of the first two levels.</param>
internal readonly record struct TopicStripe(ushort FirstLevel, ushort SecondLevel);
