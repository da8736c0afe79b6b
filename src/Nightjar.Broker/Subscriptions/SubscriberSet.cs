using Nightjar.Broker.Collections;

namespace Nightjar.Broker.Subscriptions;

/// <summary>Who subscribes to one filter, when it is more than a few or shared.</summary>
/// <remarks>A node refers to nothing, one <see cref="Subscription"/>, an array of two to eight (copied on each change), or a set, whichever
/// is the smallest that holds its subscriptions; the static members take and give that reference. One writer at a time, readers without
/// locks.</remarks>
internal sealed class SubscriberSet
{
    private const int MostInArray = 8;
    private const int FewestInSet = 4;
    private const int IndexFrom = 16;

    // Published for readers.
    private volatile PlacedList<Subscription>? _subscriptions;
    private volatile PlacedList<SharedGroup>? _groups;

    // The writer's: who is where, once there are many.
    private HashTable<Subscription>? _subscriptionIndex;
    private HashTable<SharedGroup>? _groupIndex;
    private int _subscriptionCount;
    private int _groupCount;

    /// <summary>Adds a subscription to what a node refers to, or replaces that of the same subscriber and Share Name.</summary>
    /// <param name="subscribers">What the node refers to now.</param>
    /// <param name="replaced">The subscription that was there, or null.</param>
    /// <returns>What the node is to refer to.</returns>
    /// <remarks>O(1) amortised.</remarks>
    public static object AddLocked(object? subscribers, Subscription subscription, out Subscription? replaced)
    {
        replaced = null;
        if (subscription.ShareName is null)
        {
            switch (subscribers)
            {
                case null:
                    return subscription;
                case Subscription single when ReferenceEquals(single.Subscriber, subscription.Subscriber):
                    replaced = single;
                    return subscription;
                case Subscription single:
                    return new[] { single, subscription };
                case Subscription[] few when IndexOf(few, subscription.Subscriber) is var index && (index >= 0 || few.Length < MostInArray):
                    if (index < 0) return (Subscription[])[.. few, subscription];
                    replaced = few[index];
                    few = [.. few];
                    few[index] = subscription;
                    return few;
            }
        }

        var set = subscribers as SubscriberSet ?? FromFew(subscribers);
        replaced = subscription.ShareName is null ? set.Add(subscription) : set.AddShared(subscription);
        return set;
    }

    /// <summary>Removes the subscription of a subscriber from what a node refers to.</summary>
    /// <param name="shareName">Share Name; empty for a subscription that is not shared.</param>
    /// <param name="removed">What was removed, or null when there was none.</param>
    /// <returns>What the node is to refer to.</returns>
    /// <remarks>O(1) amortised.</remarks>
    public static object? RemoveLocked(object? subscribers, Subscriber subscriber, ReadOnlySpan<byte> shareName, out Subscription? removed)
    {
        removed = null;
        switch (subscribers)
        {
            case Subscription single when shareName.IsEmpty && ReferenceEquals(single.Subscriber, subscriber):
                removed = single;
                return null;
            case Subscription[] few when shareName.IsEmpty && IndexOf(few, subscriber) is var index and >= 0:
                removed = few[index];
                if (few.Length == 2) return few[1 - index];
                return (Subscription[])[.. few.AsSpan(0, index), .. few.AsSpan(index + 1)];
            case SubscriberSet set:
                removed = shareName.IsEmpty ? set.Remove(subscriber) : set.RemoveShared(subscriber, shareName);
                return set.Smallest();
            default:
                return subscribers;
        }
    }

    /// <summary>The filter of some subscription in what a node refers to, or null when there is none.</summary>
    public static byte[]? AnyFilterLocked(object? subscribers) => subscribers switch
    {
        null => null,
        Subscription single => single.TopicFilter,
        Subscription[] few => few[0].TopicFilter,
        _ => ((SubscriberSet)subscribers).AnyFilter(),
    };

    /// <summary>The shared subscription of a Share Name in what a node refers to, or null.</summary>
    public static SharedGroup? FindGroupLocked(object? subscribers, ReadOnlySpan<byte> shareName) => (subscribers as SubscriberSet)?.FindGroup(shareName);

    /// <summary>Adds all subscriptions in what a node refers to to a result.</summary>
    /// <remarks>Any thread. Does not allocate but for the growth of the result.</remarks>
    public static void CopyTo(object? subscribers, MatchResult result)
    {
        if (subscribers is null) return;
        result.FilterCount++;
        switch (subscribers)
        {
            case Subscription single:
                result.Add(single);
                return;
            case Subscription[] few:
                foreach (var subscription in few) result.Add(subscription);
                return;
            default:
                ((SubscriberSet)subscribers).CopyTo(result);
                return;
        }
    }

    private static int IndexOf(Subscription[] few, Subscriber subscriber)
    {
        for (var i = 0; i < few.Length; i++)
        {
            if (ReferenceEquals(few[i].Subscriber, subscriber)) return i;
        }

        return -1;
    }

    private static SubscriberSet FromFew(object? subscribers)
    {
        SubscriberSet set = new();
        ReadOnlySpan<Subscription> few = subscribers switch
        {
            null => [],
            Subscription single => [single],
            _ => (Subscription[])subscribers,
        };
        if (few.Length == 0) return set;

        set._subscriptions = PlacedList<Subscription>.Of(few);
        set._subscriptionCount = few.Length;
        return set;
    }

    private void CopyTo(MatchResult result)
    {
        if (_subscriptions is { } subscriptions)
        {
            var count = subscriptions.Count;
            foreach (var subscription in subscriptions.Items.AsSpan(0, count))
            {
                if (subscription is not null) result.Add(subscription);
            }
        }

        if (_groups is { } groups)
        {
            var count = groups.Count;
            foreach (var group in groups.Items.AsSpan(0, count))
            {
                if (group is not null) result.Add(group);
            }
        }
    }

    private Subscription? Add(Subscription subscription)
    {
        if (Find(subscription.Subscriber) is { } old)
        {
            _subscriptions!.Replace(old, subscription);
            _subscriptionIndex?.Replace(old, subscription, old.Subscriber.SubscriberHash);
            return old;
        }

        _subscriptions = _subscriptions is { } list
            ? list.Append(subscription, _subscriptionCount)
            : PlacedList<Subscription>.Of([subscription]);
        _subscriptionCount++;
        if (_subscriptionIndex is not null)
        {
            _subscriptionIndex.Add(subscription, subscription.Subscriber.SubscriberHash);
        }
        else if (_subscriptionCount > IndexFrom)
        {
            _subscriptionIndex = new HashTable<Subscription>();
            foreach (var each in _subscriptions.Items)
            {
                if (each is not null) _subscriptionIndex.Add(each, each.Subscriber.SubscriberHash);
            }
        }

        return null;
    }

    private Subscription? Remove(Subscriber subscriber)
    {
        if (Find(subscriber) is not { } subscription) return null;

        _subscriptionCount--;
        _subscriptionIndex?.Remove(subscription, subscriber.SubscriberHash);
        if (_subscriptionCount < IndexFrom / 2) _subscriptionIndex = null;
        _subscriptions = _subscriptionCount == 0 ? null : _subscriptions!.Remove(subscription, _subscriptionCount);
        return subscription;
    }

    private Subscription? AddShared(Subscription subscription)
    {
        var group = FindGroup(subscription.ShareName);
        if (group?.FindLocked(subscription.Subscriber) is { } old)
        {
            group.ReplaceLocked(old, subscription);
            return old;
        }

        if (group is not null)
        {
            group.AddLocked(subscription);
            return null;
        }

        group = new SharedGroup(subscription);
        _groups = _groups is { } list ? list.Append(group, _groupCount) : PlacedList<SharedGroup>.Of([group]);
        _groupCount++;
        if (_groupIndex is not null)
        {
            _groupIndex.Add(group, group.ShareNameHash);
        }
        else if (_groupCount > IndexFrom)
        {
            _groupIndex = new HashTable<SharedGroup>();
            foreach (var each in _groups.Items)
            {
                if (each is not null) _groupIndex.Add(each, each.ShareNameHash);
            }
        }

        return null;
    }

    private Subscription? RemoveShared(Subscriber subscriber, ReadOnlySpan<byte> shareName)
    {
        var group = FindGroup(shareName);
        if (group?.FindLocked(subscriber) is not { } member) return null;
        if (!group.RemoveLocked(member)) return member;

        _groupCount--;
        _groupIndex?.Remove(group, group.ShareNameHash);
        if (_groupCount < IndexFrom / 2) _groupIndex = null;
        _groups = _groupCount == 0 ? null : _groups!.Remove(group, _groupCount);
        return member;
    }

    private Subscription? Find(Subscriber subscriber)
    {
        if (_subscriptionIndex is not null)
        {
            var probe = _subscriptionIndex.Find(subscriber.SubscriberHash);
            while (probe.Next() is { } subscription)
            {
                if (ReferenceEquals(subscription.Subscriber, subscriber)) return subscription;
            }

            return null;
        }

        if (_subscriptions is not { } list) return null;
        foreach (var subscription in list.Items)
        {
            if (ReferenceEquals(subscription?.Subscriber, subscriber)) return subscription;
        }

        return null;
    }

    private SharedGroup? FindGroup(ReadOnlySpan<byte> shareName)
    {
        var hash = SeededHash.Hash32(shareName);
        if (_groupIndex is not null)
        {
            var probe = _groupIndex.Find(hash);
            while (probe.Next() is { } group)
            {
                if (shareName.SequenceEqual(group.ShareName)) return group;
            }

            return null;
        }

        if (_groups is not { } list) return null;
        foreach (var group in list.Items)
        {
            if (group is not null && group.ShareNameHash == hash && shareName.SequenceEqual(group.ShareName)) return group;
        }

        return null;
    }

    private byte[]? AnyFilter()
    {
        if (_subscriptionIndex is not null)
        {
            var cursor = _subscriptionIndex.GetCursor();
            return cursor.Next()!.TopicFilter;
        }

        if (_subscriptionCount > 0) return Array.Find(_subscriptions!.Items, subscription => subscription is not null)!.TopicFilter;
        if (_groupIndex is not null)
        {
            var cursor = _groupIndex.GetCursor();
            return cursor.Next()!.TopicFilter;
        }

        return _groupCount > 0 ? Array.Find(_groups!.Items, group => group is not null)!.TopicFilter : null;
    }

    // The smallest form for what is left. Not at the very bound of growth, so that one subscriber who comes and goes does not convert it
    // each time.
    private object? Smallest()
    {
        if (_groupCount > 0 || _subscriptionCount > FewestInSet) return this;
        if (_subscriptionCount == 0) return null;

        Subscription[] few = [.. _subscriptions!.Items.OfType<Subscription>()];
        return few.Length == 1 ? few[0] : few;
    }
}
