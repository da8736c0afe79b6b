using System.Runtime.CompilerServices;
using Nightjar.Broker.Messages;

namespace Nightjar.Broker.Sessions;

/// <summary>A delivery that waits in the store and not in memory.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Size"><see cref="PublishedMessage.Size"/> of its message.</param>
/// <param name="IsShared">Whether it belongs to a shared subscription.</param>
internal readonly record struct WaitingDelivery(long Number, int Size, bool IsShared);

/// <summary>
/// The deliveries of one session that wait in the store alone, behind those of its <see cref="MessageQueue"/>: 16 bytes each, so that limits hold, the
/// oldest can be dropped by name and a page is known to be complete without asking the store.
/// </summary>
/// <remarks>Not thread-safe: the session's gate guards it. A circular array as the queue's.</remarks>
internal sealed class MessageBacklog
{
    private const int LeastCapacity = 16;
    private readonly MemoryAccount _memory;
    private WaitingDelivery[] _items = new WaitingDelivery[LeastCapacity];
    private int _head;

    /// <summary>Makes an empty one.</summary>
    /// <param name="memory">What one that grows takes is counted here, until the last delivery has left it.</param>
    internal MessageBacklog(MemoryAccount memory) => _memory = memory;

    internal int Count { get; private set; }

    /// <summary>Sum of the sizes.</summary>
    internal long Bytes { get; private set; }

    /// <summary>How many belong to shared subscriptions.</summary>
    internal int SharedCount { get; private set; }

    /// <summary>The oldest; only while <see cref="Count"/> is above 0.</summary>
    internal ref readonly WaitingDelivery First => ref _items[_head];

    /// <summary>Adds the newest.</summary>
    internal void Enqueue(in WaitingDelivery delivery)
    {
        if (Count == _items.Length) Resize(_items.Length * 2);
        _items[(_head + Count) & (_items.Length - 1)] = delivery;
        Add(delivery, 1);
    }

    /// <summary>Adds one that is older than all.</summary>
    internal void EnqueueFirst(in WaitingDelivery delivery)
    {
        if (Count == _items.Length) Resize(_items.Length * 2);
        _head = (_head - 1) & (_items.Length - 1);
        _items[_head] = delivery;
        Add(delivery, 1);
    }

    /// <summary>Takes the oldest.</summary>
    internal WaitingDelivery Dequeue()
    {
        var delivery = _items[_head];
        _head = (_head + 1) & (_items.Length - 1);
        Add(delivery, -1);
        if (Count == 0 && _items.Length > LeastCapacity) Resize(LeastCapacity);
        return delivery;
    }

    /// <summary>Lets go of all of it.</summary>
    internal void Release()
    {
        Count = 0;
        Bytes = 0;
        SharedCount = 0;
        Resize(LeastCapacity);
    }

    private void Add(in WaitingDelivery delivery, int sign)
    {
        Count += sign;
        Bytes += sign * delivery.Size;
        if (delivery.IsShared) SharedCount += sign;
    }

    private void Resize(int size)
    {
        _memory.Add((long)(size - _items.Length) * Unsafe.SizeOf<WaitingDelivery>());
        var items = new WaitingDelivery[size];
        for (var i = 0; i < Count; i++) items[i] = _items[(_head + i) & (_items.Length - 1)];
        _items = items;
        _head = 0;
    }
}
