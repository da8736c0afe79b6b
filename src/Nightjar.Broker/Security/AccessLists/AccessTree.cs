using Nightjar.Broker.Collections;

namespace Nightjar.Broker.Security.AccessLists;

/// <summary>The nodes of all lists of an access file, and the look-up of a literal level below a node. Immutable once built.</summary>
internal sealed class AccessTree
{
    private readonly AccessNode[] _nodes;
    private readonly ScopedRight[] _scoped;
    private readonly byte[] _levels;
    private readonly int[] _table;

    /// <summary>Makes a tree.</summary>
    /// <param name="nodes">Nodes; index 0 is not one.</param>
    /// <param name="scoped">Rights with an address; index 0 is not one.</param>
    /// <param name="levels">Bytes of the literal levels.</param>
    /// <param name="table">Open addressing: a power of two places, each a node that is not its parent's only literal, or 0.</param>
    internal AccessTree(AccessNode[] nodes, ScopedRight[] scoped, byte[] levels, int[] table)
    {
        _nodes = nodes;
        _scoped = scoped;
        _levels = levels;
        _table = table;
    }

    /// <summary>Some rights hold for some addresses only.</summary>
    internal bool HasAddresses => _scoped.Length > 1;

    internal ref readonly AccessNode this[int node] => ref _nodes[node];

    /// <summary>Where the search for a literal child begins.</summary>
    internal static uint HashOf(int parent, ReadOnlySpan<byte> level) => (SeededHash.Hash32(level) ^ (uint)parent) * 0x9E37_79B1;

    /// <summary>Bytes of the level of a node that a literal leads to.</summary>
    internal ReadOnlySpan<byte> LevelOf(in AccessNode node) => _levels.AsSpan(node.LevelOffset, node.LevelLength);

    /// <summary>The child of a node by a literal level; 0 for none.</summary>
    internal int FindLiteral(int parent, in AccessNode node, ReadOnlySpan<byte> level)
    {
        if (node.OnlyLiteral == 0) return 0;
        if (node.OnlyLiteral > 0) return level.SequenceEqual(LevelOf(_nodes[node.OnlyLiteral])) ? node.OnlyLiteral : 0;
        var mask = (uint)_table.Length - 1;
        for (var place = HashOf(parent, level) & mask; ; place = (place + 1) & mask)
        {
            var index = _table[place];
            if (index == 0) return 0;
            ref readonly var found = ref _nodes[index];
            if (found.Parent == parent && level.SequenceEqual(LevelOf(found))) return index;
        }
    }

    /// <summary>The rights that the rules which end at a node give to a client.</summary>
    internal AccessRights RightsAt(in AccessNode node, bool below, in AccessSubject subject)
    {
        var rights = below ? node.Below : node.Own;
        for (var index = node.Scoped; index != 0; index = _scoped[index].Next)
        {
            ref readonly var right = ref _scoped[index];
            if (right.IsBelow == below && subject.Holds(right)) rights |= right.Rights;
        }

        return rights;
    }
}
