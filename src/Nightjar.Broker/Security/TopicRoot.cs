namespace Nightjar.Broker.Security;

/// <summary>Topics below a first level that means something to the broker.</summary>
internal static class TopicRoot
{
    /// <summary>Whether a topic name, or every topic of a filter, belongs to the control API: <c>$CONTROL</c> and everything below it.</summary>
    internal static bool IsControl(ReadOnlySpan<byte> topic) => IsBelow(topic, "$CONTROL"u8);

    /// <summary>Whether a topic is a root or below it.</summary>
    /// <param name="topic">Topic name or filter.</param>
    /// <param name="root">One or more levels.</param>
    internal static bool IsBelow(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> root) =>
        topic.StartsWith(root) && (topic.Length == root.Length || topic[root.Length] == (byte)'/');
}
