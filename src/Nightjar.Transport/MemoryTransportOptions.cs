using Nightjar.Transport.Buffers;

namespace Nightjar.Transport;

/// <summary>How in-memory connections are made. Immutable.</summary>
public sealed record MemoryTransportOptions
{
    /// <summary>Bytes that each direction holds before its sender has to wait. Default 64 KiB.</summary>
    public int Capacity { get; init; } = 64 * 1024;

    /// <summary>Clock of the linger.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the blocks come from.</summary>
    public BufferPool BufferPool { get; init; } = BufferPool.Shared;
}
