using System.Runtime.CompilerServices;
using Nightjar.Broker.Collections;

namespace Nightjar.Broker.Subscriptions;

// What. A trie by topic level in which a chain of levels without a branch is one node (a radix tree whose letters are levels): the node of
// `dev/4711/temp/#` below `dev` holds the three levels `4711/temp/#`. A node has children by their first level, wildcards among them, and
// the subscriptions whose filter ends there, shared ones by Share Name (one SharedGroup for each Share Name and filter, so `$share/g/a` and
// `a` never share state). Every node borrows the bytes of its levels from the filter of some subscription at or below it; when that
// subscription goes, the nodes on its path borrow from another, so that nothing outlives its last use.
//
// Match. Depth first with an explicit stack of (node, position in the topic name), which is kept in the result: no recursion, at most two
// entries a level. From a node the match goes to its `#` child (which matches also zero further levels: `sport/#` matches `sport`), its `+`
// child and the child of the literal level; within a node it compares level by level. From the root the wildcards are left out for topics
// that begin with `$` [MQTT-4.7.2-1].
//
// Concurrency. Writers take one lock; readers take none and retry nothing. All a reader follows are references that are published when what
// they point at is complete: the children and the subscribers of a node, the elements of a table (see HashTable and PlacedList, which are
// changed in place so that a filter with 50 000 subscribers or a level with a million children costs no more to change than a small one).
// The levels of a node never change: to split or join nodes, new ones with the same children and subscribers take their place. A reader in
// an old node goes on in the trie as it was when the node was replaced. So a match sees every subscription that was there from its
// beginning to its end, none that was not there at any time in between, and of those that come and go meanwhile some;
// SubscriptionGenerations tells the route cache when that matters.
//
// Cost. A match visits only nodes whose levels match so far: for each two or three cache misses when cold. Add and remove cost O(levels).
// Bytes: a node 48, one more reference of 8 to 27 in its parent, a branch 48 and its array or table; a leaf with one subscriber refers to
// its Subscription directly. A subscription to a filter of its own adds at most two nodes, whatever the number of its levels: its own, and
// one with a branch where it leaves a chain of levels.
//
// Why not the obvious way. A dictionary and a node for every level costs 200 to 300 bytes a level, and every match of an absent level a
// hash of it as a string. A hash table of whole filters needs a look-up for every pattern of wildcards in use. An immutable tree copies the
// path to the root, and a node's subscriber array, with each change, which for one popular filter is 400 KB a SUBSCRIBE.

/// <summary>Which subscriptions match a topic name.</summary>
/// <remarks>Filters and topic names must be valid; they are not checked here. Any thread.</remarks>
internal sealed class SubscriptionTrie
{
    private readonly Lock _lock = new();

    // The writer's path from the child of the root to the node of the filter; empty between changes, so that it keeps nothing alive.
    private readonly List<SubscriptionNode> _path = [];
    private readonly SubscriptionNode _root = new([], 0, 0, 0);
    private int _count;
    private int _sharedCount;

    /// <summary>Tells when what matches a topic name may have changed.</summary>
    public SubscriptionGenerations Generations { get; } = new();

    /// <summary>Subscriptions held, shared ones not counted.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Shared subscriptions held: memberships, not groups.</summary>
    public int SharedCount => Volatile.Read(ref _sharedCount);

    /// <summary>The node of no levels, for checks of the trie's shape.</summary>
    internal SubscriptionNode Root => _root;

    /// <summary>Adds a subscription, or puts it in the place of that of the same subscriber, filter and Share Name
    /// [MQTT-3.8.4-3].</summary>
    /// <returns>The subscription it replaced, or null.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The filter is longer than 65 535 bytes.</exception>
    /// <remarks>O(levels). Takes the lock of the trie.</remarks>
    public Subscription? Add(Subscription subscription)
    {
        var filter = subscription.TopicFilter;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(filter.Length, ushort.MaxValue, nameof(subscription));

        Subscription? replaced;
        lock (_lock)
        {
            var node = WalkLocked(filter, out var position);
            if (position <= filter.Length)
            {
                AttachLocked(node, filter, position, SubscriberSet.AddLocked(null, subscription, out replaced));
            }
            else
            {
                node.Subscribers = SubscriberSet.AddLocked(node.Subscribers, subscription, out replaced);
                if (replaced is not null) BorrowAgainLocked(replaced.TopicFilter);
            }

            if (replaced is null) CountLocked(subscription, 1);
            _path.Clear();
        }

        Generations.Bump(filter);
        return replaced;
    }

    /// <summary>Removes a subscription [MQTT-3.10.4-1].</summary>
    /// <param name="subscriber">Whose.</param>
    /// <param name="filter">Topic Filter, without <c>$share/{ShareName}/</c>.</param>
    /// <param name="shareName">Share Name of a shared subscription, else empty.</param>
    /// <returns>The subscription that was removed, or null when there was none.</returns>
    /// <remarks>O(levels). Takes the lock of the trie.</remarks>
    public Subscription? Remove(Subscriber subscriber, ReadOnlySpan<byte> filter, ReadOnlySpan<byte> shareName)
    {
        Subscription? removed;
        lock (_lock)
        {
            var node = WalkLocked(filter, out var position);
            if (position <= filter.Length) return null;

            node.Subscribers = SubscriberSet.RemoveLocked(node.Subscribers, subscriber, shareName, out removed);
            if (removed is null) return null;

            PruneLocked(removed.TopicFilter);
            CountLocked(removed, -1);
            _path.Clear();
        }

        Generations.Bump(filter);
        return removed;
    }

    /// <summary>The bytes of a filter, shared with a subscription to the same filter when there is one, so that a popular filter is held
    /// once.</summary>
    /// <param name="filter">Topic Filter, without <c>$share/{ShareName}/</c>.</param>
    /// <remarks>O(levels). Takes the lock of the trie. Allocates only when no one subscribes to the filter.</remarks>
    public byte[] Intern(ReadOnlySpan<byte> filter)
    {
        lock (_lock)
        {
            var node = WalkLocked(filter, out var position);
            return (position > filter.Length ? SubscriberSet.AnyFilterLocked(node.Subscribers) : null) ?? filter.ToArray();
        }
    }

    /// <summary>The shared subscription of a Share Name on a filter, or null when it has no members.</summary>
    /// <remarks>O(levels). Takes the lock of the trie.</remarks>
    public SharedGroup? FindGroup(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> shareName)
    {
        lock (_lock)
        {
            var node = WalkLocked(filter, out var position);
            return position > filter.Length ? SubscriberSet.FindGroupLocked(node.Subscribers, shareName) : null;
        }
    }

    /// <summary>Finds the subscriptions whose filter matches a topic name (§4.7) and adds them to a result.</summary>
    /// <param name="topicName">Topic Name in UTF-8.</param>
    /// <param name="result">Where they are added; not cleared before.</param>
    /// <remarks>Any thread, no lock. Does not allocate but for the growth of the result.</remarks>
    public void Match(ReadOnlySpan<byte> topicName, MatchResult result)
    {
        result.BeginVisits();
        var wildcards = topicName.IsEmpty || topicName[0] != (byte)'$';
        VisitChildren(_root, topicName, 0, wildcards, result);
        while (result.TryPop(out var node, out var position)) VisitChildren(node, topicName, position, true, result);
    }

    private static void VisitChildren(SubscriptionNode node, ReadOnlySpan<byte> topicName, int position, bool wildcards, MatchResult result)
    {
        switch (node.Children)
        {
            case null:
                return;
            case SubscriptionNode only:
                if (wildcards || !(only.BeginsWithSingleLevel || only.IsMultiLevel)) VisitNode(only, topicName, position, result);
                return;
            case SubscriptionBranch branch:
                if (wildcards && branch.MultiLevel is { } multi) SubscriberSet.CopyTo(multi.Subscribers, result);
                if (position > topicName.Length) return;
                if (wildcards && branch.SingleLevel is { } single) VisitNode(single, topicName, position, result);
                if (branch.Count == 0) return;

                var level = LevelAt(topicName, position);
                if (branch.Find(level, SeededHash.Hash32(level)) is { } literal)
                    VisitNode(Unsafe.As<SubscriptionNode>(literal), topicName, position, result);
                return;
        }
    }

    // Compares the levels of a node with those of the topic name from a position on, and reports or remembers the node when all of them
    // match.
    private static void VisitNode(SubscriptionNode node, ReadOnlySpan<byte> topicName, int position, MatchResult result)
    {
        var levels = node.Levels;
        for (var at = 0; at <= levels.Length;)
        {
            var level = LevelAt(levels, at);
            if (level is [(byte)'#'])
            {
                SubscriberSet.CopyTo(node.Subscribers, result);
                return;
            }

            if (position > topicName.Length) return;
            if (level is [(byte)'+'])
            {
                position += LevelAt(topicName, position).Length + 1;
            }
            else
            {
                var rest = topicName[position..];
                if (!rest.StartsWith(level) || (rest.Length > level.Length && rest[level.Length] != (byte)'/')) return;
                position += level.Length + 1;
            }

            at += level.Length + 1;
        }

        if (position > topicName.Length) SubscriberSet.CopyTo(node.Subscribers, result);
        if (node.Children is not null) result.Push(node, position);
    }

    // Goes down along a filter as far as whole nodes agree with it, noting the path. Position is then where its next level begins, beyond
    // its end when none is left.
    private SubscriptionNode WalkLocked(ReadOnlySpan<byte> filter, out int position)
    {
        _path.Clear();
        var node = _root;
        position = 0;
        while (position <= filter.Length)
        {
            var level = LevelAt(filter, position);
            if (node.FindChild(level, SeededHash.Hash32(level)) is not { } child) break;
            if (CommonLevels(child.Levels, filter[position..]) != child.Levels.Length) break;

            _path.Add(child);
            node = child;
            position += child.Levels.Length + 1;
        }

        return node;
    }

    // Adds what is left of a filter below a node; when a child shares some of its levels but not all, that child is split behind them.
    private static void AttachLocked(SubscriptionNode parent, byte[] filter, int position, object subscribers)
    {
        var level = LevelAt(filter, position);
        var hash = SeededHash.Hash32(level);
        if (parent.FindChild(level, hash) is not { } child)
        {
            parent.AddChild(new SubscriptionNode(filter, position, filter.Length - position, hash) { Subscribers = subscribers });
            return;
        }

        var common = CommonLevels(child.Levels, filter.AsSpan(position));
        var split = child.Offset + common + 1;
        SubscriptionNode upper = new(child.Source, child.Offset, common, child.LevelHash);
        upper.AddChild(new SubscriptionNode(child.Source, split, child.End - split, SeededHash.Hash32(LevelAt(child.Levels, common + 1)))
        {
            Children = child.Children,
            Subscribers = child.Subscribers,
        });

        position += common + 1;
        if (position > filter.Length)
        {
            upper.Subscribers = subscribers;
        }
        else
        {
            hash = SeededHash.Hash32(LevelAt(filter, position));
            upper.AddChild(new SubscriptionNode(filter, position, filter.Length - position, hash) { Subscribers = subscribers });
        }

        parent.ReplaceChild(child, upper);
    }

    // Takes nodes away from the end of the path that hold nothing any more, joins those that have become a link in a chain with their only
    // child, and lets the others borrow from another filter than the removed one.
    private void PruneLocked(byte[] removedFilter)
    {
        for (var i = _path.Count - 1; i >= 0; i--)
        {
            var node = _path[i];
            var parent = i == 0 ? _root : _path[i - 1];
            if (node.Subscribers is null && node.Children is null)
                parent.RemoveChild(node);
            else if (node.Subscribers is null && node.OnlyChild() is { } child)
                parent.ReplaceChild(node, Join(node, child));
            else if (ReferenceEquals(node.Source, removedFilter))
                node.BorrowSource();
        }
    }

    private static SubscriptionNode Join(SubscriptionNode node, SubscriptionNode child) =>
        new(child.Source, node.Offset, child.End - node.Offset, node.LevelHash)
        {
            Children = child.Children,
            Subscribers = child.Subscribers,
        };

    private void BorrowAgainLocked(byte[] replacedFilter)
    {
        for (var i = _path.Count - 1; i >= 0; i--)
        {
            if (ReferenceEquals(_path[i].Source, replacedFilter)) _path[i].BorrowSource();
        }
    }

    private void CountLocked(Subscription subscription, int change)
    {
        ref var count = ref subscription.ShareName is null ? ref _count : ref _sharedCount;
        Volatile.Write(ref count, count + change);
    }

    // How many bytes the levels that both begin with take, without the separator behind them. Both begin with the same level.
    private static int CommonLevels(ReadOnlySpan<byte> levels, ReadOnlySpan<byte> filter)
    {
        var common = levels.CommonPrefixLength(filter);
        if (EndsLevel(levels, common) && EndsLevel(filter, common)) return common;
        return levels[..common].LastIndexOf((byte)'/');
    }

    private static bool EndsLevel(ReadOnlySpan<byte> levels, int position) => position == levels.Length || levels[position] == (byte)'/';

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ReadOnlySpan<byte> LevelAt(ReadOnlySpan<byte> levels, int position)
    {
        var rest = levels[position..];
        var end = rest.IndexOf((byte)'/');
        return end < 0 ? rest : rest[..end];
    }
}
