using System.Buffers.Binary;
using System.Text;

namespace Nightjar.Storage.Mosquitto;

/// <summary>Reads the fields of one chunk of a <c>mosquitto.db</c>; a field beyond the chunk's end is damage, with its place in the file.</summary>
internal ref struct ChunkReader
{
    private readonly string _file;
    private readonly long _offset;
    private readonly ReadOnlySpan<byte> _chunk;
    private int _position;

    /// <param name="file">For messages.</param>
    /// <param name="offset">Of the chunk's body in the file.</param>
    /// <param name="chunk">The body, without its header.</param>
    internal ChunkReader(string file, long offset, ReadOnlySpan<byte> chunk)
    {
        _file = file;
        _offset = offset;
        _chunk = chunk;
    }

    internal readonly int Left => _chunk.Length - _position;

    internal readonly long Offset => _offset + _position;

    internal byte Byte() => Bytes(1, "a byte")[0];

    internal ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Bytes(2, "a number"));

    internal uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Bytes(4, "a number"));

    /// <summary>Ids and times are in the byte order of the machine that wrote them, which on all but a few was this.</summary>
    internal long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Bytes(8, "a number"));

    internal void Skip(int count) => Bytes(count, "padding");

    /// <summary>The next bytes.</summary>
    internal ReadOnlySpan<byte> Bytes(long count, string what)
    {
        if (count > Left) throw Fail($"{what} of {count} bytes does not fit into its chunk, of which {Left} bytes are left.");
        var bytes = _chunk.Slice(_position, (int)count);
        _position += (int)count;
        return bytes;
    }

    /// <summary>Text of a length known before; null when empty.</summary>
    internal string? Text(int length, string what)
    {
        var start = Offset;
        var bytes = Bytes(length, what);
        if (length == 0) return null;
        return Nightjar.Protocol.Utf8Text.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw StoreFileException.At(_file, start, $"{what} is not valid UTF-8.");
    }

    /// <summary>Text behind its length in two bytes; null when empty.</summary>
    internal string? Text(string what) => Text(UInt16(), what);

    internal readonly StoreFileException Fail(string what) => StoreFileException.At(_file, Offset, what);
}
