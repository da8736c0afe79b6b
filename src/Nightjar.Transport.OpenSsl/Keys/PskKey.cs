using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Nightjar.Transport.OpenSsl.Keys;

/// <summary>A pre-shared key. Immutable; prints nothing of itself.</summary>
public sealed class PskKey
{
    /// <summary>Most bytes of a key (OpenSSL's PSK_MAX_PSK_LEN).</summary>
    public const int MaximumLength = 512;

    private readonly byte[] _bytes;

    /// <summary>Makes a key of bytes.</summary>
    /// <param name="bytes">1 to 512 bytes; copied.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are none, or too many.</exception>
    public PskKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is 0 or > MaximumLength)
            throw new ArgumentOutOfRangeException(nameof(bytes), $"A pre-shared key has 1 to {MaximumLength} bytes.");
        _bytes = bytes.ToArray();
    }

    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Reads a key as Mosquitto does.</summary>
    /// <param name="hex">Hexadecimal digits, most significant first. Leading pairs of zeros are bytes of the key. What follows them is a
    /// number: with an odd count of digits the first one is a byte of its own, and none when it is zero (<c>abc</c> and <c>0abc</c> are
    /// the same two bytes).</param>
    /// <param name="key">The key.</param>
    /// <returns>False: there is a character that is no digit, or the key would have no byte or more than 512.</returns>
    public static bool TryParse(ReadOnlySpan<char> hex, [NotNullWhen(true)] out PskKey? key)
    {
        key = null;
        if (hex.Length > (2 * MaximumLength) + 1)
            return false;
        int zeros = 0;
        while (hex[(2 * zeros)..].StartsWith("00", StringComparison.Ordinal))
            zeros++;
        ReadOnlySpan<char> number = hex[(2 * zeros)..];
        if ((number.Length & 1) != 0 && number[0] == '0')
            number = number[1..];
        Span<byte> bytes = stackalloc byte[MaximumLength + 1];
        bytes[..zeros].Clear();
        int length = zeros;
        if (!TryDecode(number, bytes[zeros..], ref length) || length is 0 or > MaximumLength)
            return false;
        key = new PskKey(bytes[..length]);
        CryptographicOperations.ZeroMemory(bytes);
        return true;
    }

    private static bool TryDecode(ReadOnlySpan<char> number, Span<byte> bytes, ref int length)
    {
        int odd = number.Length & 1;
        if (odd != 0)
        {
            if (!char.IsAsciiHexDigit(number[0]))
                return false;
            bytes[0] = (byte)Convert.ToInt32(number[..1].ToString(), 16);
        }
        length += odd + (number.Length / 2);
        return Convert.FromHexString(number[odd..], bytes[odd..], out _, out _) == System.Buffers.OperationStatus.Done;
    }
}
