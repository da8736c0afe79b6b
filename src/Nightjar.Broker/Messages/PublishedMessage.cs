using System.Buffers;
using System.Diagnostics;
using Nightjar.Protocol;
using Nightjar.Transport;

namespace Nightjar.Broker.Messages;

/// <summary>
/// An Application Message that somebody must keep: in flight, queued or retained. Version-neutral: topic name, the properties a broker
/// forwards, payload. Reference-counted; every holder releases once; the last release returns it to its pool.
/// </summary>
/// <remarks>Small messages live in a buffer that stays with the object; larger ones rent from the shared array pool.</remarks>
internal sealed class PublishedMessage : IByteOwner
{
    /// <summary>More references than anybody hands out of one message.</summary>
    internal const int Credit = 1 << 28;

    /// <summary>Bytes of payload from which leading all outputs to one copy costs less than a copy for each. With 4 KiB the copies are still cheaper.</summary>
    internal const int LeastInPlace = 8 * 1024;

    private const int OwnBufferSize = 192;
    private const int ObjectSize = 256;
    private readonly MessagePool? _pool;
    private readonly byte[] _own;
    private byte[] _buffer = [];
    private int _topicLength;
    private int _propertiesLength;
    private int _payloadLength;
    private int _references;

    internal PublishedMessage(MessagePool pool)
    {
        _pool = pool;
        _own = new byte[OwnBufferSize];
    }

    private PublishedMessage(int size) => _own = new byte[size];

    internal QualityOfService QoS { get; private set; }

    internal bool Retain { get; private set; }

    /// <summary>Value of the broker's clock, in ms, from which no new delivery may begin [MQTT-3.3.2-5]; <see cref="long.MaxValue"/> for none.</summary>
    internal long ExpiresAt { get; private set; }

    /// <summary>Who published; null for the broker itself.</summary>
    internal IMessageOrigin? Origin { get; private set; }

    /// <summary>The record of a durable store, zero while none has it.</summary>
    internal long StoreId { get; set; }

    internal ReadOnlySpan<byte> TopicName => _buffer.AsSpan(0, _topicLength);

    internal ReadOnlySpan<byte> Properties => _buffer.AsSpan(_topicLength, _propertiesLength);

    internal ReadOnlySpan<byte> Payload => _buffer.AsSpan(_topicLength + _propertiesLength, _payloadLength);

    /// <summary>Bytes of topic name, properties and payload: what limits in bytes count.</summary>
    internal int Size => _topicLength + _propertiesLength + _payloadLength;

    /// <summary>Bytes that it counts as in memory: its size and what it takes itself.</summary>
    internal long Footprint => FootprintOf(Size);

    /// <summary><see cref="Footprint"/> of a message of some size.</summary>
    internal static long FootprintOf(long size) => size + ObjectSize;

    /// <summary>A message of its own that no pool takes back: for the retained index, whose readers hold no references.</summary>
    internal static PublishedMessage Unpooled(in Publication publication)
    {
        var message = new PublishedMessage(publication.Size);
        message.Fill(publication, 1);
        return message;
    }

    internal void AddReference() => Interlocked.Increment(ref _references);

    /// <summary>Writes the payload, without a copy where the output can; takes over a reference.</summary>
    internal void AppendPayloadTo(OutputPipeWriter output) => output.Append(_buffer, _topicLength + _propertiesLength, _payloadLength, this);

    /// <inheritdoc/>
    public void Release()
    {
        // Whoever has the only reference is alone with the message: nobody can take another one meanwhile.
        if (Volatile.Read(ref _references) == 1) _references = 0;
        else if (Lower(1) != 0) return;
        GiveBack();
    }

    /// <summary>
    /// Takes away what is left of the <see cref="Credit"/> that a message begins with: whoever fills it hands out references by counting them
    /// for himself, and settles once.
    /// </summary>
    /// <param name="handedOut">References of others.</param>
    internal void Settle(int handedOut)
    {
        if (Lower(Credit - handedOut) == 0) GiveBack();
    }

    private int Lower(int references)
    {
        var left = Interlocked.Add(ref _references, -references);
        Debug.Assert(left >= 0, "A message was released more often than it was held.");
        return left;
    }

    private void GiveBack()
    {
        if (_pool is null) return;
        var footprint = Footprint;
        if (!ReferenceEquals(_buffer, _own)) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _topicLength = _propertiesLength = _payloadLength = 0;
        Origin = null;
        StoreId = 0;
        _pool.Return(this, footprint);
    }

    /// <summary>Fills a message fresh from the pool.</summary>
    /// <param name="publication">What it is filled with.</param>
    /// <param name="references">References it begins with.</param>
    internal void Fill(in Publication publication, int references)
    {
        _topicLength = publication.TopicName.Length;
        _propertiesLength = publication.Properties.Length;
        _payloadLength = publication.Payload.Length;
        _buffer = Size <= _own.Length ? _own : ArrayPool<byte>.Shared.Rent(Size);
        publication.TopicName.CopyTo(_buffer);
        publication.Properties.CopyTo(_buffer.AsSpan(_topicLength));
        publication.Payload.CopyTo(_buffer.AsSpan(_topicLength + _propertiesLength));
        QoS = publication.QoS;
        Retain = publication.Retain;
        ExpiresAt = publication.ExpiresAt;
        Origin = publication.Origin;
        Volatile.Write(ref _references, references);
    }
}
