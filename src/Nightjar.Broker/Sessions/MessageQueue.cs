using System.Buffers;
using System.Runtime.CompilerServices;
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

/// <summary>The messages waiting for one session, first in first out: a circular array that grows with what is in it and is let go when empty.
/// Arrays come from the shared pool and go back there, so that a client that is behind now and then makes no garbage.</summary>
/// <remarks>Not thread-safe: the session's gate guards it. Limits are the session's business.</remarks>
internal sealed class MessageQueue
{
    private const int KeptCapacity = 64;
    private const int LeastCapacity = 8;
    private readonly MemoryAccount _memory;

    // The array may be longer than the places in use.
    private Delivery[] _items = new Delivery[LeastCapacity];
    private int _capacity = LeastCapacity;
    private int _head;

    /// <summary>Makes an empty queue.</summary>
    /// <param name="memory">What a queue that grows takes is counted here, until the last message has left it.</param>
    internal MessageQueue(MemoryAccount memory) => _memory = memory;

    internal int Count { get; private set; }

    /// <summary>Sum of <see cref="PublishedMessage.Size"/>.</summary>
    internal long Bytes { get; private set; }

    internal void Enqueue(in Delivery delivery)
    {
        if (Count == _capacity) Resize(Math.Max(_capacity * 2, LeastCapacity * 2));
        _items[(_head + Count) & (_capacity - 1)] = delivery;
        Count++;
        Bytes += delivery.Message.Size;
    }

    /// <summary>The oldest; only while <see cref="Count"/> is above 0.</summary>
    internal ref Delivery Peek() => ref _items[_head];

    internal Delivery Dequeue()
    {
        var delivery = _items[_head];
        _items[_head] = default;
        _head = (_head + 1) & (_capacity - 1);
        Bytes -= delivery.Message.Size;
        if (--Count == 0 && _capacity > KeptCapacity)
        {
            Resize(0);
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
    internal void Release() => Resize(0);

    private void Resize(int size)
    {
        // The array that a queue begins with is not counted.
        _memory.Add((long)(Math.Max(size, LeastCapacity) - Math.Max(_capacity, LeastCapacity)) * Unsafe.SizeOf<Delivery>());
        var items = size == 0 ? [] : ArrayPool<Delivery>.Shared.Rent(size);
        for (var i = 0; i < Count; i++) items[i] = _items[(_head + i) & (_capacity - 1)];
        // Cleared of what was copied: who gets the array next must not keep these messages alive.
        if (_capacity > LeastCapacity) ArrayPool<Delivery>.Shared.Return(_items, clearArray: Count > 0);
        _items = items;
        _capacity = size;
        _head = 0;
    }
}
