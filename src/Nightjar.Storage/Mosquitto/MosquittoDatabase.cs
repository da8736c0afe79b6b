using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Nightjar.Storage.Mosquitto;

/// <summary>
/// A <c>mosquitto.db</c>, formats 2 to 6: a header, then chunks until the end. Everything but the messages is read at once; of a message
/// only the place is kept.
/// </summary>
/// <remarks>
/// <code>
/// file    magic (15 bytes)  checksum (4, zero)  format (4)
/// chunk   2-4: kind (2)  length (4)        5-6: kind (4)  length (4)
/// kinds   1 configuration  2 message  3 delivery  4 retained  5 subscription  6 session
/// </code>
/// Numbers are big-endian; ids and, from format 5 on, times are as the machine had them. A declared length is compared with what is left of
/// the file before anything is made of it.
/// </remarks>
internal sealed class MosquittoDatabase : MosquittoFile
{
    private const int HeaderLength = 23;

    // MQTT allows 256 MiB a packet; a chunk holds one message with names around it.
    private const int MaximumChunkLength = (256 << 20) + (1 << 20);
    private readonly SafeFileHandle _handle;
    private readonly long _length;
    private readonly Dictionary<long, (long Offset, int Length)> _messages = [];
    private byte[] _buffer = new byte[4096];
    private ChunkLayout _layout;

    private MosquittoDatabase(string path, TimeProvider time)
        : base(path, time)
    {
        _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        _length = RandomAccess.GetLength(_handle);
    }

    /// <summary>The first bytes of every such file.</summary>
    internal static ReadOnlySpan<byte> Magic =>
        [0x00, 0xB5, 0x00, (byte)'m', (byte)'o', (byte)'s', (byte)'q', (byte)'u', (byte)'i', (byte)'t', (byte)'t', (byte)'o', (byte)' ', (byte)'d', (byte)'b'];

    public override int Count => _messages.Count;

    internal override string Format => $"mosquitto.db, format {_layout.Version}";

    /// <summary>Opens a file and reads everything but the messages, which it checks.</summary>
    /// <exception cref="StoreFileException">It is damaged; the message says where.</exception>
    internal static new MosquittoDatabase Open(string path, TimeProvider time)
    {
        var database = new MosquittoDatabase(path, time);
        try
        {
            database.ReadAll();
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    public override bool Contains(long id) => _messages.ContainsKey(id);

    public override MosquittoMessage Read(long id)
    {
        var (offset, length) = _messages[id];
        return _layout.Message(new ChunkReader(Path, offset, Fill(offset, length)));
    }

    public override void Dispose() => _handle.Dispose();

    private void ReadAll()
    {
        ReadHeader();
        long offset = HeaderLength;
        while (offset < _length)
        {
            var header = Fill(offset, Math.Min(_layout.HeaderLength, _length - offset));
            if (header.Length < _layout.HeaderLength) throw Damage(offset, $"the file ends inside a chunk's header, {header.Length} of {_layout.HeaderLength} bytes are there.");
            var kind = _layout.Version < 5 ? BinaryPrimitives.ReadUInt16BigEndian(header) : BinaryPrimitives.ReadUInt32BigEndian(header);
            var length = BinaryPrimitives.ReadUInt32BigEndian(header[^4..]);
            var body = offset + _layout.HeaderLength;
            if (length > _length - body) throw Damage(offset, $"a chunk of kind {kind} says it has {length} bytes, and {_length - body} are left: the file is cut off, or damaged here.");
            if (length > MaximumChunkLength) throw Damage(offset, $"a chunk of kind {kind} says it has {length} bytes; no message is that long.");
            Take(kind, body, (int)length, offset);
            offset = body + length;
        }
    }

    private void ReadHeader()
    {
        var header = Fill(0, Math.Min(HeaderLength, _length));
        if (header.Length < HeaderLength) throw Damage(0, $"a mosquitto.db begins with {HeaderLength} bytes, and the file has {header.Length}.");
        if (!header.StartsWith(Magic)) throw Damage(0, "this is no mosquitto.db.");
        var version = BinaryPrimitives.ReadUInt32BigEndian(header[19..]);
        if (version is < 2 or > 6) throw Damage(19, $"format {version} is not known, 2 to 6 are.");
        _layout = new ChunkLayout((int)version);
    }

    private void Take(uint kind, long offset, int length, long at)
    {
        var chunk = new ChunkReader(Path, offset, Fill(offset, length));
        switch (kind)
        {
            case 1:
                _layout.CheckConfiguration(chunk);
                break;
            case 2:
                // Read for the check, and forgotten: only its place is kept.
                var id = _layout.Message(chunk).Id;
                if (!_messages.TryAdd(id, (offset, length))) Content.Remark($"byte {at}: there are two messages of id {id}; the first one counts.");
                break;
            case 3:
                var (receiver, isIncoming, delivery) = _layout.Delivery(chunk);
                var session = Content.SessionOf(receiver);
                (isIncoming ? session.Incoming : session.Outgoing).Add(delivery);
                break;
            case 4:
                Content.Retained.Add(chunk.Int64());
                break;
            case 5:
                var (subscriber, subscription) = _layout.Subscription(chunk);
                Content.SessionOf(subscriber).Subscriptions.Add(subscription);
                break;
            case 6:
                _layout.ReadSession(chunk, Content);
                break;
            default:
                Content.Remark($"byte {at}: a chunk of kind {kind}, which no known version of Mosquitto writes, is left out.");
                break;
        }
    }

    private Span<byte> Fill(long offset, long length)
    {
        // The caller has compared the length with the file's; growing by doubling keeps a file of rising chunks from being copied often.
        if (_buffer.Length < length) _buffer = new byte[Math.Min(Math.Max(length, _buffer.Length * 2L), Array.MaxLength)];
        var filled = 0;
        while (filled < length)
        {
            var read = RandomAccess.Read(_handle, _buffer.AsSpan(filled, (int)length - filled), offset + filled);
            if (read == 0) throw Damage(offset + filled, "the file became shorter while it was read.");
            filled += read;
        }

        return _buffer.AsSpan(0, filled);
    }

    private StoreFileException Damage(long offset, string what) => StoreFileException.At(Path, offset, what);
}
