using Nightjar.Broker.Collections;

namespace Nightjar.Broker.Subscriptions;

/// <summary>The members of one shared subscription (§4.8.2): one Share Name on one Topic Filter.</summary>
/// <remarks>Members are changed under the trie's lock and read without. Their order means nothing: a member that leaves gives its place to
/// the last, so that the array stays dense, a turn costs O(1), and no member gets the turns of those who left.</remarks>
internal sealed class SharedGroup : IPlaced
{
    private const int IndexFrom = 16;

    // Written under the trie's lock. An element below the count is null only while a member leaves.
    private volatile Subscription?[] _members = new Subscription?[2];
    private volatile int _count;

    // Subscriber to membership, once there are many. Under the trie's lock.
    private HashTable<Subscription>? _index;

    /// <summary>Makes the group of a first member.</summary>
    internal SharedGroup(Subscription first)
    {
        ShareName = first.ShareName!;
        TopicFilter = first.TopicFilter;
        ShareNameHash = SeededHash.Hash32(ShareName);
        AddLocked(first);
    }

    /// <summary>Share Name in UTF-8; the array of some member.</summary>
    public byte[] ShareName { get; private set; }

    /// <summary>Topic Filter in UTF-8, without <c>$share/{ShareName}/</c>; the array of some member.</summary>
    public byte[] TopicFilter { get; private set; }

    /// <summary>Members at this moment, in no particular order.</summary>
    /// <remarks>An element may become null beside a change, and one that moves may be met twice or not at all: take the next one instead.
    /// Does not allocate.</remarks>
    public ReadOnlySpan<Subscription?> Members
    {
        get
        {
            // The count first: an array read later is at least as new, and at worst shorter.
            var count = _count;
            var members = _members;
            return members.AsSpan(0, Math.Min(count, members.Length));
        }
    }

    /// <summary>Whose turn it is: increment it for each message and take it modulo the number of members. A lost increment between two
    /// publishers gives one member two turns, which is cheaper than a shared cache line that every publisher must own.</summary>
    public int Cursor { get; set; }

    /// <summary>The member that could send at once when it was last looked at: where a choice falls back on. A benign race.</summary>
    public Subscription? LastReady { get; set; }

    /// <summary>Hash of the Share Name.</summary>
    internal uint ShareNameHash { get; }

    /// <summary>Index in the array of its node. The trie's writer only.</summary>
    public int Place { get; set; }

    /// <summary>The membership of a subscriber, or null. The trie's writer only.</summary>
    internal Subscription? FindLocked(Subscriber subscriber)
    {
        if (_index is not null)
        {
            var probe = _index.Find(subscriber.SubscriberHash);
            while (probe.Next() is { } member)
            {
                if (ReferenceEquals(member.Subscriber, subscriber)) return member;
            }

            return null;
        }

        foreach (var member in Members)
        {
            if (ReferenceEquals(member!.Subscriber, subscriber)) return member;
        }

        return null;
    }

    /// <summary>Adds a member that is not one yet. The trie's writer only. O(1) amortised.</summary>
    internal void AddLocked(Subscription member)
    {
        var members = _members;
        var count = _count;
        if (count == members.Length)
        {
            Array.Resize(ref members, count * 2);
            _members = members;
        }

        member.Place = count;
        Volatile.Write(ref members[count], member);
        _count = count + 1;
        if (_index is not null)
        {
            _index.Add(member, member.Subscriber.SubscriberHash);
        }
        else if (_count > IndexFrom)
        {
            _index = new HashTable<Subscription>();
            foreach (var each in Members) _index.Add(each!, each!.Subscriber.SubscriberHash);
        }
    }

    /// <summary>Replaces a member's subscription by a newer one. The trie's writer only.</summary>
    internal void ReplaceLocked(Subscription old, Subscription replacement)
    {
        replacement.Place = old.Place;
        Volatile.Write(ref _members[old.Place], replacement);
        _index?.Replace(old, replacement, old.Subscriber.SubscriberHash);
        ForgetLocked(old, replacement);
    }

    /// <summary>Removes a member. The trie's writer only. O(1) amortised.</summary>
    /// <returns>True when no member is left.</returns>
    internal bool RemoveLocked(Subscription member)
    {
        var members = _members;
        var last = _count - 1;
        var moved = members[last]!;
        moved.Place = member.Place;
        Volatile.Write(ref members[member.Place], moved);
        _count = last;
        Volatile.Write(ref members[last], null);
        _index?.Remove(member, member.Subscriber.SubscriberHash);
        if (last < IndexFrom / 2) _index = null;
        if (last == 0) return true;

        ForgetLocked(member, members[0]!);
        if (members.Length > 8 && last < members.Length / 4)
        {
            Array.Resize(ref members, members.Length / 2);
            _members = members;
        }

        return false;
    }

    // What belongs to a member that goes would otherwise be kept for as long as the group lives.
    private void ForgetLocked(Subscription gone, Subscription member)
    {
        if (ReferenceEquals(ShareName, gone.ShareName)) ShareName = member.ShareName!;
        if (ReferenceEquals(TopicFilter, gone.TopicFilter)) TopicFilter = member.TopicFilter;
        if (ReferenceEquals(LastReady, gone)) LastReady = null;
    }
}
