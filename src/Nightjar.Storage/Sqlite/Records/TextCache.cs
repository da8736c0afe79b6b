using System.Text;

namespace Nightjar.Storage.Sqlite.Records;

/// <summary>Makes one string of bytes that come again and again: the names of publishers. Bounded; not thread-safe.</summary>
internal sealed class TextCache
{
    private const int Size = 1024;
    private readonly string?[] _texts = new string?[Size];
    private readonly byte[]?[] _bytes = new byte[Size][];

    internal string Find(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return "";
        var place = Checksum.Of(bytes) % Size;
        if (_bytes[place] is { } known && bytes.SequenceEqual(known)) return _texts[place]!;
        _bytes[place] = bytes.ToArray();
        return _texts[place] = Encoding.UTF8.GetString(bytes);
    }
}
