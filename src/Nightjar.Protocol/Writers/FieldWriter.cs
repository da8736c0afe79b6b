using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Nightjar.Protocol;

/// <summary>The fields that every packet is made of.</summary>
internal static class FieldWriter
{
    /// <summary>Bytes of a whole packet with a body of this many bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int MeasurePacket(int bodyLength) => 1 + VariableByteInteger.GetLength(bodyLength) + bodyLength;

    /// <summary>Bytes of a Property Length and the properties it covers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int MeasureBlock(int propertiesLength) => VariableByteInteger.GetLength(propertiesLength) + propertiesLength;

    /// <summary>Bytes of an optional string or binary property that is left out when it is empty.</summary>
    internal static int MeasureOptional(ReadOnlySpan<byte> value) => value.IsEmpty ? 0 : PropertyWriter.MeasureBytes(value);

    /// <summary>Writes the fixed header.</summary>
    /// <returns>Bytes written, 2 to 5.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int WriteHeader(Span<byte> destination, byte header, int bodyLength)
    {
        int length = 1 + VariableByteInteger.Write(destination[1..], bodyLength);
        destination[0] = header;
        return length;
    }

    /// <summary>Writes the fixed header of a type and its flags.</summary>
    internal static int WriteHeader(Span<byte> destination, PacketType type, int bodyLength)
    {
        int flags = type is PacketType.PubRel or PacketType.Subscribe or PacketType.Unsubscribe ? 0b0010 : 0;
        return WriteHeader(destination, (byte)(((int)type << 4) | flags), bodyLength);
    }

    /// <summary>Writes a Two Byte Integer.</summary>
    /// <returns>2.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int WriteUInt16(Span<byte> destination, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, value);
        return 2;
    }

    /// <summary>Writes a string or Binary Data with its length of two bytes.</summary>
    /// <returns>Bytes written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int WriteBytes(Span<byte> destination, ReadOnlySpan<byte> value)
    {
        if (value.Length > ushort.MaxValue) ThrowTooLong(value.Length);
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)value.Length);
        value.CopyTo(destination[2..]);
        return 2 + value.Length;
    }

    /// <summary>Adds a string or binary property unless it is empty.</summary>
    internal static void AddOptional(ref PropertyWriter writer, PropertyId id, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty) writer.AddBytes(id, value);
    }

    /// <summary>Writes a Property Length, a Reason String unless it is empty, and User Properties.</summary>
    /// <returns>Bytes written.</returns>
    internal static int WriteReasonBlock(
        Span<byte> destination, int propertiesLength, ReadOnlySpan<byte> reasonString, ReadOnlySpan<byte> userProperties)
    {
        int position = VariableByteInteger.Write(destination, propertiesLength);
        var writer = new PropertyWriter(destination.Slice(position, propertiesLength));
        AddOptional(ref writer, PropertyId.ReasonString, reasonString);
        writer.AddEncoded(userProperties);
        return position + propertiesLength;
    }

    [DoesNotReturn]
    private static void ThrowTooLong(int length) =>
        throw new ArgumentException($"A field of {length} bytes does not fit MQTT's length of two bytes.", nameof(length));

    /// <summary>Throws for a buffer that does not hold what was measured.</summary>
    [DoesNotReturn]
    internal static void ThrowTooSmall() => throw new ArgumentException("The destination is smaller than the packet.", "destination");
}
