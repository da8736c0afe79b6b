using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Nightjar.Broker.Connections;

/// <summary>An answer that waits. Nearly all of them are a few bytes, which lie in the place itself: one for each message must not be garbage.</summary>
internal readonly struct PendingFrame
{
    private readonly ulong _small;
    private readonly int _length;
    private readonly byte[]? _large;

    internal PendingFrame(long ticket, ReadOnlySpan<byte> frame)
    {
        Ticket = ticket;
        _length = frame.Length;
        if (frame.Length > sizeof(ulong)) _large = frame.ToArray();
        else frame.CopyTo(MemoryMarshal.AsBytes(new Span<ulong>(ref _small)));
    }

    internal long Ticket { get; }

    /// <summary>The packet; valid as long as the place it is asked of.</summary>
    [UnscopedRef]
    internal ReadOnlySpan<byte> Frame => _large ?? MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in _small))[.._length];
}
