namespace Nightjar.Broker.Tests.Persistence;

/// <summary>With a store that keeps nothing.</summary>
public sealed class ManualDurabilityReleaseTests() : DurabilityReleaseTests(ManualStore.Create());
