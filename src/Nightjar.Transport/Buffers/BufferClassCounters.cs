namespace Nightjar.Transport.Buffers;

/// <summary>What was rented from and returned to one size class of a <see cref="BufferPool"/>.</summary>
/// <param name="BlockSize">Bytes a block; 0 for blocks with a buffer of their own, and for those that lead to bytes of others.</param>
/// <param name="Rented">Blocks handed out since the pool was made.</param>
/// <param name="Returned">Blocks given back since the pool was made.</param>
public readonly record struct BufferClassCounters(int BlockSize, long Rented, long Returned)
{
    /// <summary>Blocks in somebody's hands now.</summary>
    public long Outstanding => Rented - Returned;
}
