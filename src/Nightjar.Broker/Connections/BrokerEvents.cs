using System.Net;
using Nightjar.Broker.Diagnostics;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <summary>A client was let in.</summary>
/// <param name="ClientId">Client identifier, assigned ones included.</param>
/// <param name="UserName">User name; null for anonymous.</param>
/// <param name="Version">Protocol version.</param>
/// <param name="RemoteEndPoint">Network address; null in memory.</param>
/// <param name="SessionPresent">Whether an earlier session goes on.</param>
public sealed record ClientConnectedEventArgs(string ClientId, string? UserName, ProtocolVersion Version, EndPoint? RemoteEndPoint, bool SessionPresent);

/// <summary>A client that had been let in is gone.</summary>
/// <param name="ClientId">Client identifier.</param>
/// <param name="Cause">Why.</param>
public sealed record ClientDisconnectedEventArgs(string ClientId, DisconnectCause Cause);

/// <summary>A message was accepted from a client or from the application.</summary>
/// <param name="ClientId">Publisher; null for the application and the broker itself.</param>
/// <param name="TopicName">Topic name.</param>
/// <param name="Payload">Payload, copied for the handler.</param>
/// <param name="QoS">QoS it was published with.</param>
/// <param name="Retain">Its RETAIN flag.</param>
public sealed record MessagePublishedEventArgs(string? ClientId, string TopicName, ReadOnlyMemory<byte> Payload, QualityOfService QoS, bool Retain);

/// <summary>The handlers of the embedding application. Called on I/O threads: they must be quick.</summary>
internal sealed class BrokerEvents
{
    internal Action<ClientConnectedEventArgs>? Connected;
    internal Action<ClientDisconnectedEventArgs>? Disconnected;
    internal Action<MessagePublishedEventArgs>? Published;
}
