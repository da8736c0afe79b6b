using System.Runtime.CompilerServices;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <summary>
/// Answers of one connection that wait for the store, in the order in which they were made. What waits for nothing goes past them, but for
/// answers of the same type: those of PUBLISH, PUBREC and PUBREL have an order [MQTT-4.6.0-2] to [MQTT-4.6.0-4], and those of
/// SUBSCRIBE and UNSUBSCRIBE, which undo each other, are kept in one too.
/// </summary>
/// <remarks>Under the link's gate, but for <see cref="PubAckCount"/>.</remarks>
internal sealed class PendingFrames
{
    private readonly Queue<PendingFrame> _frames = new();
    private CountsByType _counts;

    internal int Count => _frames.Count;

    /// <summary>PUBACKs among them. Any thread.</summary>
    internal int PubAckCount => Volatile.Read(ref _counts[(int)PacketType.PubAck]);

    /// <summary>Whether an answer of a type waits, behind which others of that type have to.</summary>
    internal bool Holds(PacketType type) => _counts[PlaceOf(type)] > 0;

    internal void Enqueue(long ticket, ReadOnlySpan<byte> frame)
    {
        _frames.Enqueue(new PendingFrame(ticket, frame));
        _counts[PlaceOf(TypeOf(frame))]++;
    }

    /// <summary>Takes out the oldest if what it waits for is durable.</summary>
    internal bool TryDequeue(long durable, out PendingFrame frame)
    {
        if (!_frames.TryPeek(out frame) || frame.Ticket > durable) return false;
        _frames.Dequeue();
        _counts[PlaceOf(TypeOf(frame.Frame))]--;
        return true;
    }

    /// <summary>The type of an encoded packet.</summary>
    internal static PacketType TypeOf(ReadOnlySpan<byte> frame) => (PacketType)(frame[0] >> 4);

    private static int PlaceOf(PacketType type) => (int)(type == PacketType.UnsubAck ? PacketType.SubAck : type);

    [InlineArray(16)]
    private struct CountsByType
    {
        private int _first;
    }
}
