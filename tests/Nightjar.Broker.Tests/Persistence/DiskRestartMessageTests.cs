namespace Nightjar.Broker.Tests.Persistence;

/// <summary>The state of brokers in a file.</summary>
public sealed class DiskRestartMessageTests() : RestartMessageTests(StoreKind.Disk);
