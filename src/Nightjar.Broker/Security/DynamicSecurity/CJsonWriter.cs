using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>
/// Writes JSON as cJSON prints it, to the byte: what Mosquitto writes and what its users compare. Formatted: one key a line, indented by tabs, a tab behind the colon,
/// objects of an array on the line of its bracket. Unformatted: no white space. Only <c>"</c>, <c>\</c> and control characters are escaped.
/// </summary>
/// <remarks>Writes to a buffer of its own; with a sink it hands over as soon as 64 KiB are there, so that a file of any length takes no more.</remarks>
internal sealed class CJsonWriter(bool isFormatted, Stream? sink = null)
{
    private const int FlushAt = 64 * 1024;
    private const int MaximumDepth = 16;
    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        "\"\\\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000A\u000B\u000C\u000D\u000E\u000F\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F");

    private readonly bool[] _hasItems = new bool[MaximumDepth + 1];
    private byte[] _buffer = new byte[1024];
    private int _length;
    private int _depth;
    private uint _isArray;
    private bool _isAfterKey;

    /// <summary>What is in the buffer.</summary>
    internal ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>Bytes in the buffer.</summary>
    internal int Length => _length;

    internal void BeginObject()
    {
        Separate();
        Add((byte)'{');
        if (isFormatted) Add((byte)'\n');
        _hasItems[++_depth] = false;
    }

    internal void BeginObject(ReadOnlySpan<byte> key)
    {
        Key(key);
        BeginObject();
    }

    internal void EndObject()
    {
        var hadItems = _hasItems[_depth--];
        if (isFormatted)
        {
            if (hadItems) Add((byte)'\n');
            Indent();
        }

        Add((byte)'}');
        HandOver();
    }

    internal void BeginArray(ReadOnlySpan<byte> key)
    {
        Key(key);
        Add((byte)'[');
        _isAfterKey = false;
        _hasItems[++_depth] = false;
        _isArray |= 1u << _depth;
    }

    internal void EndArray()
    {
        _isArray &= ~(1u << _depth);
        _depth--;
        Add((byte)']');
    }

    /// <summary>An item of an array.</summary>
    internal void Item(string value)
    {
        Separate();
        Text(value);
    }

    internal void String(ReadOnlySpan<byte> key, string value)
    {
        Key(key);
        Text(value);
        _isAfterKey = false;
    }

    /// <summary>Text that needs no escapes.</summary>
    internal void Plain(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Key(key);
        Add((byte)'"');
        Add(value);
        Add((byte)'"');
        _isAfterKey = false;
    }

    internal void Number(ReadOnlySpan<byte> key, long value)
    {
        Key(key);
        var space = Space(20);
        Utf8Formatter.TryFormat(value, space, out var written);
        _length += written;
        _isAfterKey = false;
    }

    /// <summary>Bytes as base64.</summary>
    internal void Base64(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Key(key);
        Add((byte)'"');
        Encode(value);
        Add((byte)'"');
        _isAfterKey = false;
    }

    /// <summary><c>$PREFIX$NUMBER$SALT$HASH</c>, without a text being made of it first: a file has many.</summary>
    internal void Hash(ReadOnlySpan<byte> key, ReadOnlySpan<byte> prefix, int number, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> hash)
    {
        Key(key);
        Add((byte)'"');
        Add(prefix);
        Utf8Formatter.TryFormat(number, Space(11), out var written);
        _length += written;
        Add((byte)'$');
        Encode(salt);
        Add((byte)'$');
        Encode(hash);
        Add((byte)'"');
        _isAfterKey = false;
    }

    internal void Bool(ReadOnlySpan<byte> key, bool value)
    {
        Key(key);
        Add(value ? "true"u8 : "false"u8);
        _isAfterKey = false;
    }

    /// <summary>Where the writer is, for <see cref="TakeBack"/>.</summary>
    internal (int Length, int Depth, bool HasItems) Mark() => (_length, _depth, _hasItems[_depth]);

    /// <summary>Forgets what was written since a mark. Not with a sink.</summary>
    internal void TakeBack((int Length, int Depth, bool HasItems) mark)
    {
        (_length, _depth) = (mark.Length, mark.Depth);
        _hasItems[_depth] = mark.HasItems;
        _isAfterKey = false;
        _isArray &= (1u << (_depth + 1)) - 1;
    }

    /// <summary>Hands what is left in the buffer to the sink.</summary>
    internal void Flush()
    {
        if (sink is null || _length == 0) return;
        sink.Write(_buffer, 0, _length);
        _length = 0;
    }

    private void Key(ReadOnlySpan<byte> key)
    {
        if (_hasItems[_depth]) Add((byte)',');
        if (isFormatted)
        {
            if (_hasItems[_depth]) Add((byte)'\n');
            Indent();
        }

        _hasItems[_depth] = true;
        Add((byte)'"');
        Add(key);
        Add(isFormatted ? "\":\t"u8 : "\":"u8);
        _isAfterKey = true;
    }

    // Before an item of an array; a value behind a key is separated already.
    private void Separate()
    {
        if (_isAfterKey)
        {
            _isAfterKey = false;
            return;
        }

        if ((_isArray & (1u << _depth)) == 0) return;
        if (_hasItems[_depth]) Add(isFormatted ? ", "u8 : ","u8);
        _hasItems[_depth] = true;
    }

    private void Text(string value)
    {
        Add((byte)'"');
        var rest = value.AsSpan();
        while (true)
        {
            var plain = rest.IndexOfAny(Escaped);
            var part = plain < 0 ? rest : rest[..plain];
            _length += Encoding.UTF8.GetBytes(part, Space(Encoding.UTF8.GetMaxByteCount(part.Length)));
            if (plain < 0) break;
            Escape(rest[plain]);
            rest = rest[(plain + 1)..];
        }

        Add((byte)'"');
    }

    private void Escape(char character)
    {
        switch (character)
        {
            case '"': Add("\\\""u8); break;
            case '\\': Add("\\\\"u8); break;
            case '\b': Add("\\b"u8); break;
            case '\f': Add("\\f"u8); break;
            case '\n': Add("\\n"u8); break;
            case '\r': Add("\\r"u8); break;
            case '\t': Add("\\t"u8); break;
            default:
                Add("\\u00"u8);
                Add((byte)(character >> 4 == 0 ? '0' : '1'));
                Add("0123456789abcdef"u8[character & 0xF]);
                break;
        }
    }

    private void Encode(ReadOnlySpan<byte> bytes)
    {
        System.Buffers.Text.Base64.EncodeToUtf8(bytes, Space(System.Buffers.Text.Base64.GetMaxEncodedToUtf8Length(bytes.Length)), out _, out var written);
        _length += written;
    }

    private void Indent()
    {
        Space(_depth)[.._depth].Fill((byte)'\t');
        _length += _depth;
    }

    private void Add(byte value)
    {
        Space(1)[0] = value;
        _length++;
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Space(bytes.Length));
        _length += bytes.Length;
    }

    private Span<byte> Space(int needed)
    {
        if (_buffer.Length - _length < needed) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + needed));
        return _buffer.AsSpan(_length);
    }

    private void HandOver()
    {
        if (sink is not null && _length >= FlushAt) Flush();
    }
}
