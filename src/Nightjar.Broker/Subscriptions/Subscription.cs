using Nightjar.Broker.Collections;
using Nightjar.Protocol;

namespace Nightjar.Broker.Subscriptions;

/// <summary>One subscription (§3.8.3): who, to what, and with which options. A new SUBSCRIBE to the same filter makes a new one.</summary>
/// <remarks>Immutable but for the place that the trie notes in it; hence one instance belongs to one trie. 48 bytes.</remarks>
internal sealed class Subscription : IPlaced
{
    private const uint IdentifierMask = 0x0FFF_FFFF;
    private const int OptionsShift = 28;
    private const uint NoLocalBit = 4;
    private const uint RetainAsPublishedBit = 8;
    private const uint PlaceMask = 0x3FFF_FFFF;
    private const int RetainHandlingShift = 30;

    // Subscription Identifier (28 bits), then Maximum QoS (2 bits), No Local, Retain As Published.
    private readonly uint _identifierAndOptions;

    // Place among the subscriptions of its node or group (30 bits; the trie's writer only), then Retain Handling (2 bits).
    private uint _placeAndRetainHandling;

    /// <summary>Makes a subscription.</summary>
    /// <param name="subscriber">Who receives.</param>
    /// <param name="topicFilter">Validated filter, for a shared subscription without <c>$share/{ShareName}/</c>. Not copied.</param>
    /// <param name="shareName">Share Name of a shared subscription, else null. Not copied.</param>
    /// <param name="subscriptionIdentifier">1 to 268 435 455, or 0 for none.</param>
    public Subscription(
        Subscriber subscriber,
        byte[] topicFilter,
        byte[]? shareName = null,
        QualityOfService maximumQoS = QualityOfService.AtMostOnce,
        bool noLocal = false,
        bool retainAsPublished = false,
        RetainHandling retainHandling = RetainHandling.SendAtSubscribe,
        uint subscriptionIdentifier = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(subscriptionIdentifier, IdentifierMask);
        Subscriber = subscriber;
        TopicFilter = topicFilter;
        ShareName = shareName;
        var options = (uint)maximumQoS & 3 | (noLocal ? NoLocalBit : 0) | (retainAsPublished ? RetainAsPublishedBit : 0);
        _identifierAndOptions = subscriptionIdentifier | (options << OptionsShift);
        _placeAndRetainHandling = (uint)retainHandling << RetainHandlingShift;
    }

    /// <summary>Makes a subscription of its Subscription Options (§3.8.3.1).</summary>
    public Subscription(Subscriber subscriber, byte[] topicFilter, byte[]? shareName, byte options, uint subscriptionIdentifier)
        : this(
            subscriber, topicFilter, shareName, (QualityOfService)(options & 3), (options & NoLocalBit) != 0, (options & RetainAsPublishedBit) != 0,
            (RetainHandling)((options >> 4) & 3), subscriptionIdentifier)
    {
    }

    /// <summary>Who receives.</summary>
    public Subscriber Subscriber { get; }

    /// <summary>Topic Filter in UTF-8, without <c>$share/{ShareName}/</c>.</summary>
    public byte[] TopicFilter { get; }

    /// <summary>Share Name in UTF-8 of a shared subscription (§4.8.2), else null.</summary>
    public byte[]? ShareName { get; }

    /// <summary>Maximum QoS at which messages are sent.</summary>
    public QualityOfService MaximumQoS => (QualityOfService)((_identifierAndOptions >> OptionsShift) & 3);

    /// <summary>Whether messages of this very client are left out [MQTT-3.8.3-3].</summary>
    public bool NoLocal => ((_identifierAndOptions >> OptionsShift) & NoLocalBit) != 0;

    /// <summary>Whether the RETAIN flag is passed on as it was published.</summary>
    public bool RetainAsPublished => ((_identifierAndOptions >> OptionsShift) & RetainAsPublishedBit) != 0;

    /// <summary>When retained messages are sent at SUBSCRIBE.</summary>
    public RetainHandling RetainHandling => (RetainHandling)(_placeAndRetainHandling >> RetainHandlingShift);

    /// <summary>Subscription Options as in SUBSCRIBE (§3.8.3.1), with the Maximum QoS that was granted.</summary>
    public byte Options => (byte)(((_identifierAndOptions >> OptionsShift) & 0x0F) | ((uint)RetainHandling << 4));

    /// <summary>Subscription Identifier, 1 to 268 435 455; 0 when there is none.</summary>
    public uint SubscriptionIdentifier => _identifierAndOptions & IdentifierMask;

    /// <summary>Index in the array of its node or group. The trie's writer only.</summary>
    public int Place
    {
        get => (int)(_placeAndRetainHandling & PlaceMask);
        set => _placeAndRetainHandling = (_placeAndRetainHandling & ~PlaceMask) | (uint)value;
    }
}
