namespace Nightjar.Transport.Buffers;

/// <summary>Free blocks and counters of one thread for one <see cref="BufferPool"/>. Only that thread writes here; others may read the
/// counters.</summary>
internal sealed class BufferThreadCache
{
    private readonly BufferBlock?[][] _blocks = [new BufferBlock?[512], new BufferBlock?[32], new BufferBlock?[16], new BufferBlock?[8], [], new BufferBlock?[512]];
    private readonly int[] _counts = new int[BufferPool.ClassCount];

    internal BufferThreadCache(BufferPool owner, Thread thread)
    {
        Owner = owner;
        Thread = thread;
    }

    internal BufferPool Owner { get; }

    internal Thread Thread { get; }

    internal long[] Rented { get; } = new long[BufferPool.ClassCount];

    internal long[] Returned { get; } = new long[BufferPool.ClassCount];

    /// <summary>Takes the block that was put here last, whose memory is likeliest to be in the processor's cache.</summary>
    internal BufferBlock? Pop(int sizeClass)
    {
        int count = _counts[sizeClass];
        if (count == 0)
            return null;
        BufferBlock?[] blocks = _blocks[sizeClass];
        BufferBlock? block = blocks[count - 1];
        blocks[count - 1] = null;
        _counts[sizeClass] = count - 1;
        return block;
    }

    /// <summary>Keeps a block.</summary>
    /// <returns>False when there are enough.</returns>
    internal bool Push(BufferBlock block)
    {
        int count = _counts[block.SizeClass];
        BufferBlock?[] blocks = _blocks[block.SizeClass];
        if (count == blocks.Length)
            return false;
        blocks[count] = block;
        _counts[block.SizeClass] = count + 1;
        return true;
    }
}
