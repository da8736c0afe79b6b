namespace Nightjar.Transport.Tests;

/// <summary>What a test runs over.</summary>
public enum TransportKind
{
    /// <summary>TCP over IPv4.</summary>
    Socket,

    /// <summary>TCP over IPv6.</summary>
    SocketV6,

    /// <summary>In memory.</summary>
    Memory,
}
