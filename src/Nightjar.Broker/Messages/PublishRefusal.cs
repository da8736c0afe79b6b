namespace Nightjar.Broker.Messages;

/// <summary>Why a message was answered with 0x97: what the publisher is told, and whether it is worth waiting.</summary>
internal enum PublishRefusal : byte
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>No room for another retained message.</summary>
    RetainedLimit,

    /// <summary>The queue of a receiver is full, and the policy is to reject.</summary>
    QueueFull,

    /// <summary>It would have to be kept by a store that cannot write.</summary>
    StoreFailed,

    /// <summary>More requests to <c>$CONTROL</c> wait than the broker takes.</summary>
    RequestLimit,
}
