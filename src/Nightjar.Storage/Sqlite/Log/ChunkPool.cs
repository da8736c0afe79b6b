namespace Nightjar.Storage.Sqlite.Log;

/// <summary>Chunks that are not in use, and how many bytes are.</summary>
/// <remarks>Any thread. One lock, taken once a chunk and not once a record.</remarks>
internal sealed class ChunkPool : IDisposable
{
    internal const int ChunkSize = 64 * 1024;
    private const int MostKept = 128;
    private readonly Lock _gate = new();
    private readonly Chunk?[] _kept = new Chunk?[MostKept];
    private readonly long _limit;
    private int _count;
    private long _held;
    private bool _disposed;

    /// <param name="limit">Most bytes in use at once.</param>
    internal ChunkPool(long limit) => _limit = limit;

    /// <summary>Bytes of chunks in use.</summary>
    internal long Held => Volatile.Read(ref _held);

    /// <summary>Takes a chunk with room for some bytes; null when the limit is reached.</summary>
    internal Chunk? TryRent(int size)
    {
        var capacity = Math.Max(size, ChunkSize);
        lock (_gate)
        {
            if (_held + capacity > _limit || _disposed) return null;
            _held += capacity;
            if (capacity == ChunkSize && _count > 0)
            {
                var chunk = _kept[--_count]!;
                _kept[_count] = null;
                return chunk;
            }
        }

        return new Chunk(capacity);
    }

    /// <summary>Gives back a chunk.</summary>
    internal void Return(Chunk chunk)
    {
        chunk.Used = 0;
        chunk.Next = null;
        lock (_gate)
        {
            _held -= chunk.Capacity;
            if (chunk.Capacity == ChunkSize && _count < MostKept && !_disposed)
            {
                _kept[_count++] = chunk;
                return;
            }
        }

        chunk.Free();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            while (_count > 0) _kept[--_count]!.Free();
        }
    }
}
