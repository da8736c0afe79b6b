namespace Nightjar.Broker.Configuration;

/// <summary>What becomes of a message for a client whose queue is full.</summary>
public enum QueueFullPolicy
{
    /// <summary>It is dropped, as Mosquitto does.</summary>
    DropNewest,

    /// <summary>The messages that have waited longest are dropped, so that it has room. One that is larger than the whole queue is dropped itself.</summary>
    DropOldest,

    /// <summary>
    /// Its publisher is told (v5: 0x97) and nobody gets it, so that it can be sent again later. Publishers that cannot be told or do not wait for an answer
    /// (v3, QoS 0, wills, the broker itself) go by <see cref="DropNewest"/>: their message reaches those who have room.
    /// </summary>
    Reject,
}
