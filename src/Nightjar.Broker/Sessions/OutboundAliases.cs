namespace Nightjar.Broker.Sessions;

/// <summary>The topic aliases the broker uses towards one client: given to the first topics that come, as Mosquitto does, for the life of the connection [MQTT-3.3.2-7].</summary>
/// <remarks>Not thread-safe: the session's gate guards it. A look-up compares at most as many topics as there are aliases.</remarks>
internal sealed class OutboundAliases(int maximum)
{
    private readonly List<byte[]> _topics = [];

    /// <summary>The alias of a topic, 1 or more; 0 when it has none and none is left.</summary>
    /// <param name="topicName">Topic name.</param>
    /// <param name="isNew">The alias is given now: this packet must carry the topic name too.</param>
    internal ushort Get(ReadOnlySpan<byte> topicName, out bool isNew)
    {
        isNew = false;
        var topics = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_topics);
        for (var i = 0; i < topics.Length; i++)
        {
            if (topicName.SequenceEqual(topics[i])) return (ushort)(i + 1);
        }

        if (topics.Length >= maximum) return 0;
        _topics.Add(topicName.ToArray());
        isNew = true;
        return (ushort)_topics.Count;
    }

    /// <summary>Takes back an alias just given, because its packet is not sent.</summary>
    internal void TakeBack() => _topics.RemoveAt(_topics.Count - 1);
}
