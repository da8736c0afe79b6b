using System.Runtime.CompilerServices;

namespace Nightjar.Protocol;

/// <summary>Variable Byte Integer (§1.5.5): seven bits a byte, lowest first, the top bit says that another byte follows.</summary>
public static class VariableByteInteger
{
    /// <summary>Largest value that four bytes hold.</summary>
    public const int MaximumValue = 268_435_455;

    /// <summary>Bytes of the longest encoding.</summary>
    public const int MaximumLength = 4;

    /// <summary>Bytes that a value takes.</summary>
    /// <param name="value">0 to 268 435 455.</param>
    /// <returns>1 to 4.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The value does not fit.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int GetLength(int value) => (uint)value < 0x80 ? 1 : GetLengthSlow(value);

    /// <summary>Writes the shortest encoding [MQTT-1.5.5-1].</summary>
    /// <param name="destination">At least <see cref="GetLength"/> bytes.</param>
    /// <param name="value">0 to 268 435 455.</param>
    /// <returns>Bytes written, 1 to 4.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(Span<byte> destination, int value)
    {
        if ((uint)value >= 0x80) return WriteSlow(destination, value);
        destination[0] = (byte)value;
        return 1;
    }

    /// <summary>Reads one Variable Byte Integer.</summary>
    /// <param name="source">Unread bytes; at most the first four are examined.</param>
    /// <param name="value">Decoded value, 0 to 268 435 455; 0 unless complete.</param>
    /// <param name="length">Bytes it took, 1 to 4; 0 unless complete.</param>
    /// <returns>NeedMoreData when every byte there continues and there are fewer than four; Invalid when a fifth byte would be needed or
    /// the encoding is not the shortest [MQTT-1.5.5-1].</returns>
    /// <remarks>Does not throw or allocate.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReadStatus TryRead(ReadOnlySpan<byte> source, out int value, out int length)
    {
        if (!source.IsEmpty && source[0] < 0x80)
        {
            value = source[0];
            length = 1;
            return ReadStatus.Complete;
        }

        return TryReadSlow(source, out value, out length);
    }

    private static int GetLengthSlow(int value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)value, (uint)MaximumValue, nameof(value));
        return value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
    }

    private static int WriteSlow(Span<byte> destination, int value)
    {
        int length = GetLengthSlow(value);
        for (int i = 0; i < length - 1; i++)
        {
            destination[i] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[length - 1] = (byte)value;
        return length;
    }

    private static ReadStatus TryReadSlow(ReadOnlySpan<byte> source, out int value, out int length)
    {
        int result = 0;
        int available = Math.Min(source.Length, MaximumLength);
        for (int i = 0; i < available; i++)
        {
            int digit = source[i];
            result |= (digit & 0x7F) << (7 * i);
            if (digit >= 0x80) continue;

            bool minimal = digit != 0 || i == 0;
            value = minimal ? result : 0;
            length = minimal ? i + 1 : 0;
            return minimal ? ReadStatus.Complete : ReadStatus.Invalid;
        }

        value = 0;
        length = 0;
        return available == MaximumLength ? ReadStatus.Invalid : ReadStatus.NeedMoreData;
    }
}
