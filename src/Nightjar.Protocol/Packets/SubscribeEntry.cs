namespace Nightjar.Protocol;

/// <summary>One Topic Filter of a SUBSCRIBE with its Subscription Options (§3.8.3).</summary>
public readonly ref struct SubscribeEntry
{
    private readonly byte _options;

    internal SubscribeEntry(ReadOnlySpan<byte> topicFilter, byte options)
    {
        TopicFilter = topicFilter;
        _options = options;
    }

    /// <summary>Topic Filter, valid; begins with $share/ for a shared subscription.</summary>
    public ReadOnlySpan<byte> TopicFilter { get; }

    /// <summary>Highest QoS at which messages are sent to the client.</summary>
    public QualityOfService MaximumQoS => (QualityOfService)(_options & 0b11);

    /// <summary>Whether what the client publishes itself is not sent to it; v5 only.</summary>
    public bool NoLocal => (_options & 0b0100) != 0;

    /// <summary>Whether the RETAIN flag is forwarded as received; v5 only.</summary>
    public bool RetainAsPublished => (_options & 0b1000) != 0;

    /// <summary>When retained messages are sent; at every SUBSCRIBE before v5.</summary>
    public RetainHandling RetainHandling => (RetainHandling)(_options >> 4);
}
