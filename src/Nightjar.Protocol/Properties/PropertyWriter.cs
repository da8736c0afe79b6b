using System.Buffers.Binary;

namespace Nightjar.Protocol;

/// <summary>Encodes properties one after the other, without the Property Length in front.</summary>
/// <remarks>
/// For blocks that are handed to a packet writer as they are: the forwardable properties of <see cref="PublishWriter"/>, the user
/// properties of acknowledgements. Writes where it is told and nowhere else; does not check that a property suits its packet.
/// </remarks>
public ref struct PropertyWriter
{
    private readonly Span<byte> _destination;

    /// <summary>Starts at the front of a buffer.</summary>
    /// <param name="destination">Large enough for all that is added; the Measure methods tell.</param>
    public PropertyWriter(Span<byte> destination)
    {
        _destination = destination;
        Length = 0;
    }

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>What was written so far.</summary>
    public readonly ReadOnlySpan<byte> Written => _destination[..Length];

    /// <summary>Bytes of a string or binary property.</summary>
    public static int MeasureBytes(ReadOnlySpan<byte> value) => 3 + value.Length;

    /// <summary>Bytes of a User Property.</summary>
    public static int MeasureUserProperty(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => 5 + name.Length + value.Length;

    /// <summary>Adds a property of one byte.</summary>
    public void AddByte(PropertyId id, byte value)
    {
        Span<byte> target = _destination.Slice(Length, 2);
        target[0] = (byte)id;
        target[1] = value;
        Length += 2;
    }

    /// <summary>Adds a Two Byte Integer property.</summary>
    public void AddUInt16(PropertyId id, ushort value)
    {
        Span<byte> target = _destination.Slice(Length, 3);
        target[0] = (byte)id;
        BinaryPrimitives.WriteUInt16BigEndian(target[1..], value);
        Length += 3;
    }

    /// <summary>Adds a Four Byte Integer property.</summary>
    public void AddUInt32(PropertyId id, uint value)
    {
        Span<byte> target = _destination.Slice(Length, 5);
        target[0] = (byte)id;
        BinaryPrimitives.WriteUInt32BigEndian(target[1..], value);
        Length += 5;
    }

    /// <summary>Adds a Variable Byte Integer property.</summary>
    public void AddVariable(PropertyId id, uint value)
    {
        Span<byte> target = _destination[Length..];
        target[0] = (byte)id;
        Length += 1 + VariableByteInteger.Write(target[1..], checked((int)value));
    }

    /// <summary>Adds a string or binary property.</summary>
    /// <exception cref="ArgumentException">The value has more than 65 535 bytes.</exception>
    public void AddBytes(PropertyId id, ReadOnlySpan<byte> value)
    {
        _destination[Length] = (byte)id;
        Length += 1 + FieldWriter.WriteBytes(_destination[(Length + 1)..], value);
    }

    /// <summary>Adds a User Property.</summary>
    /// <exception cref="ArgumentException">The name or the value has more than 65 535 bytes.</exception>
    public void AddUserProperty(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        AddBytes(PropertyId.UserProperty, name);
        Length += FieldWriter.WriteBytes(_destination[Length..], value);
    }

    /// <summary>Adds properties that are encoded already.</summary>
    public void AddEncoded(ReadOnlySpan<byte> properties)
    {
        properties.CopyTo(_destination[Length..]);
        Length += properties.Length;
    }
}
