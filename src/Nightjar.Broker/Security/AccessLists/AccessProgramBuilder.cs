using System.Numerics;
using System.Text;
using Microsoft.Extensions.Logging;
using Nightjar.Protocol;

namespace Nightjar.Broker.Security.AccessLists;

/// <summary>Compiles an access list: a tree of levels for each user, for clients without one, and for the patterns, all in the same arrays.</summary>
internal sealed class AccessProgramBuilder
{
    private const int FewestPlaces = 16;
    private AccessNode[] _nodes = new AccessNode[64];
    private int[] _table = new int[FewestPlaces];
    private byte[] _levels = new byte[256];
    private readonly List<ScopedRight> _scoped = [default];
    private int _nodeCount = 1;
    private int _literalCount;
    private int _levelBytes;
    private int _depth;

    /// <summary>Compiles a list.</summary>
    internal static AccessProgram Build(AccessList list, ILogger? log, TimeProvider? timeProvider)
    {
        var builder = new AccessProgramBuilder();
        var users = new Dictionary<string, int>(StringComparer.Ordinal);
        var anonymous = 0;
        var patterns = 0;
        foreach (var rule in list.Rules)
        {
            if (rule.Scope == AccessScope.Anonymous) builder.Add(ref anonymous, rule);
            else if (rule.Scope == AccessScope.Pattern) builder.Add(ref patterns, rule);
            else builder.AddForUser(users, rule);
        }

        var roots = new Dictionary<string, AccessRoot>(users.Count, StringComparer.Ordinal);
        foreach (var (userName, root) in users) roots.Add(userName, new AccessRoot(root));
        return new AccessProgram(
            builder.Finish(), roots, anonymous == 0 ? null : new AccessRoot(anonymous), patterns, builder._depth, list.IsStrict, log, timeProvider ?? TimeProvider.System);
    }

    private void AddForUser(Dictionary<string, int> users, AccessRule rule)
    {
        var root = users.GetValueOrDefault(rule.UserName!);
        Add(ref root, rule);
        users[rule.UserName!] = root;
    }

    private void Add(ref int root, AccessRule rule)
    {
        if (root == 0) root = NewNode(0, AccessEdge.Root);
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(rule.TopicFilter);
        _depth = Math.Max(_depth, TopicFilter.CountLevels(rest));
        var index = root;
        var isBelow = false;
        while (true)
        {
            _nodes[index].Subtree |= rule.Rights;
            var slash = rest.IndexOf((byte)'/');
            var level = slash < 0 ? rest : rest[..slash];
            isBelow = level.SequenceEqual("#"u8);
            if (!isBelow) index = ChildOf(index, level, rule.Scope == AccessScope.Pattern);
            if (slash < 0) break;
            rest = rest[(slash + 1)..];
        }

        AddRight(ref _nodes[index], rule, isBelow);
    }

    private void AddRight(ref AccessNode node, AccessRule rule, bool isBelow)
    {
        node.Subtree |= rule.Rights;
        if (rule.Addresses is { } addresses)
        {
            _scoped.Add(new ScopedRight(addresses, rule.Rights, isBelow, node.Scoped));
            node.Scoped = _scoped.Count - 1;
        }
        else if (isBelow)
        {
            node.Below |= rule.Rights;
        }
        else
        {
            node.Own |= rule.Rights;
        }
    }

    private int ChildOf(int parent, ReadOnlySpan<byte> level, bool isPattern)
    {
        var edge = EdgeOf(level, isPattern);
        if (edge == AccessEdge.Literal) return LiteralOf(parent, level);
        var child = ChildBy(edge, ref _nodes[parent]);
        if (child != 0) return child;
        // The parent is looked up afterwards: a new node may move all of them.
        child = NewNode(parent, edge);
        ChildBy(edge, ref _nodes[parent]) = child;
        return child;
    }

    private static AccessEdge EdgeOf(ReadOnlySpan<byte> level, bool isPattern)
    {
        if (level.SequenceEqual("+"u8)) return AccessEdge.AnyLevel;
        if (isPattern && level.SequenceEqual("%c"u8)) return AccessEdge.ClientId;
        return isPattern && level.SequenceEqual("%u"u8) ? AccessEdge.UserName : AccessEdge.Literal;
    }

    private static ref int ChildBy(AccessEdge edge, ref AccessNode node)
    {
        if (edge == AccessEdge.AnyLevel) return ref node.AnyLevel;
        if (edge == AccessEdge.ClientId) return ref node.ClientId;
        return ref node.UserName;
    }

    private int LiteralOf(int parent, ReadOnlySpan<byte> level)
    {
        if ((_literalCount + 1) * 2 > _table.Length) Rehash();
        var place = PlaceOf(parent, level, out var found);
        if (found != 0) return found;
        var index = NewNode(parent, AccessEdge.Literal);
        ref var node = ref _nodes[index];
        node.LevelOffset = _levelBytes;
        node.LevelLength = level.Length;
        if (_levelBytes + level.Length > _levels.Length) Array.Resize(ref _levels, Math.Max(_levels.Length * 2, _levelBytes + level.Length));
        level.CopyTo(_levels.AsSpan(_levelBytes));
        _levelBytes += level.Length;
        _table[place] = index;
        _literalCount++;
        ref var only = ref _nodes[parent].OnlyLiteral;
        only = only == 0 ? index : AccessNode.Several;
        return index;
    }

    private int PlaceOf(int parent, ReadOnlySpan<byte> level, out int found)
    {
        var mask = (uint)_table.Length - 1;
        for (var place = AccessTree.HashOf(parent, level) & mask; ; place = (place + 1) & mask)
        {
            found = _table[place];
            if (found == 0) return (int)place;
            ref readonly var node = ref _nodes[found];
            if (node.Parent == parent && level.SequenceEqual(LevelOf(node))) return (int)place;
        }
    }

    private void Rehash()
    {
        var old = _table;
        _table = new int[checked(old.Length * 2)];
        foreach (var index in old)
        {
            if (index != 0) _table[PlaceOf(_nodes[index].Parent, LevelOf(_nodes[index]), out _)] = index;
        }
    }

    private int NewNode(int parent, AccessEdge edge)
    {
        if (_nodeCount == _nodes.Length) Array.Resize(ref _nodes, checked(_nodes.Length * 2));
        var index = _nodeCount++;
        ref var node = ref _nodes[index];
        node.Parent = parent;
        node.Edge = edge;
        if (parent == 0) return index;
        node.NextSibling = _nodes[parent].FirstChild;
        _nodes[parent].FirstChild = index;
        return index;
    }

    private ReadOnlySpan<byte> LevelOf(in AccessNode node) => _levels.AsSpan(node.LevelOffset, node.LevelLength);

    // Only children are found without the table: leaving them out keeps it small where files are deep.
    private AccessTree Finish()
    {
        var several = 0;
        foreach (var index in _table)
        {
            if (index != 0 && _nodes[_nodes[index].Parent].OnlyLiteral == AccessNode.Several) several++;
        }

        var literals = _table;
        _table = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Max(FewestPlaces, several * 2))];
        foreach (var index in literals)
        {
            if (index != 0 && _nodes[_nodes[index].Parent].OnlyLiteral == AccessNode.Several)
                _table[PlaceOf(_nodes[index].Parent, LevelOf(_nodes[index]), out _)] = index;
        }

        return new AccessTree(_nodes.AsSpan(0, _nodeCount).ToArray(), [.. _scoped], _levels.AsSpan(0, _levelBytes).ToArray(), _table);
    }
}
