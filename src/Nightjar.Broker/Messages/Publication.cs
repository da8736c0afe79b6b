using Nightjar.Protocol;

namespace Nightjar.Broker.Messages;

/// <summary>
/// One Application Message on its way through the broker. Its bytes are those of the receive buffer, or of a kept message; a copy is made
/// once, by the first who must keep it.
/// </summary>
internal ref struct Publication
{
    internal ReadOnlySpan<byte> TopicName;

    /// <summary>Encoded properties that a broker forwards unchanged and in order; empty from v3 clients.</summary>
    internal ReadOnlySpan<byte> Properties;

    internal ReadOnlySpan<byte> Payload;
    internal QualityOfService QoS;
    internal bool Retain;

    /// <summary>See <see cref="PublishedMessage.ExpiresAt"/>.</summary>
    internal long ExpiresAt;

    /// <summary>The publishing subscriber, for No Local; null for the broker itself.</summary>
    internal object? Publisher;

    /// <summary>See <see cref="PublishedMessage.Origin"/>.</summary>
    internal IMessageOrigin? Origin;

    /// <summary>Several receivers are expected, so that encoding once and copying pays.</summary>
    internal bool FansOut;

    /// <summary>Its receiver is the only one, and nothing but the acknowledgement follows: the receiver's gate may stay entered for the next message of the batch.</summary>
    internal bool IsAlone;

    /// <summary>Somebody got its payload without a copy.</summary>
    internal bool IsInPlace;

    /// <summary>The newest ticket of a store that this message got; its acknowledgement waits for it.</summary>
    internal long Ticket;

    /// <summary>Whether it comes from somebody who can be told that it was not taken, and who sends it again then: QoS 1 and 2 from a client.</summary>
    internal bool Refusable;

    /// <summary>Whether its publisher understands 0x97.</summary>
    internal bool IsVersion5;

    /// <summary>The publisher's own record has to be kept too: the packet id of a QoS 2 message of a session that the stores know.</summary>
    internal bool NeedsRecord;

    /// <summary>Why it was not taken.</summary>
    internal PublishRefusal Refusal;

    private readonly MessagePool _pool;
    private PublishedMessage? _kept;

    // References handed out of a message made here; below 0 of one that was there before.
    private int _handedOut;

    internal Publication(MessagePool pool)
    {
        _pool = pool;
        ExpiresAt = long.MaxValue;
    }

    /// <summary>A view of a kept message; the caller holds a reference as long as the view lives.</summary>
    internal Publication(PublishedMessage message, MessagePool pool)
    {
        _pool = pool;
        _kept = message;
        _handedOut = -1;
        message.AddReference();
        TopicName = message.TopicName;
        Properties = message.Properties;
        Payload = message.Payload;
        QoS = message.QoS;
        Retain = message.Retain;
        ExpiresAt = message.ExpiresAt;
        Origin = message.Origin;
    }

    /// <summary>The kept form, made at the first call. The caller takes a reference of its own.</summary>
    /// <remarks>An only receiver gets the copy itself: nobody has to count for it. Not a large one, which its output may be led to as well.</remarks>
    internal PublishedMessage Keep()
    {
        if (IsAlone && _kept is null && Payload.Length < PublishedMessage.LeastInPlace)
        {
            var message = _pool.Rent(PublishedMessage.FootprintOf(Size));
            message.Fill(in this, 1);
            return message;
        }

        if (_kept is null)
        {
            _kept = _pool.Rent(PublishedMessage.FootprintOf(Size));
            _kept.Fill(in this, PublishedMessage.Credit);
        }

        if (_handedOut < 0) _kept.AddReference();
        else _handedOut++;
        return _kept;
    }

    /// <summary>Whether there is a kept form already, so that keeping it costs no memory.</summary>
    internal readonly bool IsKept => _kept is not null;

    /// <summary>Bytes of topic name, properties and payload.</summary>
    internal readonly int Size => TopicName.Length + Properties.Length + Payload.Length;

    /// <summary>Gives back the kept form, if there is one.</summary>
    internal void Dispose()
    {
        if (_kept is null) return;
        if (_handedOut < 0) _kept.Release();
        else _kept.Settle(_handedOut);
        _kept = null;
    }
}
