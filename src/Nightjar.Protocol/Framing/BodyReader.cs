using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Nightjar.Protocol;

/// <summary>Cursor over the variable header and payload of one packet. The first failure is kept in <see cref="Error"/>.</summary>
internal ref struct BodyReader
{
    private readonly ReadOnlySpan<byte> _body;
    private readonly int _bodyOffset;
    private int _position;

    /// <summary>Starts at a place of the body.</summary>
    internal BodyReader(scoped in Frame frame, int position = 0)
    {
        _body = frame.Body;
        _bodyOffset = frame.BodyOffset;
        _position = position;
    }

    /// <summary>What went wrong; the default value while nothing did.</summary>
    internal ProtocolError Error { get; private set; }

    internal readonly bool AtEnd => _position == _body.Length;

    internal readonly int Remaining => _body.Length - _position;

    /// <summary>Unread bytes.</summary>
    internal readonly ReadOnlySpan<byte> Rest => _body[_position..];

    /// <summary>Bytes from the start of the packet to the next unread byte.</summary>
    internal readonly int Offset => _bodyOffset + _position;

    /// <summary>Records a failure at the current position.</summary>
    /// <returns>Always false.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal bool Fail(ReasonCode reasonCode, string rule)
    {
        Error = new ProtocolError(reasonCode, rule, Offset);
        return false;
    }

    /// <summary>Records the failure of a nested reader.</summary>
    /// <returns>Always false.</returns>
    internal bool Fail(ProtocolError error)
    {
        Error = error;
        return false;
    }

    /// <summary>Records a failure of the first byte.</summary>
    /// <returns>Always false.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal bool FailHeader(ReasonCode reasonCode, string rule) => Fail(new ProtocolError(reasonCode, rule));

    internal bool TryReadByte(out byte value)
    {
        if (_position >= _body.Length)
        {
            value = 0;
            return Fail(ReasonCode.MalformedPacket, Rule.Truncated);
        }

        value = _body[_position++];
        return true;
    }

    internal bool TryReadUInt16(out ushort value)
    {
        if (!BinaryPrimitives.TryReadUInt16BigEndian(_body[_position..], out value))
            return Fail(ReasonCode.MalformedPacket, Rule.Truncated);
        _position += 2;
        return true;
    }

    /// <summary>Reads a Packet Identifier, which is never 0 [MQTT-2.2.1-3].</summary>
    internal bool TryReadPacketId(out ushort value)
    {
        if (!TryReadUInt16(out value)) return false;
        return value != 0 || Fail(ReasonCode.ProtocolError, Rule.PacketIdNotZero);
    }

    /// <summary>Reads a Packet Identifier unless a check before it failed.</summary>
    internal bool TryReadPacketIdAfter(bool valid, out ushort value)
    {
        value = 0;
        return valid && TryReadPacketId(out value);
    }

    /// <summary>Reads a Topic Filter and judges its syntax (§4.7.1, §4.8.2).</summary>
    internal bool TryReadTopicFilter(out ReadOnlySpan<byte> value)
    {
        int start = _position;
        if (!TryReadString(out value)) return false;
        if (!value.IsEmpty && TopicFilter.HasValidSyntax(value)) return true;

        string rule = value.IsEmpty ? Rule.TopicEmpty : SharedSubscription.IsShared(value) ? Rule.ShareSyntax : Rule.FilterSyntax;
        _position = start;
        return Fail(ReasonCode.TopicFilterInvalid, rule);
    }

    /// <summary>Reads Binary Data (§1.5.6): a length of two bytes, then as many bytes.</summary>
    internal bool TryReadBinary(out ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> rest = _body[_position..];
        if (!BinaryPrimitives.TryReadUInt16BigEndian(rest, out ushort length) || rest.Length - 2 < length)
        {
            value = default;
            return Fail(ReasonCode.MalformedPacket, Rule.Truncated);
        }

        value = rest.Slice(2, length);
        _position += 2 + length;
        return true;
    }

    /// <summary>Reads a UTF-8 Encoded String (§1.5.4).</summary>
    internal bool TryReadString(out ReadOnlySpan<byte> value)
    {
        int start = _position;
        if (!TryReadBinary(out value)) return false;
        if (Utf8Text.IsValid(value)) return true;
        _position = start;
        return Fail(ReasonCode.MalformedPacket, Utf8Text.BrokenRule(value));
    }

    /// <summary>Reads a Property Length and the bytes it covers (§2.2.2.1).</summary>
    /// <param name="block">The properties, not yet looked at.</param>
    /// <param name="offset">Bytes from the start of the packet to the first property.</param>
    internal bool TryReadPropertyBlock(out ReadOnlySpan<byte> block, out int offset)
    {
        block = default;
        offset = Offset;
        ReadOnlySpan<byte> rest = _body[_position..];
        ReadStatus status = VariableByteInteger.TryRead(rest, out int length, out int digits);
        if (status == ReadStatus.NeedMoreData) return Fail(ReasonCode.MalformedPacket, Rule.Truncated);
        if (status == ReadStatus.Invalid) return Fail(FrameReader.InvalidLength(rest, Offset));
        if (rest.Length - digits < length) return Fail(ReasonCode.MalformedPacket, Rule.PropertyBlockTooLong);

        offset = Offset + digits;
        block = rest.Slice(digits, length);
        _position += digits + length;
        return true;
    }

    /// <summary>Reads properties of which only the Reason String is of interest.</summary>
    /// <param name="scope">One bit of <see cref="PropertyScope"/>.</param>
    /// <param name="properties">The raw block.</param>
    /// <param name="reasonString">Reason String; empty when there is none.</param>
    internal bool TryReadReasonProperties(ushort scope, out ReadOnlySpan<byte> properties, out ReadOnlySpan<byte> reasonString)
    {
        reasonString = default;
        if (!TryReadPropertyBlock(out properties, out int offset)) return false;

        var reader = new PropertyReader(properties, offset, scope);
        while (reader.TryRead())
        {
            if (reader.Id == PropertyId.ReasonString) reasonString = reader.Value;
        }

        return reader.IsValid || Fail(reader.Error);
    }

    /// <summary>Says that the packet ends here.</summary>
    internal bool TryEnd() => AtEnd || Fail(ReasonCode.MalformedPacket, Rule.TrailingBytes);

    /// <summary>Checks the type and the reserved flags of the fixed header [MQTT-2.1.3-1].</summary>
    internal bool TryCheckHeader(scoped in Frame frame, PacketType type, byte flags, string rule)
    {
        if (frame.Header == (((int)type << 4) | flags)) return true;
        return frame.Type == type
            ? FailHeader(ReasonCode.MalformedPacket, rule)
            : FailHeader(ReasonCode.ProtocolError, Rule.UnexpectedPacketType);
    }

    /// <summary>Checks the fixed header of SUBSCRIBE and UNSUBSCRIBE: flags 0010, where 3.1 may set DUP when it sends again.</summary>
    internal bool TryCheckRequestHeader(scoped in Frame frame, ProtocolVersion version, PacketType type, string rule)
    {
        byte dup = version == ProtocolVersion.Mqtt31 ? (byte)(frame.Flags & 0b1000) : (byte)0;
        return TryCheckHeader(in frame, type, (byte)(0b0010 | dup), rule);
    }
}
