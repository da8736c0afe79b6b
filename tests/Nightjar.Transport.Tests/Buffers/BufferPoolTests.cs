using Nightjar.Transport.Buffers;
using Xunit;

namespace Nightjar.Transport.Tests.Buffers;

public class BufferPoolTests
{
    [Theory]
    [InlineData(1, 1024)]
    [InlineData(1024, 1024)]
    [InlineData(1025, 4096)]
    [InlineData(16_384, 16_384)]
    [InlineData(16_385, 65_536)]
    [InlineData(65_536, 65_536)]
    public void RentAtLeast_SizeInAClass_GivesThatClass(int size, int expected)
    {
        var pool = new BufferPool();
        BufferBlock block = pool.RentAtLeast(size);
        Assert.Equal(expected, block.Array.Length);
        Assert.Equal(1, pool.GetCounters().Single(c => c.BlockSize == expected).Outstanding);
        pool.Return(block);
        Assert.Equal(0, pool.Outstanding);
        Assert.Same(block, pool.RentAtLeast(size));
    }

    [Fact]
    public void RentAtLeast_LargerThanAnyClass_GivesABufferOfItsOwn()
    {
        var pool = new BufferPool();
        BufferBlock block = pool.RentAtLeast(65_537);
        Assert.True(block.Array.Length >= 65_537);
        Assert.Equal(1, pool.GetCounters()[BufferPool.OwnBufferClass].Outstanding);
        pool.Return(block);
        Assert.Equal(0, pool.Outstanding);
    }

    [Fact]
    public void Return_Twice_Throws()
    {
        var pool = new BufferPool();
        BufferBlock block = pool.RentAtLeast(100);
        pool.Return(block);
        Assert.Throws<InvalidOperationException>(() => pool.Return(block));
    }

    [Fact]
    public void Outstanding_ManyThreadsThatEnd_StaysExact()
    {
        var pool = new BufferPool();
        var handed = new System.Collections.Concurrent.ConcurrentQueue<BufferBlock>();
        for (int round = 0; round < 3; round++)
        {
            Thread[] threads = [.. Enumerable.Range(0, 4).Select(seed => new Thread(() => RentAndReturn(pool, handed, seed)))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
        }
        Assert.Equal(handed.Count, pool.Outstanding);
        while (handed.TryDequeue(out BufferBlock? block))
            pool.Return(block);
        Assert.Equal(0, pool.Outstanding);
    }

    private static void RentAndReturn(BufferPool pool, System.Collections.Concurrent.ConcurrentQueue<BufferBlock> handed, int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < 5000; i++)
        {
            BufferBlock block = pool.RentAtLeast(random.Next(1, 70_000));
            Assert.Equal(0, block.Filled);
            if (random.Next(2) == 0)
                handed.Enqueue(block);
            else
                pool.Return(block);
            if (random.Next(2) == 0 && handed.TryDequeue(out BufferBlock? other))
                pool.Return(other);
        }
    }
}
