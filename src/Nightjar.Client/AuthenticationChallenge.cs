using Nightjar.Protocol;

namespace Nightjar.Client;

/// <summary>An AUTH packet received from the server (§3.15), copied.</summary>
/// <param name="ReasonCode">0x00 (success) or 0x18 (continue).</param>
/// <param name="Method">Authentication Method; equals that of CONNECT [MQTT-4.12.0-5].</param>
/// <param name="AuthenticationData">Authentication Data; empty when absent.</param>
public sealed record AuthenticationChallenge(ReasonCode ReasonCode, string Method, ReadOnlyMemory<byte> AuthenticationData);
