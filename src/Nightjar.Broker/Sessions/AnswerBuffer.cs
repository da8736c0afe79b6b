using Nightjar.Protocol;

namespace Nightjar.Broker.Sessions;

/// <summary>
/// The acknowledgements that a batch has for the client it came from: gathered here, and written under one hold of the client's gate instead of one
/// for each. One per thread; empty between batches.
/// </summary>
internal sealed class AnswerBuffer
{
    private const int Capacity = 1024;
    private readonly byte[] _frames = new byte[Capacity];
    private int _length;

    /// <summary>Whole packets, one behind the other.</summary>
    internal ReadOnlySpan<byte> Frames => _frames.AsSpan(0, _length);

    /// <summary>Whether another one fits.</summary>
    internal bool HasRoom => _length <= Capacity - AcknowledgementWriter.MaximumBareLength;

    /// <summary>Puts an acknowledgement at the end; only while there is room.</summary>
    internal void Add(PacketType type, ushort packetId, ProtocolVersion version, ReasonCode reasonCode) =>
        _length += AcknowledgementWriter.Write(_frames.AsSpan(_length), type, packetId, version, reasonCode);

    internal void Clear() => _length = 0;
}
