using System.Buffers.Binary;
using System.Text;

namespace Nightjar.Storage.Tests.Mosquitto;

/// <summary>Writes a <c>mosquitto.db</c> of any format, chunk by chunk, right or wrong.</summary>
internal sealed class DatabaseWriter
{
    private readonly int _version;
    private readonly List<byte> _file = [];

    internal DatabaseWriter(int version)
    {
        _version = version;
        _file.AddRange([0x00, 0xB5, 0x00, .. "mosquitto db"u8, 0, 0, 0, 0]);
        _file.AddRange(UInt32((uint)version));
    }

    private bool IsPacked => _version < 5;

    internal byte[] Bytes => [.. _file];

    internal void Chunk(uint kind, byte[] body, uint? length = null)
    {
        _file.AddRange(IsPacked ? UInt16((ushort)kind) : UInt32(kind));
        _file.AddRange(UInt32(length ?? (uint)body.Length));
        _file.AddRange(body);
    }

    internal void Configuration(byte idSize = 8) =>
        Chunk(1, IsPacked ? [1, idSize, .. Int64(99)] : [.. Int64(99), 1, idSize, 0, 0, 0, 0, 0, 0]);

    internal void Message(
        long id, string topic, string payload, byte qos, bool retain = false, string source = "", string user = "", long expires = 0, byte[]? properties = null)
    {
        byte[] payloadBytes = Encoding.UTF8.GetBytes(payload);
        byte flag = retain ? (byte)1 : (byte)0;
        if (IsPacked)
        {
            byte[] from = _version == 4 ? [.. Text(source), .. Text(user), .. UInt16(1883)] : Text(source);
            Chunk(2, [.. Int64(id), .. from, .. UInt16(7), .. UInt16(0), .. Text(topic), qos, flag, .. UInt32((uint)payloadBytes.Length), .. payloadBytes]);
            return;
        }

        byte[] rest = properties is null ? [] : [(byte)properties.Length, .. properties];
        Chunk(2,
            [.. Int64(id), .. Int64(expires), .. UInt32((uint)payloadBytes.Length), .. UInt16(7), .. Length(source), .. Length(user), .. Length(topic), .. UInt16(1883), qos, flag,
                .. Utf8(source), .. Utf8(user), .. Utf8(topic), .. payloadBytes, .. rest]);
    }

    internal void Delivery(string client, long id, ushort packetId, byte qos, byte state, bool outgoing = true, bool retain = false, bool dup = false, byte[]? properties = null)
    {
        byte direction = outgoing ? (byte)1 : (byte)0, retainFlag = retain ? (byte)1 : (byte)0, dupFlag = dup ? (byte)1 : (byte)0;
        byte[] rest = properties is null ? [] : [(byte)properties.Length, .. properties];
        Chunk(3, IsPacked
            ? [.. Text(client), .. Int64(id), .. UInt16(packetId), qos, retainFlag, direction, state, dupFlag]
            : [.. Int64(id), .. UInt16(packetId), .. Length(client), qos, state, (byte)((retainFlag << 4) | dupFlag), direction, .. Utf8(client), .. rest]);
    }

    internal void Retained(long id) => Chunk(4, Int64(id));

    internal void Subscription(string client, string filter, byte options, uint identifier = 0) =>
        Chunk(5, IsPacked
            ? [.. Text(client), .. Text(filter), (byte)(options & 3)]
            : [.. UInt32(identifier), .. Length(client), .. Length(filter), (byte)(options & 3), options, 0, 0, .. Utf8(client), .. Utf8(filter)]);

    /// <param name="client">Client id.</param>
    /// <param name="user">Format 6 only.</param>
    /// <param name="interval">Formats 5 and 6.</param>
    /// <param name="expires">Formats 5 and 6.</param>
    /// <param name="timeSize">Size of the time in formats 3 and 4, which the machine decided.</param>
    internal void Session(string client, string user = "", uint interval = uint.MaxValue, long expires = 0, int timeSize = 8) =>
        Chunk(6, _version switch
        {
            2 => [.. Text(client), .. UInt16(3)],
            3 or 4 => [.. Text(client), .. UInt16(3), .. new byte[timeSize]],
            5 => [.. Int64(expires), .. UInt32(interval), .. UInt16(3), .. Length(client), .. Utf8(client)],
            _ => [.. Int64(expires), .. UInt32(interval), .. UInt16(3), .. Length(client), .. UInt16(1883), .. Length(user), 0, 0, 0, 0, .. Utf8(client), .. Utf8(user)],
        });

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Length(string text) => UInt16((ushort)Encoding.UTF8.GetByteCount(text));

    private static byte[] Text(string text) => [.. Length(text), .. Utf8(text)];

    private static byte[] UInt16(ushort value) => [(byte)(value >> 8), (byte)value];

    private static byte[] UInt32(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Int64(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }
}
