using System.Net;

namespace Nightjar.Transport;

/// <summary>Source of connections that peers open.</summary>
public abstract class TransportListener : IAsyncDisposable
{
    /// <summary>Where peers connect to, with the port that was really bound.</summary>
    public abstract EndPoint LocalEndPoint { get; }

    /// <summary>Waits for the next connection. One call at a time.</summary>
    /// <param name="cancellationToken">Ends the wait only; the listener stays open.</param>
    /// <returns>The connection, or null when the listener is closed. When descriptors or memory run out the listener backs off and goes on
    /// by itself.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract ValueTask<TransportConnection?> AcceptAsync(CancellationToken cancellationToken);

    /// <summary>Stops listening; connections that were accepted live on.</summary>
    public abstract ValueTask DisposeAsync();
}
