using Nightjar.Broker.Persistence;
using Nightjar.Storage.Sqlite.Log;
using Nightjar.Storage.Sqlite.Records;

namespace Nightjar.Storage.Sqlite.Writing;

/// <summary>A message of a batch. Its row is the first of the batch plus its index.</summary>
internal unsafe struct PendingMessage
{
    internal byte* Body;
    internal int Length;

    /// <summary>Deliveries of the batch that need it; without any it is not written.</summary>
    internal int Deliveries;
}

/// <summary>A delivery that a batch adds. Its row is the first of the batch plus its index.</summary>
internal unsafe struct PendingDelivery
{
    internal long Session;
    internal long Number;
    internal DeliveryMark Mark;
    internal byte* Extra;
    internal int ExtraLength;
    internal int Size;

    /// <summary>Index of its message; -1 when that is no longer needed.</summary>
    internal int Message;

    /// <summary>It came and went in the batch: it is not written.</summary>
    internal bool IsOver;
}

/// <summary>A delivery of an earlier batch that is in another state now.</summary>
internal struct PendingChange
{
    internal long Row;
    internal long Message;
    internal DeliveryState State;
    internal ushort PacketId;
    internal bool IsOver;
}

/// <summary>A change of anything but messages and deliveries; made in the order of the calls.</summary>
internal unsafe struct PendingOperation
{
    internal RecordHeader* Record;

    /// <summary>Save: see <see cref="DeliveryQueue.Since"/>.</summary>
    internal long Since;

    /// <summary>A later one of the batch says what holds.</summary>
    internal bool IsOver;
}
