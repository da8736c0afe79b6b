using System.Buffers;

namespace Nightjar.Transport.Buffers;

/// <summary>One pooled array with the marks both directions need: how much of it is filled and what follows it. Or, on the way out, bytes of somebody
/// else that several blocks may lead to.</summary>
/// <remarks>A block has one owner at a time, who returns it once. It is a sequence segment itself, so that a chain of blocks is a
/// <see cref="ReadOnlySequence{T}"/> without further objects.</remarks>
internal sealed class BufferBlock : ReadOnlySequenceSegment<byte>
{
    private IByteOwner? _lender;
    private int _capacity;

    internal BufferBlock(byte[] array, int sizeClass)
    {
        Array = array;
        SizeClass = sizeClass;
        _capacity = array.Length;
    }

    /// <summary>The storage; longer than asked for when the block has a buffer of its own.</summary>
    internal byte[] Array { get; private set; }

    /// <summary>Index of the size class, see <see cref="BufferPool"/>.</summary>
    internal int SizeClass { get; }

    /// <summary>Where the bytes begin; 0 but in a block that leads to bytes of somebody else.</summary>
    internal int Start { get; private set; }

    /// <summary>Where the bytes end.</summary>
    internal int Filled;

    /// <summary>Set while somebody owns the block; guards against a second return.</summary>
    internal bool IsRented;

    internal BufferBlock? NextBlock
    {
        get => (BufferBlock?)Next;
        set => Next = value;
    }

    /// <summary>Bytes from start to end.</summary>
    internal int Length => Filled - Start;

    internal int Free => _capacity - Filled;

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

    /// <summary>Leads to bytes of somebody else, one reference to which is this block's from here on.</summary>
    internal void Borrow(byte[] array, int start, int count, IByteOwner lender)
    {
        Array = array;
        Start = start;
        _capacity = Filled = start + count;
        _lender = lender;
    }

    /// <summary>Ends <see cref="Borrow"/>.</summary>
    internal void GiveBack()
    {
        IByteOwner lender = _lender!;
        _lender = null;
        Array = [];
        Start = _capacity = 0;
        lender.Release();
    }

    /// <summary>Forgets contents and neighbours.</summary>
    internal void Reset()
    {
        Filled = 0;
        Next = null;
        RunningIndex = 0;
    }
}
