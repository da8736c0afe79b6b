namespace Nightjar.Protocol;

/// <summary>The properties of a PUBLISH or of a Will Message, parsed once while they were judged; the raw block is kept.</summary>
public readonly ref struct PublishProperties
{
    private readonly int _responseTopic;
    private readonly int _correlationData;
    private readonly int _contentType;
    private readonly Flags _flags;

    private PublishProperties(ReadOnlySpan<byte> raw, scoped in Fields fields)
    {
        Raw = raw;
        _responseTopic = fields.ResponseTopic;
        _correlationData = fields.CorrelationData;
        _contentType = fields.ContentType;
        _flags = fields.Flags;
        TopicAlias = fields.TopicAlias;
        MessageExpiryInterval = fields.MessageExpiryInterval;
        WillDelayInterval = fields.WillDelayInterval;
        UserPropertyCount = fields.UserPropertyCount;
        SubscriptionIdentifierCount = fields.SubscriptionIdentifierCount;
        ForwardableLength = fields.ForwardableLength;
    }

    [Flags]
    private enum Flags : byte
    {
        None = 0,
        TopicAlias = 1,
        MessageExpiryInterval = 2,
        PayloadFormatIndicator = 4,
        PayloadIsUtf8 = 8,
        ResponseTopic = 16,
        CorrelationData = 32,
        ContentType = 64,
    }

    /// <summary>All properties as they were received, without the Property Length.</summary>
    public ReadOnlySpan<byte> Raw { get; }

    /// <summary>Whether there is a Topic Alias.</summary>
    public bool HasTopicAlias => (_flags & Flags.TopicAlias) != 0;

    /// <summary>Topic Alias, 1 to 65 535; 0 when there is none.</summary>
    public ushort TopicAlias { get; }

    /// <summary>Whether there is a Message Expiry Interval.</summary>
    public bool HasMessageExpiryInterval => (_flags & Flags.MessageExpiryInterval) != 0;

    /// <summary>Message Expiry Interval in seconds; 0 when there is none.</summary>
    public uint MessageExpiryInterval { get; }

    /// <summary>Whether there is a Payload Format Indicator.</summary>
    public bool HasPayloadFormatIndicator => (_flags & Flags.PayloadFormatIndicator) != 0;

    /// <summary>Payload Format Indicator: 1 says that the payload is UTF-8. 0 when there is none.</summary>
    public byte PayloadFormatIndicator => (_flags & Flags.PayloadIsUtf8) != 0 ? (byte)1 : (byte)0;

    /// <summary>Whether there is a Response Topic.</summary>
    public bool HasResponseTopic => (_flags & Flags.ResponseTopic) != 0;

    /// <summary>Response Topic, a valid Topic Name; empty when there is none.</summary>
    public ReadOnlySpan<byte> ResponseTopic => HasResponseTopic ? PropertyBlock.ValueAt(Raw, _responseTopic) : default;

    /// <summary>Whether there is Correlation Data.</summary>
    public bool HasCorrelationData => (_flags & Flags.CorrelationData) != 0;

    /// <summary>Correlation Data; empty when there is none.</summary>
    public ReadOnlySpan<byte> CorrelationData => HasCorrelationData ? PropertyBlock.ValueAt(Raw, _correlationData) : default;

    /// <summary>Whether there is a Content Type.</summary>
    public bool HasContentType => (_flags & Flags.ContentType) != 0;

    /// <summary>Content Type; empty when there is none.</summary>
    public ReadOnlySpan<byte> ContentType => HasContentType ? PropertyBlock.ValueAt(Raw, _contentType) : default;

    /// <summary>Will Delay Interval in seconds; 0 when there is none, and always in a PUBLISH.</summary>
    public uint WillDelayInterval { get; }

    /// <summary>How many User Properties there are.</summary>
    public int UserPropertyCount { get; }

    /// <summary>The User Properties in order [MQTT-3.3.2-18].</summary>
    public UserPropertyEnumerable UserProperties => new(Raw);

    /// <summary>How many Subscription Identifiers there are.</summary>
    public int SubscriptionIdentifierCount { get; }

    /// <summary>The Subscription Identifiers in order.</summary>
    public SubscriptionIdentifierEnumerable SubscriptionIdentifiers => new(Raw);

    /// <summary>Bytes of what a server passes on unchanged: all but Topic Alias, Message Expiry Interval, Subscription Identifier and Will
    /// Delay Interval.</summary>
    public int ForwardableLength { get; }

    /// <summary>Copies what a server passes on unchanged and in order [MQTT-3.3.2-4] [MQTT-3.3.2-15] to [MQTT-3.3.2-20].</summary>
    /// <param name="destination">At least <see cref="ForwardableLength"/> bytes.</param>
    /// <returns>Bytes written, which is <see cref="ForwardableLength"/>.</returns>
    /// <remarks>One copy when nothing is left out, else linear. No allocation.</remarks>
    public int CopyForwardable(Span<byte> destination)
    {
        if (ForwardableLength == Raw.Length)
        {
            Raw.CopyTo(destination);
            return Raw.Length;
        }

        return CopyForwardableSlow(destination);
    }

    /// <summary>Reads and judges a block.</summary>
    /// <param name="block">The properties without their Property Length.</param>
    /// <param name="offset">Bytes from the start of the packet to the block.</param>
    /// <param name="scope">PUBLISH or Will.</param>
    /// <param name="direction">A client sends no Subscription Identifier [MQTT-3.3.4-6].</param>
    /// <param name="properties">A view of <paramref name="block"/>.</param>
    /// <param name="error">Set when false is returned.</param>
    internal static bool TryRead(
        ReadOnlySpan<byte> block, int offset, ushort scope, PacketDirection direction,
        out PublishProperties properties, out ProtocolError error)
    {
        var fields = new Fields { ForwardableLength = block.Length };
        var reader = new PropertyReader(block, offset, scope);
        while (reader.TryRead())
        {
            if (reader.Id == PropertyId.SubscriptionIdentifier && direction == PacketDirection.ToServer)
                reader.Fail(ReasonCode.ProtocolError, Rule.ClientSubscriptionIdentifier);
            else if (reader.Id == PropertyId.ResponseTopic && !TopicName.IsValid(reader.Value))
                reader.Fail(ReasonCode.ProtocolError, reader.Value.IsEmpty ? Rule.TopicEmpty : Rule.ResponseTopicWildcard);
            else
                fields.Add(in reader);
        }

        error = reader.Error;
        properties = reader.IsValid ? new PublishProperties(block, in fields) : default;
        return reader.IsValid;
    }

    private int CopyForwardableSlow(Span<byte> destination)
    {
        ReadOnlySpan<byte> rest = Raw;
        int written = 0;
        while (!rest.IsEmpty)
        {
            int length = PropertyBlock.LengthOfFirst(rest);
            if (IsForwardable((PropertyId)rest[0]))
            {
                rest[..length].CopyTo(destination[written..]);
                written += length;
            }

            rest = rest[length..];
        }

        return written;
    }

    private static bool IsForwardable(PropertyId id) =>
        id is not (PropertyId.TopicAlias or PropertyId.MessageExpiryInterval
            or PropertyId.SubscriptionIdentifier or PropertyId.WillDelayInterval);

    /// <summary>What accumulates while a block is read.</summary>
    private struct Fields
    {
        internal int ResponseTopic;
        internal int CorrelationData;
        internal int ContentType;
        internal Flags Flags;
        internal ushort TopicAlias;
        internal uint MessageExpiryInterval;
        internal uint WillDelayInterval;
        internal int UserPropertyCount;
        internal int SubscriptionIdentifierCount;
        internal int ForwardableLength;

        internal void Add(scoped in PropertyReader reader)
        {
            switch (reader.Id)
            {
                case PropertyId.UserProperty:
                    UserPropertyCount++;
                    break;
                case PropertyId.TopicAlias:
                    TopicAlias = (ushort)reader.Number;
                    Flags |= Flags.TopicAlias;
                    ForwardableLength -= 3;
                    break;
                case PropertyId.MessageExpiryInterval:
                    MessageExpiryInterval = reader.Number;
                    Flags |= Flags.MessageExpiryInterval;
                    ForwardableLength -= 5;
                    break;
                case PropertyId.WillDelayInterval:
                    WillDelayInterval = reader.Number;
                    ForwardableLength -= 5;
                    break;
                case PropertyId.SubscriptionIdentifier:
                    SubscriptionIdentifierCount++;
                    ForwardableLength -= 1 + VariableByteInteger.GetLength((int)reader.Number);
                    break;
                case PropertyId.PayloadFormatIndicator:
                    Flags |= reader.Number != 0 ? Flags.PayloadFormatIndicator | Flags.PayloadIsUtf8 : Flags.PayloadFormatIndicator;
                    break;
                case PropertyId.ResponseTopic:
                    ResponseTopic = reader.Start;
                    Flags |= Flags.ResponseTopic;
                    break;
                case PropertyId.CorrelationData:
                    CorrelationData = reader.Start;
                    Flags |= Flags.CorrelationData;
                    break;
                case PropertyId.ContentType:
                    ContentType = reader.Start;
                    Flags |= Flags.ContentType;
                    break;
            }
        }
    }
}
