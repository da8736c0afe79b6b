namespace Nightjar.Protocol;

/// <summary>The two parts of a shared subscription's Topic Filter, $share/{ShareName}/{filter} (§4.8.2).</summary>
public readonly ref struct SharedSubscription
{
    private SharedSubscription(ReadOnlySpan<byte> shareName, ReadOnlySpan<byte> topicFilter)
    {
        ShareName = shareName;
        TopicFilter = topicFilter;
    }

    /// <summary>Name of the group: one or more characters other than / + #.</summary>
    public ReadOnlySpan<byte> ShareName { get; }

    /// <summary>What the group subscribes to; not empty. Its wildcards are not checked here.</summary>
    public ReadOnlySpan<byte> TopicFilter { get; }

    /// <summary>Says whether a filter asks for a shared subscription, well formed or not: it begins with $share/.</summary>
    public static bool IsShared(ReadOnlySpan<byte> topicFilter) => topicFilter.StartsWith("$share/"u8);

    /// <summary>Splits a filter that begins with $share/.</summary>
    /// <param name="topicFilter">The filter of a SUBSCRIBE or UNSUBSCRIBE.</param>
    /// <param name="subscription">Views of <paramref name="topicFilter"/>.</param>
    /// <returns>False when it is not shared, the ShareName is empty or holds a wildcard [MQTT-4.8.2-1], or no filter follows
    /// [MQTT-4.8.2-2].</returns>
    public static bool TryParse(ReadOnlySpan<byte> topicFilter, out SharedSubscription subscription)
    {
        subscription = default;
        if (!IsShared(topicFilter)) return false;

        ReadOnlySpan<byte> rest = topicFilter["$share/"u8.Length..];
        int slash = rest.IndexOf((byte)'/');
        if (slash <= 0 || slash == rest.Length - 1) return false;

        ReadOnlySpan<byte> shareName = rest[..slash];
        if (shareName.ContainsAny((byte)'+', (byte)'#')) return false;
        subscription = new SharedSubscription(shareName, rest[(slash + 1)..]);
        return true;
    }
}
