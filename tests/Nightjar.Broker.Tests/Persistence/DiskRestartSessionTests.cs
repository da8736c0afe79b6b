namespace Nightjar.Broker.Tests.Persistence;

/// <summary>The state of brokers in a file.</summary>
public sealed class DiskRestartSessionTests() : RestartSessionTests(StoreKind.Disk);
