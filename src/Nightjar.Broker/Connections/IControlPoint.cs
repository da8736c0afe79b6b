using Nightjar.Broker.Sessions;

namespace Nightjar.Broker.Connections;

/// <summary>Takes what clients publish below <c>$CONTROL</c>: requests to the broker, which go to no subscriber.</summary>
internal interface IControlPoint
{
    /// <summary>Takes a request that the gate has let through. Called on an I/O thread: what it asks for is done later, and answered with a message.</summary>
    /// <param name="connection">Who asks.</param>
    /// <param name="topicName">Topic name, <c>$CONTROL</c> or below.</param>
    /// <param name="payload">The request; copied if it is kept.</param>
    /// <param name="context">The batch.</param>
    /// <returns>Whether it was taken; false: too much waits, or it is too large, and the client was told.</returns>
    bool TryTake(ClientConnection connection, ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> payload, BatchContext context);
}
