using Nightjar.Transport.Buffers;

namespace Nightjar.Transport.WebSockets;

/// <summary>How WebSocket connections are made. Immutable.</summary>
public sealed record WebSocketListenerOptions
{
    /// <summary>Time from accept within which the whole request must have come. Default 10 seconds.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Most handshakes under way; a connection beyond them is reset. Default 10 000.</summary>
    public int MaximumHandshakes { get; init; } = 10_000;

    /// <summary>Values of the Origin header that are let in, compared exactly; a request without one is refused too. Empty (the default):
    /// any, and none.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Clock of the handshake and of the linger.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the blocks of what is decoded and not yet framed come from.</summary>
    public BufferPool BufferPool { get; init; } = BufferPool.Shared;
}
