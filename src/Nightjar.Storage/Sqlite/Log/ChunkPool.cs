namespace Nightjar.Storage.Sqlite.Log;

/// <summary>Chunks that are not in use, and how many bytes are.</summary>
/// <remarks>Any thread. One lock, taken once a chunk and not once a record.</remarks>
internal sealed class ChunkPool : IDisposable
{
    internal const int ChunkSize = 64 * 1024;
    private const int MostKept = 128;
    private const int MostBare = 4096;
    private readonly Lock _gate = new();
    private readonly Stack<Chunk> _kept = new(MostKept);
    private readonly Stack<Chunk> _bare;
    private readonly long _limit;
    private long _held;
    private bool _disposed;

    /// <param name="limit">Most bytes in use at once.</param>
    internal ChunkPool(long limit)
    {
        _limit = limit;
        // Objects without memory, so that a burst takes memory from the system and makes no garbage.
        var bare = (int)Math.Clamp(limit / ChunkSize, 1, MostBare);
        _bare = new Stack<Chunk>(bare);
        while (_bare.Count < bare) _bare.Push(new Chunk());
    }

    /// <summary>Bytes of chunks in use.</summary>
    internal long Held => Volatile.Read(ref _held);

    /// <summary>Takes a chunk with room for some bytes; null when the limit is reached.</summary>
    /// <param name="size">Bytes.</param>
    /// <param name="beyondLimit">Whether the limit does not hold.</param>
    internal Chunk? TryRent(int size, bool beyondLimit = false)
    {
        var capacity = Math.Max(size, ChunkSize);
        Chunk? chunk;
        lock (_gate)
        {
            if ((_held + capacity > _limit && !beyondLimit) || _disposed) return null;
            _held += capacity;
            if (capacity == ChunkSize && _kept.TryPop(out chunk)) return chunk;
            if (!_bare.TryPop(out chunk)) chunk = new Chunk();
        }

        chunk.Allocate(capacity);
        return chunk;
    }

    /// <summary>Gives back a chunk.</summary>
    internal void Return(Chunk chunk)
    {
        chunk.Used = 0;
        chunk.Next = null;
        lock (_gate)
        {
            _held -= chunk.Capacity;
            if (chunk.Capacity == ChunkSize && _kept.Count < MostKept && !_disposed)
            {
                _kept.Push(chunk);
                return;
            }

            chunk.Free();
            if (_bare.Count < MostBare) _bare.Push(chunk);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            while (_kept.TryPop(out var chunk)) chunk.Free();
        }
    }
}
