using Nightjar.Broker.Security;

namespace Nightjar.Broker.Control;

/// <summary>One message to an endpoint.</summary>
/// <param name="Endpoint">The endpoint.</param>
/// <param name="Sender">Who asks.</param>
/// <param name="Payload">The request as it came.</param>
internal sealed record ControlRequest(IControlEndpoint Endpoint, Identity Sender, byte[] Payload);
