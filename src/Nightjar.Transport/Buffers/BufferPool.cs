using System.Buffers;

namespace Nightjar.Transport.Buffers;

/// <summary>The source of every block that a transport fills or sends: four size classes of 1, 4, 16 and 64 KiB, and larger blocks made
/// to measure.</summary>
/// <remarks>A thread keeps a few free blocks of its first pool for itself, without locks; the rest goes through one locked stack a class.
/// Counting is done per thread as well and summed when asked, so that it costs nothing that the path would notice. All members may be
/// used from any thread.</remarks>
public sealed class BufferPool
{
    /// <summary>Bytes of the smallest block.</summary>
    public const int MinimumBlockSize = 1024;

    /// <summary>Bytes of the largest pooled block; a larger request gets a buffer of its own.</summary>
    public const int MaximumBlockSize = 64 * 1024;

    internal const int LargestClass = 3;
    internal const int OwnBufferClass = 4;
    internal const int BorrowedClass = 5;
    internal const int ClassCount = 6;

    // Blocks without an array that are kept for later.
    private const int RetainedBorrowed = 4096;

    // Bytes that one class keeps for later beyond the threads' own; what exceeds it is left to the garbage collector.
    private const int RetainedBytesPerClass = 16 * 1024 * 1024;

    [ThreadStatic]
    private static BufferThreadCache? t_cache;

    private readonly Lock _gate = new();
    private readonly Stack<BufferBlock>[] _free = new Stack<BufferBlock>[ClassCount];
    private readonly List<BufferThreadCache> _caches = [];
    private readonly long[] _rented = new long[ClassCount];
    private readonly long[] _returned = new long[ClassCount];

    /// <summary>Makes an empty pool.</summary>
    public BufferPool()
    {
        for (int i = 0; i < _free.Length; i++)
            _free[i] = new Stack<BufferBlock>();
    }

    /// <summary>The pool that transports use when their options name none.</summary>
    public static BufferPool Shared { get; } = new();

    /// <summary>Blocks in somebody's hands now, over all classes.</summary>
    /// <remarks>Exact when nobody is renting or returning at the same time.</remarks>
    public long Outstanding
    {
        get
        {
            long sum = 0;
            foreach (BufferClassCounters counters in GetCounters())
                sum += counters.Outstanding;
            return sum;
        }
    }

    /// <summary>Counters of each size class, the smallest first, then blocks with a buffer of their own, then those that lead to bytes of others.</summary>
    public BufferClassCounters[] GetCounters()
    {
        var result = new BufferClassCounters[ClassCount];
        lock (_gate)
        {
            for (int i = 0; i < ClassCount; i++)
            {
                // Returns are read before rents, so that a concurrent user never makes the difference negative.
                long returned = Volatile.Read(ref _returned[i]);
                foreach (BufferThreadCache cache in _caches)
                    returned += Volatile.Read(ref cache.Returned[i]);
                long rented = Volatile.Read(ref _rented[i]);
                foreach (BufferThreadCache cache in _caches)
                    rented += Volatile.Read(ref cache.Rented[i]);
                result[i] = new BufferClassCounters(i <= LargestClass ? SizeOf(i) : 0, rented, returned);
            }
        }
        return result;
    }

    internal static int SizeOf(int sizeClass) => MinimumBlockSize << (2 * sizeClass);

    /// <summary>Smallest class whose blocks hold <paramref name="size"/> bytes.</summary>
    internal static int ClassOf(int size)
    {
        int sizeClass = 0;
        while (sizeClass <= LargestClass && SizeOf(sizeClass) < size)
            sizeClass++;
        return sizeClass;
    }

    /// <summary>Hands out a block of at least <paramref name="size"/> bytes.</summary>
    internal BufferBlock RentAtLeast(int size)
    {
        int sizeClass = ClassOf(size);
        return sizeClass == OwnBufferClass ? RentOwn(size) : Rent(sizeClass);
    }

    /// <summary>Hands out an empty block of one class.</summary>
    internal BufferBlock Rent(int sizeClass)
    {
        BufferThreadCache? cache = t_cache;
        BufferBlock? block;
        if (cache is not null && ReferenceEquals(cache.Owner, this))
        {
            cache.Rented[sizeClass]++;
            block = cache.Pop(sizeClass) ?? PopShared(sizeClass);
        }
        else
        {
            block = RentSlow(sizeClass);
        }
        block ??= new BufferBlock(sizeClass == BorrowedClass ? [] : GC.AllocateUninitializedArray<byte>(SizeOf(sizeClass)), sizeClass);
        block.IsRented = true;
        return block;
    }

    /// <summary>Hands out a block that leads to bytes of somebody else, and takes over a reference to them; both are given back with the block.</summary>
    internal BufferBlock Borrow(byte[] array, int start, int count, IByteOwner lender)
    {
        BufferBlock block = Rent(BorrowedClass);
        block.Borrow(array, start, count, lender);
        return block;
    }

    /// <summary>Takes a block back.</summary>
    /// <exception cref="InvalidOperationException">The block was returned before.</exception>
    internal void Return(BufferBlock block)
    {
        if (!block.IsRented)
            throw new InvalidOperationException("The block has been returned already.");
        block.IsRented = false;
        block.Reset();
        int sizeClass = block.SizeClass;
        if (sizeClass == BorrowedClass)
            block.GiveBack();
        BufferThreadCache? cache = t_cache;
        if (cache is not null && ReferenceEquals(cache.Owner, this))
        {
            cache.Returned[sizeClass]++;
            if (sizeClass != OwnBufferClass && cache.Push(block))
                return;
        }
        else
        {
            Interlocked.Increment(ref _returned[sizeClass]);
        }
        if (sizeClass == OwnBufferClass)
            ArrayPool<byte>.Shared.Return(block.Array);
        else
            PushShared(block);
    }

    /// <summary>Takes back every block of a chain.</summary>
    internal void ReturnChain(BufferBlock? first)
    {
        while (first is not null)
        {
            BufferBlock? next = first.NextBlock;
            Return(first);
            first = next;
        }
    }

    private BufferBlock RentOwn(int size)
    {
        Interlocked.Increment(ref _rented[OwnBufferClass]);
        return new BufferBlock(ArrayPool<byte>.Shared.Rent(size), OwnBufferClass) { IsRented = true };
    }

    private BufferBlock? RentSlow(int sizeClass)
    {
        if (t_cache is null)
        {
            t_cache = Register();
            t_cache.Rented[sizeClass]++;
        }
        else
        {
            Interlocked.Increment(ref _rented[sizeClass]);
        }
        return PopShared(sizeClass);
    }

    private BufferBlock? PopShared(int sizeClass)
    {
        lock (_gate)
            return _free[sizeClass].TryPop(out BufferBlock? block) ? block : null;
    }

    private void PushShared(BufferBlock block)
    {
        lock (_gate)
        {
            Stack<BufferBlock> stack = _free[block.SizeClass];
            if (stack.Count < (block.SizeClass == BorrowedClass ? RetainedBorrowed : RetainedBytesPerClass / SizeOf(block.SizeClass)))
                stack.Push(block);
        }
    }

    // Threads come seldom, so each one that comes also buries those that have gone.
    private BufferThreadCache Register()
    {
        var cache = new BufferThreadCache(this, Thread.CurrentThread);
        lock (_gate)
        {
            for (int i = _caches.Count - 1; i >= 0; i--)
            {
                if (_caches[i].Thread.IsAlive)
                    continue;
                for (int c = 0; c < ClassCount; c++)
                {
                    Interlocked.Add(ref _rented[c], _caches[i].Rented[c]);
                    Interlocked.Add(ref _returned[c], _caches[i].Returned[c]);
                }
                _caches.RemoveAt(i);
            }
            _caches.Add(cache);
        }
        return cache;
    }
}
