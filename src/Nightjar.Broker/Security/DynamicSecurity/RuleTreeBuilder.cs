using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Compiles the rules of one type into a <see cref="RuleTree"/>.</summary>
/// <remarks>
/// No wildcard stands for a first level that begins with <c>$</c> [MQTT-4.7.2-1], so a rule belongs to one of the tree's roots. Only what
/// forbids subscribing or unsubscribing is taken as it is documented, <c>subscribePattern # deny</c> forbids every subscription: if its first level
/// is no literal, it belongs to both.
/// </remarks>
internal sealed class RuleTreeBuilder
{
    private readonly bool _isLiteral;
    private readonly bool _deniesReserved;
    private readonly List<bool> _allows = [];
    private RuleNode[] _nodes = new RuleNode[8];
    private int[] _table = new int[8];
    private byte[] _levels = new byte[64];
    private int _nodeCount = 1;
    private int _literalCount;
    private int _levelBytes;
    private int _depth;

    private RuleTreeBuilder(AclType type)
    {
        _isLiteral = type is AclType.SubscribeLiteral or AclType.UnsubscribeLiteral;
        _deniesReserved = type is AclType.SubscribePattern or AclType.UnsubscribePattern;
        // Root and ReservedRoot.
        NewNode(0);
        NewNode(0);
    }

    /// <summary>Compiles rules.</summary>
    /// <param name="rules">Rules of all types, those of one type in the order in which they are asked.</param>
    /// <param name="type">Which to take. In the literal types no level is more than its characters.</param>
    /// <returns>Null when there are none of the type.</returns>
    internal static RuleTree? Build(ReadOnlySpan<DynamicRule> rules, AclType type)
    {
        RuleTreeBuilder? builder = null;
        foreach (var rule in rules)
        {
            if (rule.AclType != type) continue;
            builder ??= new RuleTreeBuilder(type);
            builder.Add(rule);
        }

        return builder?.Finish();
    }

    private void Add(in DynamicRule rule)
    {
        var rank = _allows.Count;
        _allows.Add(rule.IsAllowed);
        var topic = Encoding.UTF8.GetBytes(rule.Topic);
        _depth = Math.Max(_depth, TopicFilter.CountLevels(topic));
        var isReserved = topic[0] == (byte)'$';
        Add(topic, rank, isReserved ? RuleTree.ReservedRoot : RuleTree.Root);
        if (!isReserved && !rule.IsAllowed && _deniesReserved && StandsForMore(topic)) Add(topic, rank, RuleTree.ReservedRoot);
    }

    private static bool StandsForMore(ReadOnlySpan<byte> topic)
    {
        var slash = topic.IndexOf((byte)'/');
        var first = slash < 0 ? topic : topic[..slash];
        return first.SequenceEqual("#"u8) || first.SequenceEqual("+"u8) || first.SequenceEqual("%c"u8) || first.SequenceEqual("%u"u8);
    }

    private void Add(ReadOnlySpan<byte> rest, int rank, int index)
    {
        var isBelow = false;
        while (true)
        {
            // Ranks only rise, so the first rule to pass is the lowest.
            _nodes[index].Lowest = Math.Min(_nodes[index].Lowest, rank);
            var slash = rest.IndexOf((byte)'/');
            var level = slash < 0 ? rest : rest[..slash];
            isBelow = !_isLiteral && slash < 0 && level.SequenceEqual("#"u8);
            if (!isBelow) index = ChildOf(index, level);
            if (slash < 0) break;
            rest = rest[(slash + 1)..];
        }

        ref var node = ref _nodes[index];
        node.Lowest = Math.Min(node.Lowest, rank);
        ref var place = ref isBelow ? ref node.Below : ref node.Own;
        place = Math.Min(place, rank);
    }

    private int ChildOf(int parent, ReadOnlySpan<byte> level)
    {
        if (_isLiteral) return LiteralOf(parent, level);
        if (level.SequenceEqual("+"u8)) return Wildcard(parent, static (ref node) => ref node.AnyLevel);
        if (level.SequenceEqual("%c"u8)) return Wildcard(parent, static (ref node) => ref node.ClientId);
        if (level.SequenceEqual("%u"u8)) return Wildcard(parent, static (ref node) => ref node.UserName);
        return LiteralOf(parent, level);
    }

    private int Wildcard(int parent, ChildOfNode child)
    {
        var index = child(ref _nodes[parent]);
        if (index != 0) return index;
        // The parent is looked up afterwards: a new node may move all of them.
        index = NewNode(parent);
        child(ref _nodes[parent]) = index;
        return index;
    }

    private int LiteralOf(int parent, ReadOnlySpan<byte> level)
    {
        if ((_literalCount + 1) * 2 > _table.Length) Rehash();
        var place = PlaceOf(parent, level, out var found);
        if (found != 0) return found;
        var index = NewNode(parent);
        ref var node = ref _nodes[index];
        node.LevelOffset = _levelBytes;
        node.LevelLength = level.Length;
        if (_levelBytes + level.Length > _levels.Length) Array.Resize(ref _levels, Math.Max(_levels.Length * 2, _levelBytes + level.Length));
        level.CopyTo(_levels.AsSpan(_levelBytes));
        _levelBytes += level.Length;
        _table[place] = index;
        _literalCount++;
        _nodes[parent].HasLiterals = true;
        return index;
    }

    private int PlaceOf(int parent, ReadOnlySpan<byte> level, out int found)
    {
        var mask = (uint)_table.Length - 1;
        for (var place = RuleTree.HashOf(parent, level) & mask; ; place = (place + 1) & mask)
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

    private ReadOnlySpan<byte> LevelOf(in RuleNode node) => _levels.AsSpan(node.LevelOffset, node.LevelLength);

    private int NewNode(int parent)
    {
        if (_nodeCount == _nodes.Length) Array.Resize(ref _nodes, checked(_nodes.Length * 2));
        var index = _nodeCount++;
        _nodes[index] = new RuleNode { Parent = parent, Own = RuleTree.NoRule, Below = RuleTree.NoRule, Lowest = RuleTree.NoRule };
        return index;
    }

    private RuleTree Finish() =>
        new(_nodes.AsSpan(0, _nodeCount).ToArray(), _levels.AsSpan(0, _levelBytes).ToArray(), _table, [.. _allows], _depth);

    private delegate ref int ChildOfNode(ref RuleNode node);
}
