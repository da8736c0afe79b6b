using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Nightjar.Broker.Collections;

namespace Nightjar.Broker.Retained;

/// <summary>The values that a filter matches, one at a time, as long apart as the reader likes.</summary>
/// <remarks>One thread at a time, no lock, beside any changes: a value that stays is given once; one that is set or removed meanwhile is
/// given or not, and always as it is at the moment it is given. Topics that begin with <c>$</c> are not matched by a filter that begins
/// with a wildcard [MQTT-4.7.2-1]. The stack is explicit and as deep as the topics have levels.</remarks>
internal sealed class RetainedCursor<T>
    where T : class
{
    private const int LeastFrames = 4;
    private readonly byte[] _filter;
    private Frame[] _frames = [];
    private int _depth;

    // The node whose own value is to be given before the stack goes on, or null.
    private RetainedNode<T>? _pending;

    internal RetainedCursor(RetainedNode<T> root, byte[] filter)
    {
        _filter = filter;
        Descend(root, 0);
    }

    /// <summary>Gives the next value.</summary>
    /// <returns>False at the end.</returns>
    /// <remarks>Does not allocate once the stack is deep enough. Steps over nodes without a value, of which each has one below
    /// it.</remarks>
    public bool MoveNext([NotNullWhen(true)] out T? value)
    {
        while (true)
        {
            if (_pending is { } node)
            {
                _pending = null;
                if ((value = node.Value) is not null) return true;
            }

            if (_depth == 0)
            {
                value = null;
                return false;
            }

            ref var frame = ref _frames[_depth - 1];
            if (NextChild(ref frame) is { } child)
                Enter(child, frame.Position);
            else
                _frames[--_depth] = default;
        }
    }

    private static RetainedNode<T>? NextChild(ref Frame frame)
    {
        while (true)
        {
            RetainedNode<T>? child;
            if (frame.Only is not null)
            {
                child = frame.Only;
                frame.Only = null;
            }
            else
            {
                child = Unsafe.As<RetainedNode<T>?>(frame.Several.Next());
            }

            if (child is null || !frame.IsRoot || !BeginsWithDollar(child)) return child;
        }
    }

    // Only asked of the first level, where a wildcard does not match names that begin with a dollar sign.
    private static bool BeginsWithDollar(RetainedNode<T> node) => node.Levels is [(byte)'$', ..];

    // A child that a wildcard at a position of the filter has matched.
    private void Enter(RetainedNode<T> child, int position)
    {
        if (_filter[position] == (byte)'#')
        {
            _pending = child;
            Push(child, position, isRoot: false);
        }
        else
        {
            Descend(child, position + 2);
        }
    }

    // Follows the filter from a node on: literal levels at once, up to the next wildcard or the end.
    private void Descend(RetainedNode<T> node, int position)
    {
        while (position <= _filter.Length)
        {
            var level = RetainedIndex<T>.LevelAt(_filter, position);
            if (level is [(byte)'#'])
            {
                if (position > 0) _pending = node;
                Push(node, position, isRoot: position == 0);
                return;
            }

            if (level is [(byte)'+'])
            {
                Push(node, position, isRoot: position == 0);
                return;
            }

            if (node.FindChild(level, SeededHash.Hash32(level)) is not { } child) return;
            node = child;
            position += level.Length + 1;
        }

        _pending = node;
    }

    private void Push(RetainedNode<T> node, int position, bool isRoot)
    {
        var children = node.Children;
        if (children is null) return;
        if (_depth == _frames.Length) Array.Resize(ref _frames, Math.Max(LeastFrames, _depth * 2));
        _frames[_depth++] = children is LevelMap map
            ? new Frame(map.GetCursor(), position, isRoot)
            : new Frame(Unsafe.As<RetainedNode<T>>(children), position, isRoot);
    }

    /// <summary>Children that are being enumerated, and the wildcard that matches them.</summary>
    private struct Frame
    {
        public LevelCursor Several;
        public RetainedNode<T>? Only;
        public readonly int Position;
        public readonly bool IsRoot;

        public Frame(LevelCursor several, int position, bool isRoot)
        {
            Several = several;
            Position = position;
            IsRoot = isRoot;
        }

        public Frame(RetainedNode<T> only, int position, bool isRoot)
        {
            Several = new LevelCursor([]);
            Only = only;
            Position = position;
            IsRoot = isRoot;
        }
    }
}
