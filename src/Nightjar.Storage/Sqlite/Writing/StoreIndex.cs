using System.Runtime.InteropServices;

namespace Nightjar.Storage.Sqlite.Writing;

/// <summary>What the writer knows of the file without looking: sessions with their deliveries, which messages have several, the newest rows.</summary>
/// <remarks>
/// A message that is in no table of counts has one delivery, which is the common case and costs nothing here. The writer's thread only.
/// </remarks>
internal sealed class StoreIndex
{
    private readonly Dictionary<long, int> _shared = [];

    /// <summary>Sessions by key.</summary>
    internal Dictionary<long, DeliveryQueue> Sessions { get; } = [];

    /// <summary>Deliveries of sessions that were dropped, which are deleted little by little.</summary>
    internal Queue<QueueEntry[]> Dropped { get; } = [];

    internal long LastDelivery { get; set; }

    internal long LastMessage { get; set; }

    /// <summary>Notes that a message has several deliveries.</summary>
    internal void Share(long message, int deliveries) => _shared[message] = deliveries;

    /// <summary>A delivery no longer needs its message.</summary>
    /// <returns>True when it was the last, so that the message goes.</returns>
    internal bool Release(long message)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_shared, message);
        if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref count)) return true;
        if (--count == 1) _shared.Remove(message);
        return false;
    }
}
