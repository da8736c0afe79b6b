using System.Runtime.CompilerServices;
using Nightjar.Broker.Collections;
using Nightjar.Broker.Subscriptions;

namespace Nightjar.Broker.Sessions;

/// <summary>The subscriptions of one session: a small array, and a hash table beyond <see cref="ArrayLimit"/>, which takes
/// half the bytes of a hash set and grows without large objects.</summary>
/// <remarks>Not thread-safe: the session's gate guards it.</remarks>
internal sealed class SubscriptionSet
{
    private const int ArrayLimit = 16;
    private Subscription[] _few = [];
    private HashTable<Subscription>? _many;

    internal int Count { get; private set; }

    internal void Add(Subscription subscription)
    {
        if (_many is null && Count == ArrayLimit)
        {
            _many = new HashTable<Subscription>();
            foreach (var each in _few) _many.Add(each, HashOf(each));
            _few = [];
        }

        if (_many is not null)
        {
            _many.Add(subscription, HashOf(subscription));
        }
        else
        {
            if (Count == _few.Length) Array.Resize(ref _few, Math.Max(1, Count * 2));
            _few[Count] = subscription;
        }

        Count++;
    }

    internal void Remove(Subscription subscription)
    {
        if (_many is not null)
        {
            if (_many.Remove(subscription, HashOf(subscription))) Count--;
            return;
        }

        var index = Array.IndexOf(_few, subscription, 0, Count);
        if (index < 0) return;
        _few[index] = _few[--Count];
        _few[Count] = null!;
    }

    internal Subscription[] ToArray()
    {
        if (_many is null) return _few.AsSpan(0, Count).ToArray();
        var all = new Subscription[Count];
        var cursor = _many.GetCursor();
        for (var i = 0; i < all.Length; i++) all[i] = cursor.Next()!;
        return all;
    }

    // One object is one entry. The runtime's codes differ in their low bits, the table looks at the leading ones too.
    private static uint HashOf(Subscription subscription) => (uint)RuntimeHelpers.GetHashCode(subscription) * 0x9E37_79B1;
}
