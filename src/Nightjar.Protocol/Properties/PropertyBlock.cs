using System.Buffers.Binary;

namespace Nightjar.Protocol;

/// <summary>Walks property blocks that a reader has already judged: no checks, no failures.</summary>
internal static class PropertyBlock
{
    /// <summary>Bytes of the first property, identifier included.</summary>
    /// <param name="rest">What is left of a judged block; not empty.</param>
    internal static int LengthOfFirst(ReadOnlySpan<byte> rest) => PropertyTable.KindOf(rest[0]) switch
    {
        PropertyKind.Boolean => 2,
        PropertyKind.TwoByteInteger => 3,
        PropertyKind.FourByteInteger => 5,
        PropertyKind.VariableByteInteger => 1 + LengthOfVariable(rest[1..]),
        PropertyKind.Utf8StringPair => LengthOfPair(rest),
        _ => 3 + BinaryPrimitives.ReadUInt16BigEndian(rest[1..]),
    };

    /// <summary>Value of the string or binary property that starts at a place.</summary>
    internal static ReadOnlySpan<byte> ValueAt(ReadOnlySpan<byte> block, int start) =>
        block.Slice(start + 3, BinaryPrimitives.ReadUInt16BigEndian(block[(start + 1)..]));

    private static int LengthOfVariable(ReadOnlySpan<byte> rest)
    {
        VariableByteInteger.TryRead(rest, out _, out int length);
        return length;
    }

    private static int LengthOfPair(ReadOnlySpan<byte> rest)
    {
        int name = 3 + BinaryPrimitives.ReadUInt16BigEndian(rest[1..]);
        return name + 2 + BinaryPrimitives.ReadUInt16BigEndian(rest[name..]);
    }
}
