using System.Net;
using Nightjar.Transport.Buffers;

namespace Nightjar.Transport;

/// <summary>How sockets are made. Immutable.</summary>
public sealed record SocketTransportOptions
{
    /// <summary>Sends small segments at once (TCP_NODELAY). Default true.</summary>
    public bool NoDelay { get; init; } = true;

    /// <summary>Connections that the operating system holds until they are accepted. Default 1024.</summary>
    public int Backlog { get; init; } = 1024;

    /// <summary>Probes silent peers, so that dead ones are found. Default true.</summary>
    public bool KeepAlive { get; init; } = true;

    /// <summary>Silence before the first probe. Whole seconds, default 60.</summary>
    /// <remarks>The defaults find a dead peer after 60 + 3 × 20 = 120 seconds.</remarks>
    public TimeSpan KeepAliveIdle { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time between probes. Whole seconds, default 20.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Probes without answer that end the connection. Default 3.</summary>
    public int KeepAliveCount { get; init; } = 3;

    /// <summary>Address of this machine that <see cref="SocketTransport.ConnectAsync"/> connects from; null = the operating system's choice.</summary>
    public IPAddress? LocalAddress { get; init; }

    /// <summary>Network device that <see cref="SocketTransport.Listen"/> is bound to (SO_BINDTODEVICE, Linux); null = any.</summary>
    public string? Device { get; init; }

    /// <summary>Bytes the operating system buffers for sending; 0 = its own choice, which grows with need.</summary>
    public int SendBufferSize { get; init; }

    /// <summary>Bytes the operating system buffers for receiving; 0 = its own choice, which grows with need.</summary>
    public int ReceiveBufferSize { get; init; }

    /// <summary>Serves TCP connections by event loops of this library, one thread a processor, where the operating system is Linux; elsewhere it has
    /// no effect. Takes a third of the memory of a socket of the runtime and fewer system calls. Default false.</summary>
    /// <remarks>The continuation of a read then runs on a loop's thread: nothing that blocks may be in one.</remarks>
    public bool EventLoops { get; init; }

    /// <summary>Clock of the linger and of the listener's back-off.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the connections' blocks come from.</summary>
    public BufferPool BufferPool { get; init; } = BufferPool.Shared;
}
