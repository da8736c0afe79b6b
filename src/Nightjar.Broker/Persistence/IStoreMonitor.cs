namespace Nightjar.Broker.Persistence;

/// <summary>How a store is doing.</summary>
internal interface IStoreMonitor
{
    /// <summary>Whether it can write.</summary>
    StoreCondition Condition { get; }

    /// <summary>Whether so much waits for the disk that a message for many would not be taken as a whole.</summary>
    bool IsFull => false;

    /// <summary>What it has done.</summary>
    /// <remarks>Any thread, at any time; takes no lock that a writer holds for long.</remarks>
    StoreCounters Counters { get; }
}
