using System.Runtime.CompilerServices;

namespace Nightjar.Broker.Collections;

/// <summary>The children of a trie node, found by their first level: an array up to eight, a hash table beyond.</summary>
/// <remarks>One writer at a time, readers without locks. A small array is copied on each change; 56 bytes with one child, 32 + 15 to 27 a
/// child when large.</remarks>
internal class LevelMap
{
    private const int MostInArray = 8;
    private const int FewestInTable = 4;

    // Exactly one of the two is not null but for the moment between two writes, when both are.
    private volatile LevelNode[]? _few = [];
    private volatile HashTable<LevelNode>? _many;

    /// <summary>Number of children.</summary>
    public int Count => _few is { } few ? few.Length : _many!.Count;

    /// <summary>The child whose first level is this one, or null.</summary>
    /// <remarks>Does not allocate. O(1).</remarks>
    public LevelNode? Find(ReadOnlySpan<byte> level, uint hash)
    {
        while (true)
        {
            if (_few is { } few)
            {
                foreach (var node in few)
                {
                    if (node.LevelHash == hash && node.BeginsWith(level)) return node;
                }

                return null;
            }

            if (_many is { } many)
            {
                var probe = many.Find(hash);
                while (probe.Next() is { } node)
                {
                    if (node.BeginsWith(level)) return node;
                }

                return null;
            }
        }
    }

    /// <summary>Adds a child whose first level no other has. Writer only.</summary>
    public void Add(LevelNode node)
    {
        if (_few is not { } few)
        {
            _many!.Add(node, node.LevelHash);
        }
        else if (few.Length < MostInArray)
        {
            _few = [.. few, node];
        }
        else
        {
            HashTable<LevelNode> many = new();
            foreach (var each in few) many.Add(each, each.LevelHash);
            many.Add(node, node.LevelHash);
            _many = many;
            _few = null;
        }
    }

    /// <summary>Puts a node in the place of another with the same first level. Writer only.</summary>
    public void Replace(LevelNode node, LevelNode replacement)
    {
        if (_few is { } few)
            _few = [.. few.Select(each => ReferenceEquals(each, node) ? replacement : each)];
        else
            _many!.Replace(node, replacement, node.LevelHash);
    }

    /// <summary>Removes a child. Writer only.</summary>
    public void Remove(LevelNode node)
    {
        if (_few is { } few)
        {
            _few = [.. few.Where(each => !ReferenceEquals(each, node))];
            return;
        }

        var many = _many!;
        many.Remove(node, node.LevelHash);
        if (many.Count > FewestInTable) return;

        var cursor = many.GetCursor();
        var rest = new LevelNode[many.Count];
        for (var i = 0; i < rest.Length; i++) rest[i] = cursor.Next()!;
        _few = rest;
        _many = null;
    }

    /// <summary>Some child, or null when there is none. Writer only.</summary>
    public LevelNode? Any()
    {
        if (_few is { } few) return few.Length > 0 ? few[0] : null;
        var cursor = _many!.GetCursor();
        return cursor.Next();
    }

    /// <summary>Enumerates the children. Those that stay meanwhile are seen once, even when they are replaced: then the old or the new
    /// one.</summary>
    public LevelCursor GetCursor()
    {
        while (true)
        {
            if (_few is { } few) return new LevelCursor(few);
            if (_many is { } many) return new LevelCursor(many);
        }
    }
}
