namespace Nightjar.Broker.Tests.Persistence;

/// <summary>The state of brokers in memory.</summary>
public sealed class MemoryRestartMessageTests() : RestartMessageTests(StoreKind.Memory);
