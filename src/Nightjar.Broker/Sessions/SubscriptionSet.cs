using Nightjar.Broker.Subscriptions;

namespace Nightjar.Broker.Sessions;

/// <summary>The subscriptions of one session: a small array, and a hash set beyond <see cref="ArrayLimit"/>.</summary>
/// <remarks>Not thread-safe: the session's gate guards it.</remarks>
internal sealed class SubscriptionSet
{
    private const int ArrayLimit = 16;
    private Subscription[] _few = [];
    private HashSet<Subscription>? _many;

    internal int Count { get; private set; }

    internal void Add(Subscription subscription)
    {
        if (_many is null && Count == ArrayLimit) _many = [.. _few];
        if (_many is not null)
        {
            _many.Add(subscription);
            _few = [];
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
            if (_many.Remove(subscription)) Count--;
            return;
        }

        var index = Array.IndexOf(_few, subscription, 0, Count);
        if (index < 0) return;
        _few[index] = _few[--Count];
        _few[Count] = null!;
    }

    internal Subscription[] ToArray() => _many is not null ? [.. _many] : _few.AsSpan(0, Count).ToArray();
}
