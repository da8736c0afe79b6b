namespace Nightjar.Broker.Security;

/// <summary>
/// The one gate: the only place that decides who may do what. Every edge asks it, or a decision of it that was cached under its generation.
/// </summary>
internal sealed class AccessGate
{
    private IAuthorizer? _authorizer;
    private long _generation = 1;

    internal AccessGate(IAuthorizer? authorizer) => _authorizer = authorizer;

    /// <summary>Changes with every change of the rules: a cached decision is valid only while this is what it was before the decision was made.</summary>
    internal long Generation => Volatile.Read(ref _generation);

    /// <summary>No rules are active: everything but the broker's own topics is allowed, and nothing need be cached.</summary>
    internal bool IsOpen => Volatile.Read(ref _authorizer) is null;

    /// <summary>The rules in force; null for none.</summary>
    internal IAuthorizer? Authorizer => Volatile.Read(ref _authorizer);

    /// <summary>Whether an endpoint of the control API is active: until one is, nobody writes to <c>$CONTROL</c>, whatever the rules say.</summary>
    internal bool HasControl { get; set; }

    /// <summary>Swaps the rules; every cached decision dies at once.</summary>
    internal void Replace(IAuthorizer? authorizer)
    {
        Volatile.Write(ref _authorizer, authorizer);
        Renew();
    }

    /// <summary>The rules in force have swapped what they decide by: every cached decision dies at once.</summary>
    internal void Renew() => Interlocked.Increment(ref _generation);

    /// <summary>Whether an identity may act on a topic. Nobody but the broker writes to <c>$SYS</c>.</summary>
    /// <param name="identity">Who; null is the broker itself, which may everything.</param>
    /// <param name="action">What.</param>
    /// <param name="topic">Topic name, or topic filter for subscribe and unsubscribe.</param>
    internal bool May(Identity? identity, AccessAction action, ReadOnlySpan<byte> topic)
    {
        if (identity is null) return true;
        if (action == AccessAction.Write && topic.Length > 0 && topic[0] == (byte)'$' && IsReserved(topic)) return false;
        var authorizer = Volatile.Read(ref _authorizer);
        return authorizer is null || authorizer.May(identity, action, topic);
    }

    /// <summary>Whether an identity may write to a topic name, and by which list if everybody who has the list may.</summary>
    /// <param name="identity">Who.</param>
    /// <param name="topicName">Where to.</param>
    /// <param name="list">See <see cref="IListAuthorizer.MayWrite"/>. Null for what begins with <c>$</c>, which not the rules alone decide.</param>
    internal bool MayWrite(Identity identity, ReadOnlySpan<byte> topicName, out object? list)
    {
        if (topicName[0] != (byte)'$' && Volatile.Read(ref _authorizer) is IListAuthorizer authorizer) return authorizer.MayWrite(identity, topicName, out list);
        list = null;
        return May(identity, AccessAction.Write, topicName);
    }

    /// <summary>Whether nobody but the broker may publish to a topic: <c>$SYS</c> and all below, but for what bridges tell of themselves.</summary>
    internal static bool IsBrokersOwn(ReadOnlySpan<byte> topic) => TopicRoot.IsBelow(topic, "$SYS"u8) && !IsBridgeState(topic);

    private bool IsReserved(ReadOnlySpan<byte> topic) => TopicRoot.IsControl(topic) ? !HasControl : IsBrokersOwn(topic);

    // Mosquitto lets remote bridges publish their state: $SYS/broker/connection/+/state.
    private static bool IsBridgeState(ReadOnlySpan<byte> topic)
    {
        var prefix = "$SYS/broker/connection/"u8;
        if (!topic.StartsWith(prefix) || !topic.EndsWith("/state"u8)) return false;
        var name = topic[prefix.Length..];
        return name.IndexOf((byte)'/') == name.Length - "/state".Length;
    }
}
