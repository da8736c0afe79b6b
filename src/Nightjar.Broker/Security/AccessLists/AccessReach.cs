using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Broker.Security.AccessLists;

/// <summary>
/// Whether any message could ever come through a topic filter: looks for a grant to read whose topics the filter shares and that no single
/// denial takes back. The tree and the filter are walked side by side; where both stand, the level they have in common is the narrower of the two.
/// </summary>
/// <remarks>Does not allocate in the steady state. Looks at <see cref="MaximumVisits"/> nodes at most, and says yes when that was not enough: a subscription may be
/// granted for nothing, but never refused while something could come.</remarks>
internal readonly ref struct AccessReach
{
    /// <summary>Most nodes looked at for one filter, so that a SUBSCRIBE of many filters costs little whatever stands in the file.</summary>
    internal const int MaximumVisits = 1024;

    // The longest topic name, and the signs for wildcards that a common part may have beyond it.
    private const int MaximumCommonPart = TopicName.MaximumLength + 2 + AccessListParser.MaximumLevels;

    private readonly AccessProgram _program;
    private readonly AccessTree _tree;
    private readonly AccessSubject _subject;
    private readonly ReadOnlySpan<byte> _filter;

    internal AccessReach(AccessProgram program, AccessTree tree, AccessSubject subject, ReadOnlySpan<byte> filter)
    {
        _program = program;
        _tree = tree;
        _subject = subject;
        _filter = filter;
    }

    /// <summary>Whether a list grants to read something of the filter.</summary>
    /// <param name="root">Root of the list.</param>
    /// <param name="own">Root of the client's own list, whose denials come first; 0 for none.</param>
    [SkipLocalsInit]
    internal bool CanRead(int root, int own)
    {
        Span<Step> path = stackalloc Step[AccessListParser.MaximumLevels + 2];
        path[0] = new Step { Node = root };
        var depth = 0;
        for (var visits = 0; visits < MaximumVisits; visits++)
        {
            if ((_tree[path[depth].Node].Subtree & AccessRights.Read) == 0) depth--;
            else if (IsGranted(path[..(depth + 1)], root, own)) return true;

            var child = 0;
            while (depth >= 0 && (child = Next(ref path[depth], depth)) == 0) depth--;
            if (depth < 0) return false;
            ref readonly var parent = ref path[depth];
            path[++depth] = new Step { Node = child, Offset = IsRest(parent.Offset) ? parent.Offset : parent.Offset + LevelAt(parent.Offset).Length + 1 };
        }

        return true;
    }

    private bool IsGranted(ReadOnlySpan<Step> path, int root, int own)
    {
        ref readonly var node = ref _tree[path[^1].Node];
        var offset = path[^1].Offset;
        var isReserved = path.Length == 1 && _filter[0] == (byte)'$';
        if (!isReserved && (_tree.RightsAt(node, below: true, _subject) & AccessRights.Read) != 0 && !IsCovered(path, offset, root, own)) return true;
        if (offset <= _filter.Length && !IsRest(offset)) return false;
        return (_tree.RightsAt(node, below: false, _subject) & AccessRights.Read) != 0 && !IsCovered(path, _filter.Length + 1, root, own);
    }

    // What the grant at the end of the path and the filter have in common is itself a filter: the levels of the path, and what the filter has
    // from an offset on. One denial takes it back when it matches that filter as a whole.
    private bool IsCovered(ReadOnlySpan<Step> path, int rest, int root, int own)
    {
        // An empty level and nothing else: there is no such topic.
        if (path.Length == 2 && rest > _filter.Length && IsEmpty(LevelAt(path[0].Offset), _tree[path[1].Node])) return true;
        var mayDeny = _tree[root].Subtree | (own == 0 ? AccessRights.None : _tree[own].Subtree);
        if ((mayDeny & AccessRights.Deny) == 0) return false;
        var buffer = ArrayPool<byte>.Shared.Rent(MaximumCommonPart);
        try
        {
            if (!TryWriteCommonPart(path, rest, buffer.AsSpan(0, MaximumCommonPart), out var written)) return true;
            var common = buffer.AsSpan(0, written);
            return _program.Match(root, common, AccessRights.Deny, _subject) != 0
                || (own != 0 && own != root && _program.Match(own, common, AccessRights.Deny, _subject) != 0);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool IsEmpty(ReadOnlySpan<byte> level, in AccessNode node)
    {
        if (!IsWildcard(level)) return level.IsEmpty;
        if (node.Edge == AccessEdge.Literal) return node.LevelLength == 0;
        return node.Edge is AccessEdge.ClientId or AccessEdge.UserName && _subject.NameOf(node.Edge) is "";
    }

    // False when it is longer than any topic name.
    private bool TryWriteCommonPart(ReadOnlySpan<Step> path, int rest, Span<byte> destination, out int written)
    {
        written = 0;
        for (var i = 1; i < path.Length; i++)
        {
            if (i > 1 && !TryWrite("/"u8, destination, ref written)) return false;
            ref readonly var node = ref _tree[path[i].Node];
            var level = LevelAt(path[i - 1].Offset);
            if (IsWildcard(level))
            {
                if (_subject.NameOf(node.Edge) is { } name && node.Edge is AccessEdge.ClientId or AccessEdge.UserName)
                {
                    if (!Encoding.UTF8.TryGetBytes(name, destination[written..], out var bytes)) return false;
                    written += bytes;
                    continue;
                }

                level = node.Edge == AccessEdge.Literal ? _tree.LevelOf(node) : "+"u8;
            }

            if (!TryWrite(level, destination, ref written)) return false;
        }

        if (rest > _filter.Length) return true;
        return (path.Length == 1 || TryWrite("/"u8, destination, ref written)) && TryWrite(_filter[rest..], destination, ref written);
    }

    private static bool TryWrite(ReadOnlySpan<byte> bytes, Span<byte> destination, ref int written)
    {
        if (!bytes.TryCopyTo(destination[written..])) return false;
        written += bytes.Length;
        return true;
    }

    // The next child whose level and the filter's have something in common; 0 when there is none left.
    private int Next(ref Step step, int depth)
    {
        if (step.Offset > _filter.Length) return 0;
        var level = LevelAt(step.Offset);
        return IsWildcard(level) ? NextOfAll(ref step, depth) : NextOfLevel(ref step, depth, level);
    }

    private int NextOfAll(ref Step step, int depth)
    {
        var child = step.Turn++ == 0 ? _tree[step.Node].FirstChild : step.Sibling;
        for (; child != 0; child = _tree[child].NextSibling)
        {
            ref readonly var node = ref _tree[child];
            if (!CanBeReached(node, depth)) continue;
            step.Sibling = node.NextSibling;
            return child;
        }

        step.Sibling = 0;
        return 0;
    }

    // A wildcard in the first level of the filter stands for no level that begins with $ [MQTT-4.7.2-1]; a name with a slash is no level.
    private bool CanBeReached(in AccessNode node, int depth)
    {
        if (node.Edge == AccessEdge.Literal) return depth > 0 || !_tree.LevelOf(node).StartsWith("$"u8);
        if (node.Edge == AccessEdge.AnyLevel) return true;
        return _subject.NameOf(node.Edge) is { } name && !name.Contains('/', StringComparison.Ordinal) && (depth > 0 || !name.StartsWith('$'));
    }

    private int NextOfLevel(ref Step step, int depth, ReadOnlySpan<byte> level)
    {
        ref readonly var node = ref _tree[step.Node];
        var isReserved = depth == 0 && level.StartsWith("$"u8);
        while (step.Turn < 4)
        {
            var child = step.Turn++ switch
            {
                0 => _tree.FindLiteral(step.Node, node, level),
                _ when isReserved => 0,
                1 => node.AnyLevel,
                2 => node.ClientId != 0 && AccessSubject.LevelEquals(level, _subject.NameOf(AccessEdge.ClientId)) ? node.ClientId : 0,
                _ => node.UserName != 0 && _subject.NameOf(AccessEdge.UserName) is { } name && AccessSubject.LevelEquals(level, name) ? node.UserName : 0,
            };
            if (child != 0) return child;
        }

        return 0;
    }

    private ReadOnlySpan<byte> LevelAt(int offset)
    {
        var rest = _filter[offset..];
        var end = rest.IndexOf((byte)'/');
        return end < 0 ? rest : rest[..end];
    }

    private bool IsRest(int offset) => offset == _filter.Length - 1 && _filter[offset] == (byte)'#';

    private static bool IsWildcard(ReadOnlySpan<byte> level) => level.Length == 1 && level[0] is (byte)'+' or (byte)'#';

    /// <summary>A node on the way, and which of its children comes next.</summary>
    private struct Step
    {
        internal int Node;

        /// <summary>Where the filter stands: begin of the level that the children are compared with; more than the filter's length when there is none.</summary>
        internal int Offset;

        /// <summary>How many looks for a child there were.</summary>
        internal int Turn;

        /// <summary>The child to go on with, where all may come.</summary>
        internal int Sibling;
    }
}
