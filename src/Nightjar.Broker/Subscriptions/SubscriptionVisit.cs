namespace Nightjar.Broker.Subscriptions;

/// <summary>A node whose levels have matched and whose children are still to be visited.</summary>
/// <param name="Node">The node.</param>
/// <param name="Position">Where the next level of the topic name begins; one past its end when none is left.</param>
internal readonly record struct SubscriptionVisit(SubscriptionNode Node, int Position);
