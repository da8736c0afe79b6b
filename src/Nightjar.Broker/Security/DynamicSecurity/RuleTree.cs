using System.Runtime.CompilerServices;
using Nightjar.Broker.Collections;
using Nightjar.Broker.Security.AccessLists;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>
/// The rules of one type of one role: which of those that match a topic is asked first. A tree by level, as that of an access file, with the
/// rank of a rule where an access file has rights: each node knows the lowest rank from it downwards, so once a rule has matched, only
/// branches with one that is asked before it are entered. It has two roots, because what begins with <c>$</c> is matched by rules of its own
/// (<see cref="RuleTreeBuilder"/> says which). Immutable.
/// </summary>
/// <remarks>A look-up allocates nothing and takes no lock. Cost: a hash and a comparison a level where no wildcard is in the way.</remarks>
internal sealed class RuleTree
{
    /// <summary>What stands for no rule: it is asked after every other.</summary>
    internal const int NoRule = int.MaxValue;

    /// <summary>Root of the rules for what does not begin with <c>$</c>.</summary>
    internal const int Root = 1;

    /// <summary>Root of the rules for what begins with <c>$</c>.</summary>
    internal const int ReservedRoot = 2;

    private readonly RuleNode[] _nodes;
    private readonly byte[] _levels;
    private readonly int[] _table;
    private readonly bool[] _allows;
    private readonly int _stackSize;

    /// <summary>Makes a tree; <see cref="RuleTreeBuilder"/> does.</summary>
    /// <param name="nodes">Nodes; index 0 is not one, 1 and 2 are the roots.</param>
    /// <param name="levels">Bytes of the literal levels.</param>
    /// <param name="table">Open addressing: a power of two places, each a node that a literal leads to, or 0.</param>
    /// <param name="allows">What each rule says, by rank.</param>
    /// <param name="depth">Levels of the longest rule, at most <see cref="DynamicText.MaximumLevels"/>.</param>
    internal RuleTree(RuleNode[] nodes, byte[] levels, int[] table, bool[] allows, int depth)
    {
        _nodes = nodes;
        _levels = levels;
        _table = table;
        _allows = allows;
        // Each level leaves at most three places behind for later.
        _stackSize = (3 * depth) + 4;
    }

    /// <summary>Where the search for a literal child begins.</summary>
    internal static uint HashOf(int parent, ReadOnlySpan<byte> level) => (SeededHash.Hash32(level) ^ (uint)parent) * 0x9E37_79B1;

    /// <summary>What the first rule that matches says.</summary>
    /// <param name="topic">Topic name; or a topic filter, which is matched by rules that cover it whole.</param>
    /// <param name="identity">Who stands for <c>%c</c> and <c>%u</c>.</param>
    /// <returns>Null when no rule matches.</returns>
    internal bool? Find(ReadOnlySpan<byte> topic, Identity identity)
    {
        var rank = FindRank(topic, identity);
        return rank == NoRule ? null : _allows[rank];
    }

    [SkipLocalsInit]
    private int FindRank(ReadOnlySpan<byte> topic, Identity identity)
    {
        Span<Place> stack = stackalloc Place[_stackSize];
        var best = NoRule;
        var count = 0;
        stack[count++] = new Place(topic[0] == (byte)'$' ? ReservedRoot : Root, 0);
        while (count > 0)
        {
            var place = stack[--count];
            ref readonly var node = ref _nodes[place.Node];
            if (node.Lowest >= best) continue;
            best = Math.Min(best, node.Below);
            if (place.Offset > topic.Length)
            {
                best = Math.Min(best, node.Own);
                continue;
            }

            var rest = topic[place.Offset..];
            var length = rest.IndexOf((byte)'/');
            if (length < 0) length = rest.Length;
            count = Descend(place.Node, node, rest[..length], place.Offset + length + 1, identity, stack, count);
        }

        return best;
    }

    private int Descend(int index, in RuleNode node, ReadOnlySpan<byte> level, int next, Identity identity, Span<Place> stack, int count)
    {
        // Everything below, in a filter, is more than one level.
        if (node.AnyLevel != 0 && !level.SequenceEqual("#"u8)) stack[count++] = new Place(node.AnyLevel, next);
        if (node.ClientId != 0 && IsName(level, identity.ClientId)) stack[count++] = new Place(node.ClientId, next);
        if (node.UserName != 0 && identity.UserName is { } userName && IsName(level, userName)) stack[count++] = new Place(node.UserName, next);
        var literal = node.HasLiterals ? FindLiteral(index, level) : 0;
        if (literal != 0) stack[count++] = new Place(literal, next);
        return count;
    }

    // A level that is a wildcard is nobody's name, whatever somebody calls himself.
    private static bool IsName(ReadOnlySpan<byte> level, string name) => !AccessSubject.IsDangerous(name) && AccessSubject.LevelEquals(level, name);

    private int FindLiteral(int parent, ReadOnlySpan<byte> level)
    {
        var mask = (uint)_table.Length - 1;
        for (var place = HashOf(parent, level) & mask; ; place = (place + 1) & mask)
        {
            var index = _table[place];
            if (index == 0) return 0;
            ref readonly var found = ref _nodes[index];
            if (found.Parent == parent && level.SequenceEqual(_levels.AsSpan(found.LevelOffset, found.LevelLength))) return index;
        }
    }

    /// <summary>Where a walk goes on.</summary>
    /// <param name="Node">The node.</param>
    /// <param name="Offset">Begin of the topic's next level; one more than the topic's length when there is none.</param>
    private readonly record struct Place(int Node, int Offset);
}
