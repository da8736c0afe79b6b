using Nightjar.Broker.Messages;

namespace Nightjar.Broker.Persistence;

/// <summary>Where retained messages are kept, but for those of <c>$SYS</c>. The index that answers subscriptions lives in memory beside it.</summary>
/// <remarks>Called under one gate for all topics, so records of one topic arrive in order.</remarks>
internal interface IRetainedStore
{
    /// <summary>Sets the retained message of its topic.</summary>
    long Set(PublishedMessage message);

    /// <summary>Clears the retained message of a topic.</summary>
    long Clear(ReadOnlySpan<byte> topicName);
}
