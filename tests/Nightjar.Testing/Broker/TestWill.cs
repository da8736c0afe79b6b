using Nightjar.Protocol;

namespace Nightjar.Testing.Broker;

/// <summary>The will of a test client. <paramref name="Properties"/> are encoded will properties (v5), the delay included when it is there.</summary>
public sealed record TestWill(string Topic, string Payload, QualityOfService QoS = QualityOfService.AtMostOnce, bool Retain = false, byte[]? Properties = null);
