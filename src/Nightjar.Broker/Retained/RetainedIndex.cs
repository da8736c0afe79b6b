using System.Runtime.CompilerServices;
using Nightjar.Broker.Collections;

namespace Nightjar.Broker.Retained;

// What. A trie by topic level: a node for each level, its children by the next one, and the value of the topic that ends there. A wildcard
// subscription visits only what it matches (and the levels on the way), a literal one O(levels). Unlike the subscription trie a chain of
// levels is not one node: an enumeration may rest for long between two steps, and so nodes have to keep their identity, which lets a cursor
// read the value of the moment and not that of a copy made before.
//
// Concurrency. Readers take no lock. Whoever adds or removes a topic takes one lock; to replace the value of a topic that has one, which is
// what retained messages do all day, is a compare-exchange without it: only holders of the lock take a value away or put one where none is,
// and a node with a value is never taken out, so a value that was replaced was in the index. A node that has neither value nor children is
// taken out of its parent; it is never used again, a later Set makes a new one. Children are in a LevelMap, whose enumeration bears
// changes: what stays is seen once. So a cursor that holds a node which was taken out finds nothing there, which is right.
//
// Cost. A node is 48 bytes and 8 to 27 in its parent; the levels that one Set adds share one copy of the topic (a topic of more than 256
// bytes is copied level by level, so that a short level does not hold a long topic when the rest of it is gone). Set, Remove and Get are
// O(levels).

/// <summary>Retained messages by topic name.</summary>
/// <remarks>Topic names and filters must be valid. Any thread.</remarks>
internal sealed class RetainedIndex<T>
    where T : class
{
    private const int LongestShared = 256;

    private readonly Lock _lock = new();

    // The writer's path from the child of the root to the node of the topic.
    private readonly List<RetainedNode<T>> _path = [];
    private readonly RetainedNode<T> _root = new([], 0, 0, 0);
    private int _count;

    /// <summary>Number of values.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Sets the value of a topic.</summary>
    /// <param name="topicName">Topic Name in UTF-8, at most 65 535 bytes. Copied.</param>
    /// <returns>The value it had, or null.</returns>
    /// <remarks>O(levels). A topic that has a value gets another without the lock and, but for the caller's value, without
    /// allocation.</remarks>
    public T? Set(ReadOnlySpan<byte> topicName, T value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(topicName.Length, ushort.MaxValue, nameof(topicName));
        if (Find(topicName)?.TryReplace(value) is { } replaced) return replaced;

        lock (_lock)
        {
            var node = WalkLocked(topicName, out var position);
            if (position <= topicName.Length)
            {
                GrowLocked(node, topicName, position, value);
                _path.Clear();
                Volatile.Write(ref _count, _count + 1);
                return null;
            }

            var old = node.Exchange(value);
            if (old is null) Volatile.Write(ref _count, _count + 1);
            _path.Clear();
            return old;
        }
    }

    /// <summary>Removes the value of a topic.</summary>
    /// <returns>The value it had, or null.</returns>
    public T? Remove(ReadOnlySpan<byte> topicName)
    {
        lock (_lock)
        {
            var node = WalkLocked(topicName, out var position);
            if (position <= topicName.Length || node.Exchange(null) is not { } old) return null;

            Volatile.Write(ref _count, _count - 1);
            for (var i = _path.Count - 1; i >= 0 && _path[i].Value is null && _path[i].Children is null; i--)
                (i == 0 ? _root : _path[i - 1]).RemoveChild(_path[i]);
            _path.Clear();
            return old;
        }
    }

    /// <summary>The value of a topic, or null.</summary>
    /// <remarks>No lock. Does not allocate.</remarks>
    public T? Get(ReadOnlySpan<byte> topicName) => Find(topicName)?.Value;

    /// <summary>Enumerates the values of the topics that a filter matches (§4.7), in no particular order.</summary>
    /// <param name="filter">Topic Filter in UTF-8, without <c>$share/{ShareName}/</c>. Kept, not copied.</param>
    /// <remarks>No lock, O(1) now; the work is done by the cursor, step by step.</remarks>
    public RetainedCursor<T> Match(byte[] filter) => new(_root, filter);

    /// <summary>Whether a filter may match a topic that is here now. False is certain: its levels up to the first wildcard lead nowhere, as
    /// those of most subscriptions do.</summary>
    /// <param name="filter">Topic Filter in UTF-8, without <c>$share/{ShareName}/</c>.</param>
    /// <remarks>No lock, O(levels). Does not allocate.</remarks>
    public bool MayMatch(ReadOnlySpan<byte> filter)
    {
        var node = _root;
        for (var position = 0; position <= filter.Length;)
        {
            var level = LevelAt(filter, position);
            // The node itself is one of the topics of #.
            if (level is [(byte)'#'] && position > 0) return true;
            if (level is [(byte)'#'] or [(byte)'+']) return node.Children is not null;
            if (node.FindChild(level, SeededHash.Hash32(level)) is not { } child) return false;
            node = child;
            position += level.Length + 1;
        }

        return node.Value is not null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ReadOnlySpan<byte> LevelAt(ReadOnlySpan<byte> levels, int position)
    {
        var rest = levels[position..];
        var end = rest.IndexOf((byte)'/');
        return end < 0 ? rest : rest[..end];
    }

    private RetainedNode<T>? Find(ReadOnlySpan<byte> topicName)
    {
        var node = _root;
        for (var position = 0; position <= topicName.Length;)
        {
            var level = LevelAt(topicName, position);
            if (node.FindChild(level, SeededHash.Hash32(level)) is not { } child) return null;
            node = child;
            position += level.Length + 1;
        }

        return node;
    }

    private RetainedNode<T> WalkLocked(ReadOnlySpan<byte> topicName, out int position)
    {
        _path.Clear();
        var node = _root;
        position = 0;
        while (position <= topicName.Length)
        {
            var level = LevelAt(topicName, position);
            if (node.FindChild(level, SeededHash.Hash32(level)) is not { } child) break;
            _path.Add(child);
            node = child;
            position += level.Length + 1;
        }

        return node;
    }

    // Adds the levels that are missing, from the deepest up, so that readers see all of them at once.
    private static void GrowLocked(RetainedNode<T> parent, ReadOnlySpan<byte> topicName, int position, T value)
    {
        var shared = topicName.Length <= LongestShared ? topicName.ToArray() : null;
        RetainedNode<T>? below = null;
        var end = topicName.Length;
        while (true)
        {
            var start = Math.Max(position, topicName[..end].LastIndexOf((byte)'/') + 1);
            var level = topicName[start..end];
            var hash = SeededHash.Hash32(level);
            var own = below is null ? value : null;
            RetainedNode<T> node = shared is null
                ? new(level.ToArray(), 0, level.Length, hash) { Value = own }
                : new(shared, start, level.Length, hash) { Value = own };
            if (below is not null) node.AddChild(below);
            below = node;
            if (start == position) break;
            end = start - 1;
        }

        parent.AddChild(below);
    }
}
