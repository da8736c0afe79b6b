namespace Nightjar.Protocol;

/// <summary>Rules of Topic Filters (§4.7): what a subscription asks for.</summary>
public static class TopicFilter
{
    /// <summary>Says whether a filter may be subscribed to: 1 to 65 535 bytes of valid UTF-8, # alone or after a slash and last
    /// [MQTT-4.7.1-1], + filling its level [MQTT-4.7.1-2]; one that begins with $share/ also has a ShareName of at least one character
    /// without wildcards, and a filter behind it [MQTT-4.8.2-1] [MQTT-4.8.2-2].</summary>
    /// <param name="topicFilter">UTF-8 bytes, as they stand in SUBSCRIBE.</param>
    /// <param name="maximumLevels">Most levels allowed, those of $share/ShareName included; 0 for no limit.</param>
    public static bool IsValid(ReadOnlySpan<byte> topicFilter, int maximumLevels = 0)
    {
        if (topicFilter.IsEmpty || topicFilter.Length > TopicName.MaximumLength) return false;
        if (maximumLevels > 0 && CountLevels(topicFilter) > maximumLevels) return false;
        return Utf8Text.IsValidWithoutWildcards(topicFilter)
            ? !SharedSubscription.IsShared(topicFilter) || SharedSubscription.TryParse(topicFilter, out _)
            : Utf8Text.IsValid(topicFilter) && HasValidSyntax(topicFilter);
    }

    /// <summary>Says whether + or # occurs.</summary>
    public static bool HasWildcard(ReadOnlySpan<byte> topicFilter) => topicFilter.ContainsAny((byte)'+', (byte)'#');

    /// <summary>Counts topic levels: one more than there are slashes.</summary>
    public static int CountLevels(ReadOnlySpan<byte> topicFilter) => TopicName.CountLevels(topicFilter);

    /// <summary>Says whether a Topic Name matches a Topic Filter, level by level. A leading wildcard does not match a name that begins
    /// with $ [MQTT-4.7.2-1]; nothing is normalised [MQTT-4.7.3-4].</summary>
    /// <param name="topicFilter">A valid filter without $share/ShareName/ in front.</param>
    /// <param name="topicName">A valid name.</param>
    /// <remarks>The plain reference: linear, no recursion, no allocation. The subscription index is what is fast over many
    /// filters.</remarks>
    public static bool Matches(ReadOnlySpan<byte> topicFilter, ReadOnlySpan<byte> topicName)
    {
        if (topicFilter.IsEmpty || topicName.IsEmpty) return false;
        if (topicName[0] == (byte)'$' && topicFilter[0] is (byte)'+' or (byte)'#') return false;

        while (true)
        {
            int filterEnd = topicFilter.IndexOf((byte)'/');
            ReadOnlySpan<byte> filterLevel = filterEnd < 0 ? topicFilter : topicFilter[..filterEnd];
            if (filterLevel.SequenceEqual("#"u8)) return true;

            int nameEnd = topicName.IndexOf((byte)'/');
            ReadOnlySpan<byte> nameLevel = nameEnd < 0 ? topicName : topicName[..nameEnd];
            if (!filterLevel.SequenceEqual("+"u8) && !filterLevel.SequenceEqual(nameLevel)) return false;

            if (filterEnd < 0) return nameEnd < 0;
            topicFilter = topicFilter[(filterEnd + 1)..];

            // A filter that ends in /# matches its parent level too (§4.7.1.2).
            if (nameEnd < 0) return topicFilter.SequenceEqual("#"u8);
            topicName = topicName[(nameEnd + 1)..];
        }
    }

    /// <summary>Checks wildcards and the form of shared subscriptions in text that is valid UTF-8 and not empty.</summary>
    internal static bool HasValidSyntax(ReadOnlySpan<byte> topicFilter) =>
        SharedSubscription.IsShared(topicFilter)
            ? SharedSubscription.TryParse(topicFilter, out SharedSubscription shared) && HasValidWildcards(shared.TopicFilter)
            : HasValidWildcards(topicFilter);

    private static bool HasValidWildcards(ReadOnlySpan<byte> topicFilter)
    {
        int position = 0;
        while (true)
        {
            int next = topicFilter[position..].IndexOfAny((byte)'+', (byte)'#');
            if (next < 0) return true;

            position += next;
            bool atStart = position == 0 || topicFilter[position - 1] == (byte)'/';
            bool last = position == topicFilter.Length - 1;
            bool atEnd = last || (topicFilter[position] == (byte)'+' && topicFilter[position + 1] == (byte)'/');
            if (!atStart || !atEnd) return false;
            position++;
        }
    }
}
