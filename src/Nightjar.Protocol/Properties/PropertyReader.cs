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

    /// <summary>The property that was read last.</summary>
    internal PropertyId Id { get; private set; }

    /// <summary>Value of an integer property; anything for another kind.</summary>
    internal uint Number { get; private set; }

    /// <summary>Value of a string, binary or pair property, without its length; anything for another kind.</summary>
    internal ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Bytes from the start of the block to the property that was read last.</summary>
    internal int Start { get; private set; }

    /// <summary>False after any failure.</summary>
    internal readonly bool IsValid => Error.ReasonCode == ReasonCode.Success;

    /// <summary>Reads the next property.</summary>
    /// <returns>False at the end of the block and at the first failure; <see cref="IsValid"/> tells which.</returns>
    internal bool TryRead()
    {
        if (_position >= _block.Length || !IsValid) return false;

        int id = _block[_position];
        PropertyKind kind = PropertyTable.KindOf(id);
        if (kind == PropertyKind.Unknown) return FailId(id);
        if ((PropertyTable.ScopeOf(id) & _scope) == 0) return Fail(ReasonCode.ProtocolError, Rule.PropertyNotAllowed);
        if (!MayOccur(id)) return Fail(ReasonCode.ProtocolError, Rule.PropertyTwice);

        Id = (PropertyId)id;
        Start = _position++;
        return kind switch
        {
            PropertyKind.Utf8StringPair => TryReadString() && TryReadString(),
            PropertyKind.Utf8String => TryReadString(),
            PropertyKind.BinaryData => TryReadBinary(),
            _ => TryReadNumber(kind) && (Number != 0 || TryCheckZero()),
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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

    private bool TryReadNumber(PropertyKind kind)
    {
        ReadOnlySpan<byte> rest = _block[_position..];
        if (kind == PropertyKind.VariableByteInteger) return TryReadVariable(rest);

        int length = kind == PropertyKind.Boolean ? 1 : kind == PropertyKind.TwoByteInteger ? 2 : 4;
        if (rest.Length < length) return Fail(ReasonCode.MalformedPacket, Rule.PropertyTruncated);
        Number = length switch
        {
            1 => rest[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(rest),
            _ => BinaryPrimitives.ReadUInt32BigEndian(rest),
        };
        if (kind == PropertyKind.Boolean && Number > 1) return Fail(ReasonCode.ProtocolError, Rule.PropertyNotBoolean);
        _position += length;
        return true;
    }

    private bool TryReadVariable(ReadOnlySpan<byte> rest)
    {
        ReadStatus status = VariableByteInteger.TryRead(rest, out int number, out int length);
        if (status == ReadStatus.Invalid) return FailWith(FrameReader.InvalidLength(rest, _offset + _position));
        if (status == ReadStatus.NeedMoreData) return Fail(ReasonCode.MalformedPacket, Rule.PropertyTruncated);
        Number = (uint)number;
        _position += length;
        return true;
    }

    private bool TryReadBinary()
    {
        ReadOnlySpan<byte> rest = _block[_position..];
        if (!BinaryPrimitives.TryReadUInt16BigEndian(rest, out ushort length) || rest.Length - 2 < length)
            return Fail(ReasonCode.MalformedPacket, Rule.PropertyTruncated);

        Value = rest.Slice(2, length);
        _position += 2 + length;
        return true;
    }

    private bool TryReadString()
    {
        int start = _position;
        if (!TryReadBinary()) return false;
        if (Utf8Text.IsValid(Value)) return true;
        _position = start;
        return Fail(ReasonCode.MalformedPacket, Utf8Text.BrokenRule(Value));
    }

    private bool TryCheckZero() => Id switch
    {
        PropertyId.ReceiveMaximum => Fail(ReasonCode.ProtocolError, Rule.ReceiveMaximumZero),
        PropertyId.MaximumPacketSize => Fail(ReasonCode.ProtocolError, Rule.MaximumPacketSizeZero),
        PropertyId.SubscriptionIdentifier => Fail(ReasonCode.ProtocolError, Rule.SubscriptionIdentifierZero),
        PropertyId.TopicAlias => Fail(ReasonCode.TopicAliasInvalid, Rule.TopicAliasZero),
        _ => true,
    };
}
