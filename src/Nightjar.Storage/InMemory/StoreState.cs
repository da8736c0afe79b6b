namespace Nightjar.Storage.InMemory;

/// <summary>What an in-memory store holds. The object is its own lock.</summary>
internal sealed class StoreState
{
    /// <summary>Sessions by key.</summary>
    internal Dictionary<long, StoredSession> Sessions { get; } = [];

    /// <summary>Keys of sessions by client id.</summary>
    internal Dictionary<string, long> Keys { get; } = new(StringComparer.Ordinal);

    /// <summary>Messages that deliveries name, by id.</summary>
    internal Dictionary<long, StoredMessage> Messages { get; } = [];

    /// <summary>Retained messages by topic name.</summary>
    internal Dictionary<string, StoredMessage> Retained { get; } = new(StringComparer.Ordinal);

    /// <summary>The epoch of the newest owner; writes under an older one are refused.</summary>
    internal long Epoch { get; set; }

    internal long LastKey { get; set; }

    internal long LastMessageId { get; set; }

    /// <summary>A delivery no longer names a message; the last one takes it away.</summary>
    internal void Release(StoredMessage? message)
    {
        if (message is not null && --message.Deliveries == 0) Messages.Remove(message.Id);
    }
}
