namespace Nightjar.Transport.Tests;

/// <summary>What a test runs over.</summary>
public enum TransportKind
{
    /// <summary>TCP over IPv4.</summary>
    Socket,

    /// <summary>TCP over IPv6.</summary>
    SocketV6,

    /// <summary>TCP over IPv4, served by event loops at both ends where the system has them.</summary>
    EventLoop,

    /// <summary>In memory.</summary>
    Memory,
}
