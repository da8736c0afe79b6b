using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Unicode;

namespace Nightjar.Protocol;

/// <summary>Rules of UTF-8 Encoded Strings (§1.5.4).</summary>
/// <remarks>
/// Nearly all text on the wire is short ASCII, so the first pass looks only for what would make it anything else: a byte with the top bit,
/// a zero, and for topics a wildcard. It reads sixteen bytes at a time with an overlapping last step, and leaves the rest to the general
/// check, which is vectorised as well.
/// </remarks>
public static class Utf8Text
{
    /// <summary>Says whether text is well formed: no overlong form, no surrogate, nothing above U+10FFFF [MQTT-1.5.4-1], no U+0000
    /// [MQTT-1.5.4-2]. A byte order mark is a character like any other [MQTT-1.5.4-3].</summary>
    /// <param name="text">Any length; empty text is valid.</param>
    /// <remarks>Linear, does not throw or allocate.</remarks>
    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        ref byte start = ref MemoryMarshal.GetReference(text);
        if (text.Length >= Vector128<byte>.Count) return IsPlainLong(ref start, text.Length) || IsValidSlow(text);
        for (int i = 0; i < text.Length; i++)
        {
            if ((sbyte)text[i] <= 0) return IsValidSlow(text);
        }

        return true;
    }

    /// <summary>Says whether text is a valid string without the wildcards + and #.</summary>
    internal static bool IsValidWithoutWildcards(ReadOnlySpan<byte> text)
    {
        ref byte start = ref MemoryMarshal.GetReference(text);
        nuint length = (nuint)text.Length;
        if (length >= (nuint)Vector128<byte>.Count)
        {
            nuint last = length - (nuint)Vector128<byte>.Count;
            nuint i = 0;
            do
            {
                if (HasSpecial(Vector128.LoadUnsafe(ref start, i))) return IsValidWithoutWildcardsSlow(text);
                i += (nuint)Vector128<byte>.Count;
            }
            while (i < last);

            return !HasSpecial(Vector128.LoadUnsafe(ref start, last)) || IsValidWithoutWildcardsSlow(text);
        }

        if (length >= sizeof(ulong))
        {
            Vector128<byte> both = Vector128.Create(
                Unsafe.ReadUnaligned<ulong>(ref start),
                Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, length - sizeof(ulong)))).AsByte();
            return !HasSpecial(both) || IsValidWithoutWildcardsSlow(text);
        }

        foreach (byte b in text)
        {
            if ((sbyte)b <= 0 || b is (byte)'+' or (byte)'#') return IsValidWithoutWildcardsSlow(text);
        }

        return true;
    }

    /// <summary>Names the statement that invalid text breaks.</summary>
    internal static string BrokenRule(ReadOnlySpan<byte> text) => Utf8.IsValid(text) ? Rule.Utf8NoNull : Rule.Utf8WellFormed;

    private static bool IsPlainLong(ref byte start, int length)
    {
        nuint last = (nuint)(length - Vector128<byte>.Count);
        nuint i = 0;
        do
        {
            if (Vector128.LessThanOrEqualAny(Vector128.LoadUnsafe(ref start, i).AsSByte(), Vector128<sbyte>.Zero)) return false;
            i += (nuint)Vector128<byte>.Count;
        }
        while (i < last);

        return !Vector128.LessThanOrEqualAny(Vector128.LoadUnsafe(ref start, last).AsSByte(), Vector128<sbyte>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool HasSpecial(Vector128<byte> bytes)
    {
        Vector128<byte> found = Vector128.LessThanOrEqual(bytes.AsSByte(), Vector128<sbyte>.Zero).AsByte()
            | Vector128.Equals(bytes, Vector128.Create((byte)'+'))
            | Vector128.Equals(bytes, Vector128.Create((byte)'#'));
        return found != Vector128<byte>.Zero;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsValidSlow(ReadOnlySpan<byte> text) => !text.Contains((byte)0) && Utf8.IsValid(text);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsValidWithoutWildcardsSlow(ReadOnlySpan<byte> text) =>
        !text.ContainsAny((byte)0, (byte)'+', (byte)'#') && Utf8.IsValid(text);
}
