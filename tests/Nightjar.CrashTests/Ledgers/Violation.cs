namespace Nightjar.CrashTests.Ledgers;

/// <summary>What a broker must never do.</summary>
internal enum Violation
{
    /// <summary>A message was acknowledged and did not reach who had subscribed before.</summary>
    Lost,

    /// <summary>A QoS 2 message came twice.</summary>
    Doubled,

    /// <summary>A message came before an earlier one of the same publisher and topic.</summary>
    Order,

    /// <summary>A message came that nobody sent, or nobody had a subscription for.</summary>
    Phantom,

    /// <summary>A session, a subscription, a retained message or a will is not as acknowledged.</summary>
    State,
}
