using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Nightjar.Transport.WebSockets;

/// <summary>Takes a client's frames apart: the payloads of binary messages become one stream of bytes [MQTT-6.0.0-2].</summary>
/// <remarks>
/// <code>
/// |FIN RSV RSV RSV| opcode (4) |MASK| length (7) | 126: 16 bits, 127: 64 bits | masking key (32) | payload ...
/// </code>
/// Payload goes straight from the input to the destination, unmasked on the way, so that the length of a frame costs nothing. A control
/// frame stays in the input until it is whole, which is at most 131 bytes.
/// </remarks>
internal sealed class FrameDecoder
{
    /// <summary>Most bytes of a control frame's payload (RFC 6455 §5.5).</summary>
    internal const int MaximumControlPayload = 125;

    private const int MaximumHeaderLength = 14;

    // Of the data frame under way. The key begins with the byte for the next byte of payload, least significant first.
    private ulong _payloadLeft;
    private uint _key;

    // A message has begun and its last frame has not.
    private bool _inMessage;

    /// <summary>Decodes until something happens.</summary>
    /// <param name="source">Undecoded bytes; what is used up is cut off.</param>
    /// <param name="destination">Gets the payload of data frames.</param>
    /// <param name="written">Bytes put there; not 0 for any event.</param>
    /// <param name="control">Gets the payload of a control frame; room for <see cref="MaximumControlPayload"/>.</param>
    /// <param name="controlLength">Bytes put there.</param>
    /// <remarks>After an event that ends the connection there is nothing more to decode.</remarks>
    internal FrameEvent Decode(
        ref ReadOnlySequence<byte> source, Span<byte> destination, out int written, Span<byte> control, out int controlLength)
    {
        written = 0;
        controlLength = 0;
        while (true)
        {
            written += CopyPayload(ref source, destination[written..]);
            if (_payloadLeft > 0)
                return source.IsEmpty ? FrameEvent.NeedMoreData : FrameEvent.DestinationFull;
            FrameEvent? problem = ReadHeader(source, out FrameHeader header);
            if (problem is FrameEvent reason)
                return reason;
            if (header.IsControl)
            {
                if (source.Length < header.Length + (long)header.PayloadLength)
                    return FrameEvent.NeedMoreData;
                controlLength = TakeControl(ref source, header, control);
                if (header.Opcode != Opcode.Pong)
                    return header.Opcode == Opcode.Ping ? FrameEvent.Ping : FrameEvent.Close;
                controlLength = 0;
                continue;
            }
            source = source.Slice(header.Length);
            _inMessage = !header.IsFinal;
            _payloadLeft = header.PayloadLength;
            _key = header.Key;
        }
    }

    private int CopyPayload(ref ReadOnlySequence<byte> source, Span<byte> destination)
    {
        int total = 0;
        while (_payloadLeft > 0 && total < destination.Length && !source.IsEmpty)
        {
            ReadOnlySpan<byte> span = source.FirstSpan;
            int count = (int)Math.Min((ulong)Math.Min(span.Length, destination.Length - total), _payloadLeft);
            Unmask(span[..count], destination[total..], _key);
            _key = BitOperations.RotateRight(_key, 8 * (count & 3));
            _payloadLeft -= (ulong)count;
            total += count;
            source = source.Slice(count);
        }
        return total;
    }

    private static int TakeControl(ref ReadOnlySequence<byte> source, in FrameHeader header, Span<byte> control)
    {
        int length = (int)header.PayloadLength;
        source.Slice(header.Length, length).CopyTo(control);
        Unmask(control[..length], control, header.Key);
        source = source.Slice(header.Length + length);
        return length;
    }

    // What can be told from the first two bytes is told before the rest is awaited.
    private FrameEvent? ReadHeader(in ReadOnlySequence<byte> source, out FrameHeader header)
    {
        Span<byte> copy = stackalloc byte[MaximumHeaderLength];
        scoped ReadOnlySpan<byte> bytes = source.FirstSpan;
        if (bytes.Length < MaximumHeaderLength && !source.IsSingleSegment)
        {
            ReadOnlySequence<byte> start = source.Slice(0, Math.Min(source.Length, MaximumHeaderLength));
            start.CopyTo(copy);
            bytes = copy[..(int)start.Length];
        }
        header = default;
        if (bytes.Length < 2)
            return FrameEvent.NeedMoreData;
        var opcode = (Opcode)(bytes[0] & 0x0F);
        bool isFinal = (bytes[0] & 0x80) != 0;
        int shortLength = bytes[1] & 0x7F;
        if (opcode == Opcode.Text)
            return FrameEvent.UnsupportedData;
        bool hasReservedBits = (bytes[0] & 0x70) != 0;
        bool isMasked = (bytes[1] & 0x80) != 0;
        if (hasReservedBits || !isMasked || !IsLegal(opcode, isFinal, shortLength))
            return FrameEvent.ProtocolError;
        int lengthBytes = shortLength switch { 126 => 2, 127 => 8, _ => 0 };
        int length = 2 + lengthBytes + 4;
        if (bytes.Length < length)
            return FrameEvent.NeedMoreData;
        ulong payloadLength = lengthBytes switch
        {
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            8 => BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]),
            _ => (ulong)shortLength,
        };

        // The shortest form is demanded, and the highest bit is 0 (§5.2).
        if ((lengthBytes == 2 && payloadLength < 126) || (lengthBytes == 8 && payloadLength is <= ushort.MaxValue or > long.MaxValue))
            return FrameEvent.ProtocolError;
        header = new FrameHeader(opcode, isFinal, length, payloadLength, BinaryPrimitives.ReadUInt32LittleEndian(bytes[(length - 4)..]));
        return null;
    }

    private bool IsLegal(Opcode opcode, bool isFinal, int shortLength) => opcode switch
    {
        Opcode.Continuation => _inMessage,
        Opcode.Binary => !_inMessage,
        Opcode.Close or Opcode.Ping or Opcode.Pong => isFinal && shortLength <= MaximumControlPayload,
        _ => false,
    };

    // The spans may be the same.
    private static void Unmask(ReadOnlySpan<byte> source, Span<byte> destination, uint key)
    {
        int done = 0;
        if (source.Length >= Vector<byte>.Count)
        {
            Vector<byte> keys = Vector.AsVectorByte(new Vector<uint>(BitConverter.IsLittleEndian ? key : BinaryPrimitives.ReverseEndianness(key)));
            for (; done <= source.Length - Vector<byte>.Count; done += Vector<byte>.Count)
                (new Vector<byte>(source[done..]) ^ keys).CopyTo(destination[done..]);
        }
        for (; done < source.Length; done++)
            destination[done] = (byte)(source[done] ^ (byte)(key >> (8 * (done & 3))));
    }

    private readonly record struct FrameHeader(Opcode Opcode, bool IsFinal, int Length, ulong PayloadLength, uint Key)
    {
        internal bool IsControl => Opcode >= Opcode.Close;
    }
}
