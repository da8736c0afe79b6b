using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Nightjar.Protocol;

/// <summary>Reads and judges the properties of one packet, in order (§2.2.2).</summary>
/// <remarks>
/// Judged here, for every packet: the identifier is known (0x81) and allowed in this packet (0x82); the value is whole and well formed
/// (0x81); only User Property, and Subscription Identifier in PUBLISH, occur twice (0x82); values that are wrong wherever they stand
/// (0x82, Topic Alias 0x94). Linear in the length of the block, whatever is in it; no allocation.
/// </remarks>
internal ref struct PropertyReader
{
    private readonly ReadOnlySpan<byte> _block;
    private readonly int _offset;
    private readonly ushort _scope;
    private int _position;
    private ulong _seen;

    /// <summary>Starts at the first property.</summary>
    /// <param name="block">The properties without their Property Length.</param>
    /// <param name="offset">Bytes from the start of the packet to the block.</param>
    /// <param name="scope">One bit of <see cref="PropertyScope"/>.</param>
    internal PropertyReader(ReadOnlySpan<byte> block, int offset, ushort scope)
    {
        _block = block;
        _offset = offset;
        _scope = scope;
    }

    /// <summary>What went wrong; the default value while nothing did.</summary>
    internal ProtocolError Error { get; private set; }

    /// <summary>False after any failure.</summary>
    internal readonly bool IsValid => Error.ReasonCode == ReasonCode.Success;

    /// <summary>Reads the next property.</summary>
    /// <returns>False at the end of the block and at the first failure; <see cref="IsValid"/> tells which.</returns>
    internal bool TryRead(out Property property)
    {
        property = default;
        if (_position >= _block.Length || !IsValid) return false;

        property.Start = _position;
        int id = _block[_position];
        PropertyKind kind = PropertyTable.KindOf(id);
        if (kind == PropertyKind.Unknown) return FailId(id);
        if ((PropertyTable.ScopeOf(id) & _scope) == 0) return Fail(ReasonCode.ProtocolError, Rule.PropertyNotAllowed);

        property.Id = (PropertyId)id;
        if (!MayOccur(id)) return Fail(ReasonCode.ProtocolError, Rule.PropertyTwice);

        _position++;
        return kind switch
        {
            PropertyKind.Utf8StringPair => TryReadString(out property.Name) && TryReadString(out property.Value),
            PropertyKind.Utf8String => TryReadString(out property.Value),
            PropertyKind.BinaryData => TryReadBinary(out property.Value),
            _ => TryReadNumber(kind, out property.Number) && TryCheckNumber(property.Id, property.Number),
        };
    }

    /// <summary>Records that the last property read broke a rule of its packet.</summary>
    /// <returns>Always false.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal bool Fail(ReasonCode reasonCode, string rule)
    {
        Error = new ProtocolError(reasonCode, rule, _offset + _position);
        return false;
    }

    /// <summary>Reads to the end of the block, judging every property.</summary>
    internal bool TrySkipAll()
    {
        while (TryRead(out _))
        {
        }

        return IsValid;
    }

    private bool MayOccur(int id)
    {
        if (id == (int)PropertyId.UserProperty) return true;
        if (id == (int)PropertyId.SubscriptionIdentifier && _scope == PropertyScope.Publish) return true;
        ulong bit = 1UL << id;
        bool first = (_seen & bit) == 0;
        _seen |= bit;
        return first;
    }

    private bool FailId(int id)
    {
        // Identifiers are Variable Byte Integers, and all that exist fit one byte.
        bool padded = id >= 0x80 && VariableByteInteger.TryRead(_block[_position..], out _, out _) == ReadStatus.Invalid;
        return padded
            ? FailWith(FrameReader.InvalidLength(_block[_position..], _offset + _position))
            : Fail(ReasonCode.MalformedPacket, Rule.PropertyUnknown);
    }

    private bool FailWith(ProtocolError error)
    {
        Error = error;
        return false;
    }

    private bool TryReadNumber(PropertyKind kind, out uint value)
    {
        ReadOnlySpan<byte> rest = _block[_position..];
        value = 0;
        if (kind == PropertyKind.VariableByteInteger) return TryReadVariable(rest, out value);

        int length = kind == PropertyKind.Boolean ? 1 : kind == PropertyKind.TwoByteInteger ? 2 : 4;
        if (rest.Length < length) return Fail(ReasonCode.MalformedPacket, Rule.PropertyTruncated);
        value = length switch
        {
            1 => rest[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(rest),
            _ => BinaryPrimitives.ReadUInt32BigEndian(rest),
        };
        if (kind == PropertyKind.Boolean && value > 1) return Fail(ReasonCode.ProtocolError, Rule.PropertyNotBoolean);
        _position += length;
        return true;
    }

    private bool TryReadVariable(ReadOnlySpan<byte> rest, out uint value)
    {
        ReadStatus status = VariableByteInteger.TryRead(rest, out int number, out int length);
        value = (uint)number;
        if (status == ReadStatus.Invalid) return FailWith(FrameReader.InvalidLength(rest, _offset + _position));
        if (status == ReadStatus.NeedMoreData) return Fail(ReasonCode.MalformedPacket, Rule.PropertyTruncated);
        _position += length;
        return true;
    }

    private bool TryReadBinary(out ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> rest = _block[_position..];
        if (!BinaryPrimitives.TryReadUInt16BigEndian(rest, out ushort length) || rest.Length - 2 < length)
        {
            value = default;
            return Fail(ReasonCode.MalformedPacket, Rule.PropertyTruncated);
        }

        value = rest.Slice(2, length);
        _position += 2 + length;
        return true;
    }

    private bool TryReadString(out ReadOnlySpan<byte> value)
    {
        int start = _position;
        if (!TryReadBinary(out value)) return false;
        if (Utf8Text.IsValid(value)) return true;
        _position = start;
        return Fail(ReasonCode.MalformedPacket, Utf8Text.BrokenRule(value));
    }

    private bool TryCheckNumber(PropertyId id, uint value)
    {
        if (value != 0) return true;
        return id switch
        {
            PropertyId.ReceiveMaximum => Fail(ReasonCode.ProtocolError, Rule.ReceiveMaximumZero),
            PropertyId.MaximumPacketSize => Fail(ReasonCode.ProtocolError, Rule.MaximumPacketSizeZero),
            PropertyId.SubscriptionIdentifier => Fail(ReasonCode.ProtocolError, Rule.SubscriptionIdentifierZero),
            PropertyId.TopicAlias => Fail(ReasonCode.TopicAliasInvalid, Rule.TopicAliasZero),
            _ => true,
        };
    }
}
