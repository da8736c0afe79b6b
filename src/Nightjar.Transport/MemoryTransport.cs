using Nightjar.Transport.InMemory;

namespace Nightjar.Transport;

/// <summary>Connections within the process, which behave as sockets do: for tests and for clients inside the application. Continuations of
/// waits run on the thread pool.</summary>
public static class MemoryTransport
{
    /// <summary>Makes two connected ends.</summary>
    public static (TransportConnection Client, TransportConnection Server) CreatePair() => CreatePair(new MemoryTransportOptions());

    /// <summary>Makes two connected ends.</summary>
    /// <param name="options">Capacity and pool.</param>
    public static (TransportConnection Client, TransportConnection Server) CreatePair(MemoryTransportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return MemoryConnection.CreatePair(options, new MemoryEndPoint("memory:client"), new MemoryEndPoint("memory:server"));
    }
}
