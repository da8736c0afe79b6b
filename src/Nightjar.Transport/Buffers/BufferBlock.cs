using System.Buffers;

namespace Nightjar.Transport.Buffers;

/// <summary>One pooled array with the marks both directions need: how much of it is filled and what follows it.</summary>
/// <remarks>A block has one owner at a time, who returns it once. It is a sequence segment itself, so that a chain of blocks is a
/// <see cref="ReadOnlySequence{T}"/> without further objects.</remarks>
internal sealed class BufferBlock : ReadOnlySequenceSegment<byte>
{
    internal BufferBlock(byte[] array, int sizeClass)
    {
        Array = array;
        SizeClass = sizeClass;
    }

    /// <summary>The storage; longer than asked for when the block has a buffer of its own.</summary>
    internal byte[] Array { get; }

    /// <summary>Index of the size class, see <see cref="BufferPool"/>.</summary>
    internal int SizeClass { get; }

    /// <summary>Bytes written from the front.</summary>
    internal int Filled;

    /// <summary>Set while somebody owns the block; guards against a second return.</summary>
    internal bool IsRented;

    internal BufferBlock? NextBlock
    {
        get => (BufferBlock?)Next;
        set => Next = value;
    }

    internal int Free => Array.Length - Filled;

    internal Span<byte> FreeSpan => Array.AsSpan(Filled);

    /// <summary>Makes this block the one before <paramref name="next"/> in a sequence: fixes its length and the other's position.</summary>
    internal void Chain(BufferBlock next)
    {
        Memory = Array.AsMemory(0, Filled);
        next.Memory = next.Array;
        next.RunningIndex = RunningIndex + Filled;
        Next = next;
    }

    /// <summary>Makes the block the first of a sequence.</summary>
    internal void StartSequence()
    {
        Memory = Array;
        RunningIndex = 0;
    }

    /// <summary>Forgets contents and neighbours.</summary>
    internal void Reset()
    {
        Filled = 0;
        Next = null;
        RunningIndex = 0;
    }
}
