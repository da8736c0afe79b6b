namespace Nightjar.Broker.Connections;

/// <summary>What CONNACK will say that is known before the session is.</summary>
/// <param name="Request">The CONNECT it answers.</param>
/// <param name="AssignedClientId">Assigned Client Identifier; null when the client brought its own [MQTT-3.1.3-7].</param>
/// <param name="AuthenticationData">Last Authentication Data of an enhanced authentication; empty for none.</param>
internal sealed record ConnAckPlan(ConnectRequest Request, string? AssignedClientId, ReadOnlyMemory<byte> AuthenticationData);
