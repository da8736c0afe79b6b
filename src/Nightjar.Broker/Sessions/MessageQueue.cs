using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Subscriptions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Sessions;

/// <summary>A message on its way to one session, with everything that is settled about its delivery.</summary>
internal struct Delivery
{
    internal PublishedMessage Message;

    /// <summary>The shared subscription it was chosen for; null otherwise.</summary>
    internal SharedGroup? Group;

    /// <summary>Identifiers of all matching subscriptions when one copy stands for several; null otherwise.</summary>
    internal uint[]? SubscriptionIdentifiers;

    /// <summary>Identifier of the matching subscription; 0 for none.</summary>
    internal uint SubscriptionIdentifier;

    internal QualityOfService QoS;
    internal bool Retain;

    /// <summary>Counts the session's deliveries: its place in the order, and its name in a store.</summary>
    internal long Number;

    /// <summary>Where the store has it, while it is new there.</summary>
    internal StorePlace Place;
}

/// <summary>The messages waiting for one session, first in first out: a circular array that grows with what is in it and is let go when empty.</summary>
/// <remarks>Not thread-safe: the session's gate guards it. Limits are the session's business.</remarks>
internal sealed class MessageQueue
{
    private const int KeptCapacity = 64;
    private const int LeastCapacity = 8;
    private readonly MemoryAccount _memory;
    private Delivery[] _items = new Delivery[LeastCapacity];
    private int _head;

    /// <summary>Makes an empty queue.</summary>
    /// <param name="memory">What a queue that grows takes is counted here, until the last message has left it.</param>
    internal MessageQueue(MemoryAccount memory) => _memory = memory;

    internal int Count { get; private set; }

    /// <summary>Sum of <see cref="PublishedMessage.Size"/>.</summary>
    internal long Bytes { get; private set; }

    internal void Enqueue(in Delivery delivery)
    {
        if (Count == _items.Length) Resize(_items.Length * 2);
        _items[(_head + Count) & (_items.Length - 1)] = delivery;
        Count++;
        Bytes += delivery.Message.Size;
    }

    /// <summary>The oldest; only while <see cref="Count"/> is above 0.</summary>
    internal ref Delivery Peek() => ref _items[_head];

    internal Delivery Dequeue()
    {
        var delivery = _items[_head];
        _items[_head] = default;
        _head = (_head + 1) & (_items.Length - 1);
        Bytes -= delivery.Message.Size;
        if (--Count == 0 && _items.Length > KeptCapacity)
        {
            Resize(LeastCapacity);
        }

        return delivery;
    }

    /// <summary>Takes the newest; only while <see cref="Count"/> is above 0.</summary>
    internal Delivery DequeueLast()
    {
        ref var last = ref _items[(_head + --Count) & (_items.Length - 1)];
        var delivery = last;
        last = default;
        Bytes -= delivery.Message.Size;
        return delivery;
    }

    /// <summary>The empty queue is let go.</summary>
    internal void Release() => Resize(LeastCapacity);

    private void Resize(int size)
    {
        _memory.Add((long)(size - _items.Length) * System.Runtime.CompilerServices.Unsafe.SizeOf<Delivery>());
        var items = new Delivery[size];
        for (var i = 0; i < Count; i++) items[i] = _items[(_head + i) & (_items.Length - 1)];
        _items = items;
        _head = 0;
    }
}
