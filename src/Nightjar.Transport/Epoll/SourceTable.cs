namespace Nightjar.Transport.Epoll;

/// <summary>Who watches which descriptor. The numbers are small and dense, so that a place costs one reference.</summary>
/// <remarks>Readers take no lock.</remarks>
internal sealed class SourceTable
{
    private const int ChunkBits = 10;
    private const int ChunkSize = 1 << ChunkBits;

    private readonly Lock _gate = new();
    private IEpollSource?[]?[] _chunks = new IEpollSource?[]?[64];

    /// <summary>The source of a descriptor; null for none.</summary>
    internal IEpollSource? Find(int descriptor)
    {
        IEpollSource?[]?[] chunks = Volatile.Read(ref _chunks);
        int chunk = descriptor >> ChunkBits;
        return chunk < chunks.Length && Volatile.Read(ref chunks[chunk]) is { } sources
            ? Volatile.Read(ref sources[descriptor & (ChunkSize - 1)])
            : null;
    }

    /// <summary>Puts a source in, or takes it out before its descriptor is closed.</summary>
    internal void Set(int descriptor, IEpollSource? source)
    {
        IEpollSource?[]?[] chunks = Volatile.Read(ref _chunks);
        int chunk = descriptor >> ChunkBits;
        IEpollSource?[] sources = chunk < chunks.Length && Volatile.Read(ref chunks[chunk]) is { } present ? present : AddChunk(chunk);
        Volatile.Write(ref sources[descriptor & (ChunkSize - 1)], source);
    }

    private IEpollSource?[] AddChunk(int chunk)
    {
        lock (_gate)
        {
            IEpollSource?[]?[] chunks = _chunks;
            if (chunk >= chunks.Length)
            {
                Array.Resize(ref chunks, Math.Max(chunk + 1, chunks.Length * 2));
                Volatile.Write(ref _chunks, chunks);
            }
            IEpollSource?[] sources = chunks[chunk] ?? new IEpollSource?[ChunkSize];
            Volatile.Write(ref chunks[chunk], sources);
            return sources;
        }
    }
}
