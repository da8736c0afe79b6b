using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Testing.WireLiterals;

/// <summary>Bytes of the wire, written so that a person can check them against the specification.</summary>
/// <remarks>
/// Hexadecimal digits in pairs, blanks ignored; 'text' is a string with its length of two bytes in front; "text" is the bare bytes; [ ... ]
/// is whatever is inside with its length as a Variable Byte Integer in front, and may be nested. So a CONNECT of MQTT 5.0 with a Receive
/// Maximum of 20 is <c>10 [ 'MQTT' 05 02 003C [ 21 0014 ] 'id' ]</c>.
/// </remarks>
public static class WireLiteral
{
    /// <summary>Bytes of a literal.</summary>
    /// <exception cref="FormatException">The literal is not well formed.</exception>
    public static byte[] Parse(string literal)
    {
        ArgumentNullException.ThrowIfNull(literal);
        var open = new Stack<List<byte>>();
        var bytes = new List<byte>();
        int i = 0;
        while (i < literal.Length)
        {
            char c = literal[i++];
            switch (c)
            {
                case ' ' or '\n' or '\r':
                    break;
                case '[':
                    open.Push(bytes);
                    bytes = [];
                    break;
                case ']':
                    List<byte> inner = bytes;
                    bytes = open.Pop();
                    AddLength(bytes, inner.Count);
                    bytes.AddRange(inner);
                    break;
                case '\'' or '"':
                    int end = literal.IndexOf(c, i);
                    if (end < 0) throw new FormatException($"No end of the text that begins at {i} of {literal}");
                    AddText(bytes, literal[i..end], hasLength: c == '\'');
                    i = end + 1;
                    break;
                default:
                    bytes.Add(byte.Parse(literal.AsSpan(i - 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                    i++;
                    break;
            }
        }

        return open.Count == 0 ? [.. bytes] : throw new FormatException($"A bracket is not closed in {literal}");
    }

    private static void AddLength(List<byte> bytes, int length)
    {
        Span<byte> encoded = stackalloc byte[VariableByteInteger.MaximumLength];
        bytes.AddRange(encoded[..VariableByteInteger.Write(encoded, length)]);
    }

    private static void AddText(List<byte> bytes, string text, bool hasLength)
    {
        byte[] encoded = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, checked((ushort)encoded.Length));
        if (hasLength) bytes.AddRange(length);
        bytes.AddRange(encoded);
    }
}
