namespace Nightjar.Broker.Tests.Persistence;

/// <summary>What the brokers of a test that restarts them stand on.</summary>
public enum StoreKind
{
    /// <summary>In memory.</summary>
    Memory,

    /// <summary>In memory, and queues are read back from it.</summary>
    PagingMemory,

    /// <summary>A file.</summary>
    Disk,
}
