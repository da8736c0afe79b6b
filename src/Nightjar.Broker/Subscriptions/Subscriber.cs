namespace Nightjar.Broker.Subscriptions;

/// <summary>Who subscribes: the identity that a <see cref="Subscription"/> belongs to, compared by reference.</summary>
internal abstract class Subscriber
{
    private static int s_last;

    // A multiplied counter instead of the runtime's identity hash: well spread by construction, and no word of the object header is taken.
    private readonly uint _hash = unchecked((uint)Interlocked.Increment(ref s_last) * 0x9E37_79B1u);

    /// <summary>Hash of the identity, all 32 bits of which may be used.</summary>
    internal uint SubscriberHash => _hash ^ (_hash >> 15);
}
