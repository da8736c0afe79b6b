namespace Nightjar.Protocol;

/// <summary>Rules of Topic Names (§4.7): what a message is published to.</summary>
public static class TopicName
{
    /// <summary>Most bytes of a Topic Name or Topic Filter [MQTT-4.7.3-3].</summary>
    public const int MaximumLength = ushort.MaxValue;

    /// <summary>Says whether a name may be published to: 1 to 65 535 bytes of valid UTF-8 [MQTT-4.7.3-1] [MQTT-4.7.3-3] without U+0000
    /// [MQTT-4.7.3-2] and without wildcards [MQTT-4.7.0-1].</summary>
    /// <param name="topicName">UTF-8 bytes.</param>
    /// <param name="maximumLevels">Most levels allowed; 0 for no limit.</param>
    public static bool IsValid(ReadOnlySpan<byte> topicName, int maximumLevels = 0) =>
        (uint)(topicName.Length - 1) < MaximumLength
        && Utf8Text.IsValidWithoutWildcards(topicName)
        && (maximumLevels <= 0 || CountLevels(topicName) <= maximumLevels);

    /// <summary>Counts topic levels: one more than there are slashes.</summary>
    public static int CountLevels(ReadOnlySpan<byte> topicName) => topicName.Count((byte)'/') + 1;
}
