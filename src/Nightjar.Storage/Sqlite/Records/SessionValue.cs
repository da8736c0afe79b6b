using System.Buffers.Binary;
using System.Text;
using Nightjar.Broker.Persistence;

namespace Nightjar.Storage.Sqlite.Records;

/// <summary>The texts of a session in a record of the log, for the writer to bind as columns.</summary>
/// <remarks>
/// <code>
/// lengths (4 each) of client id, user name, security domain, network address; -1: has none
/// their bytes in this order
/// </code>
/// </remarks>
internal static class SessionValue
{
    private const int Lengths = 4 * sizeof(int);

    /// <summary>In place of <see cref="SessionRecord.DisconnectedAt"/> for a session with a connection.</summary>
    internal const long Connected = long.MinValue;

    internal static int SizeOf(in SessionRecord session) => Lengths
        + Encoding.UTF8.GetByteCount(session.ClientId)
        + (session.UserName is { } userName ? Encoding.UTF8.GetByteCount(userName) : 0)
        + Encoding.UTF8.GetByteCount(session.SecurityDomain)
        + (session.Address is { } address ? AddressCodec.SizeOf(address) : 0);

    internal static void Write(in SessionRecord session, Span<byte> destination)
    {
        var rest = destination[Lengths..];
        WriteText(destination, ref rest, session.ClientId);
        WriteText(destination[4..], ref rest, session.UserName);
        WriteText(destination[8..], ref rest, session.SecurityDomain);
        BinaryPrimitives.WriteInt32LittleEndian(destination[12..], session.Address is { } address ? AddressCodec.Write(address, rest) : -1);
    }

    /// <summary>One of the four.</summary>
    /// <param name="value">The whole value.</param>
    /// <param name="index">0 to 3.</param>
    /// <param name="length">Its length; -1 when there is none.</param>
    internal static unsafe byte* Part(byte* value, int index, out int length)
    {
        var lengths = (int*)value;
        var bytes = value + Lengths;
        for (var before = 0; before < index; before++) bytes += Math.Max(0, lengths[before]);
        length = lengths[index];
        return length < 0 ? null : bytes;
    }

    private static void WriteText(Span<byte> length, ref Span<byte> destination, string? text)
    {
        var count = text is null ? -1 : Encoding.UTF8.GetBytes(text, destination);
        BinaryPrimitives.WriteInt32LittleEndian(length, count);
        if (count > 0) destination = destination[count..];
    }
}
