using System.Runtime.CompilerServices;

namespace Nightjar.Broker.Collections;

/// <summary>A node of a trie by topic levels: the bytes of its levels, borrowed from an array that holds the whole path from the
/// root.</summary>
internal abstract class LevelNode
{
    private readonly ushort _offset;
    private readonly ushort _length;

    /// <summary>Makes a node of the levels at <paramref name="offset"/> in <paramref name="source"/>.</summary>
    /// <param name="source">UTF-8 of a topic name or filter through this node, from its first byte; at most 65 535 bytes. Not
    /// copied.</param>
    /// <param name="levelHash">Hash of the first of the levels.</param>
    protected LevelNode(byte[] source, int offset, int length, uint levelHash)
    {
        Source = source;
        _offset = (ushort)offset;
        _length = (ushort)length;
        LevelHash = levelHash;
    }

    /// <summary>The array that the levels are part of. A writer may put another in its place that has the same bytes up to
    /// <see cref="End"/>.</summary>
    public byte[] Source { get; set; }

    /// <summary>Where the levels begin in <see cref="Source"/>.</summary>
    public int Offset => _offset;

    /// <summary>Where the levels end in <see cref="Source"/>.</summary>
    public int End => _offset + _length;

    /// <summary>Hash of the first level.</summary>
    public uint LevelHash { get; }

    /// <summary>The levels, separated by <c>/</c>; at least one, which may be empty.</summary>
    public ReadOnlySpan<byte> Levels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Source, _offset, _length);
    }

    /// <summary>Whether the first level is this one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool BeginsWith(ReadOnlySpan<byte> level)
    {
        var levels = Levels;
        return levels.StartsWith(level) && (levels.Length == level.Length || levels[level.Length] == (byte)'/');
    }
}
