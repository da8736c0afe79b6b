using System.Runtime.InteropServices;

namespace Nightjar.Storage.Sqlite.Log;

/// <summary>What every record begins with. The bytes after it depend on the kind.</summary>
/// <remarks>
/// <code>
/// Append                                 extra, then the message; without one: that of the last Append before it in the stripe that has one
/// Save                                   session value
/// AddSubscription, RemoveSubscription    topic filter as extra
/// SetWill                                message
/// SetRetained                            topic name as extra, then the message without it
/// ClearRetained                          topic name as extra
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct RecordHeader
{
    /// <summary>Flag of an Append whose delivery is over.</summary>
    internal const byte Over = 1;

    /// <summary>Bytes of the record with its header; a multiple of eight.</summary>
    internal int Length;

    internal RecordKind Kind;

    /// <summary>AddSubscription: the options. Append: <see cref="Over"/> or 0.</summary>
    internal byte Flags;

    internal ushort PacketId;

    /// <summary>Place in the order of all records, and the ticket of the call.</summary>
    internal long Ticket;

    /// <summary>Key of the session.</summary>
    internal long Session;

    /// <summary>Number of the delivery; of a session, when it was disconnected; of a will, its delay.</summary>
    internal long Number;

    /// <summary>Append: the <see cref="Records.DeliveryMark"/>. Save: the expiry interval. SetWill: its expiry interval, -1 for none. AddSubscription: the subscription identifier.</summary>
    internal long Value;

    internal int ExtraLength;

    internal int BodyLength;

    /// <summary>Append: bytes of topic name, properties and payload.</summary>
    internal int Size;

    internal static unsafe byte* Extra(RecordHeader* header) => (byte*)(header + 1);

    internal static unsafe byte* Body(RecordHeader* header) => (byte*)(header + 1) + header->ExtraLength;
}
