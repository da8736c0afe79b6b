using Nightjar.Broker.Messages;
using Nightjar.Broker.Security;
using Nightjar.Protocol;

namespace Nightjar.Broker.Sessions;

/// <summary>
/// Messages of one batch that go to the same receivers, one behind the other: encoded once, and given to each receiver all at once. What a message
/// costs for each receiver is then the copying of its bytes; the receiver's gate and its state are looked at once for all of them.
/// </summary>
/// <remarks>
/// <para>Of QoS 0, not retained, without properties: a frame is the same for every receiver whose connection has the same version. What a receiver wants
/// otherwise is encoded for it from the parts (<see cref="At"/>).</para>
/// <para>One thread. Nothing waits here longer than the batch does (<see cref="BatchContext.Leave"/>).</para>
/// </remarks>
internal sealed class MessageRun
{
    /// <summary>Longest topic name and payload that are taken in: copying more than that twice costs more than it spares.</summary>
    internal const int LongestMessage = 1024;

    // Others wait for a receiver's gate while so much is copied.
    private const int Capacity = 8 * 1024;
    private const int MaximumCount = 64;
    private const int LongestHead = 8;

    private readonly Part[] _parts = new Part[MaximumCount];
    private byte[] _frames = [];
    private byte[] _otherFrames = [];
    private int _otherLength;
    private ProtocolVersion _version;
    private Session? _publisher;
    private IMessageOrigin? _origin;

    /// <summary>Whom the messages go to; null when there are none.</summary>
    internal Receiver[]? Receivers { get; private set; }

    internal int Count { get; private set; }

    /// <summary>Bytes of all frames in the publisher's version; in the other one it is at most two more for each.</summary>
    internal int Length { get; private set; }

    /// <summary>Bytes of all payloads.</summary>
    internal int PayloadLength { get; private set; }

    /// <summary>No frame is longer, in either version.</summary>
    internal int LongestFrame { get; private set; }

    /// <summary>Whether a message to some receivers can go with those that are here.</summary>
    internal bool Takes(Receiver[] receivers, int size) =>
        ReferenceEquals(Receivers, receivers) && Count < MaximumCount && Length + size + LongestHead <= Capacity;

    /// <summary>Begins a run.</summary>
    internal void Begin(Receiver[] receivers, Session publisher, IMessageOrigin? origin, ProtocolVersion version)
    {
        if (_frames.Length == 0) _frames = new byte[Capacity];
        Receivers = receivers;
        _publisher = publisher;
        _origin = origin;
        _version = version;
        Count = Length = PayloadLength = LongestFrame = _otherLength = 0;
    }

    /// <summary>Adds a message that <see cref="Takes"/> agreed to.</summary>
    internal void Add(ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> payload)
    {
        var writer = new PublishWriter { Version = _version, TopicName = topicName, Payload = payload };
        var length = writer.Write(_frames.AsSpan(Length));
        Length += length;
        LongestFrame = Math.Max(LongestFrame, length + 2);
        PayloadLength += payload.Length;
        _parts[Count++] = new Part(Length, topicName.Length, payload.Length);
    }

    /// <summary>Forgets the messages, and whom they were for.</summary>
    internal void End()
    {
        Receivers = null;
        _publisher = null;
        _origin = null;
    }

    /// <summary>The frames for connections of a version.</summary>
    internal ReadOnlySpan<byte> Frames(ProtocolVersion version)
    {
        if (version == ProtocolVersion.Mqtt50 == (_version == ProtocolVersion.Mqtt50)) return _frames.AsSpan(0, Length);
        if (_otherLength == 0) Encode(version);
        return _otherFrames.AsSpan(0, _otherLength);
    }

    /// <summary>One of the messages, as it would travel alone.</summary>
    internal Publication At(int index, MessagePool pool) => new(pool)
    {
        TopicName = TopicNameAt(index),
        Payload = PayloadAt(index),
        Publisher = _publisher,
        Origin = _origin,
    };

    internal ReadOnlySpan<byte> PayloadAt(int index) => _frames.AsSpan(_parts[index].End - _parts[index].PayloadLength, _parts[index].PayloadLength);

    // Between the two stands the length of the properties, in version 5.
    internal ReadOnlySpan<byte> TopicNameAt(int index)
    {
        var part = _parts[index];
        return _frames.AsSpan(part.End - part.PayloadLength - (_version == ProtocolVersion.Mqtt50 ? 1 : 0) - part.TopicLength, part.TopicLength);
    }

    private void Encode(ProtocolVersion version)
    {
        if (_otherFrames.Length == 0) _otherFrames = new byte[Capacity + (MaximumCount * 2)];
        for (var i = 0; i < Count; i++)
        {
            var writer = new PublishWriter { Version = version, TopicName = TopicNameAt(i), Payload = PayloadAt(i) };
            _otherLength += writer.Write(_otherFrames.AsSpan(_otherLength));
        }
    }

    /// <summary>Where a message stands.</summary>
    /// <param name="End">Behind its frame.</param>
    /// <param name="TopicLength">Bytes of its topic name.</param>
    /// <param name="PayloadLength">Bytes of its payload.</param>
    private readonly record struct Part(int End, int TopicLength, int PayloadLength);
}
