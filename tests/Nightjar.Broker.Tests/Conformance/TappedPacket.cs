using System.Buffers.Binary;
using Nightjar.Protocol;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>A packet that went along a <see cref="TappedWire"/>.</summary>
/// <param name="IsFromClient">Who sent it.</param>
/// <param name="Bytes">The whole packet.</param>
internal sealed record TappedPacket(bool IsFromClient, byte[] Bytes)
{
    internal bool IsKeptBack { get; init; }

    internal PacketType Type => (PacketType)(Bytes[0] >> 4);

    /// <summary>DUP of a PUBLISH.</summary>
    internal bool IsDup => (Bytes[0] & 0x08) != 0;

    internal QualityOfService QoS => (QualityOfService)((Bytes[0] >> 1) & 3);

    /// <summary>Of a PUBLISH with QoS 1 or 2, or of an acknowledgement.</summary>
    internal ushort PacketId
    {
        get
        {
            VariableByteInteger.TryRead(Bytes.AsSpan(1), out _, out var length);
            var body = Bytes.AsSpan(1 + length);
            return BinaryPrimitives.ReadUInt16BigEndian(Type == PacketType.Publish ? body[(2 + BinaryPrimitives.ReadUInt16BigEndian(body))..] : body);
        }
    }
}
