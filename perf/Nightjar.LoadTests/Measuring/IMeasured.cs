namespace Nightjar.LoadTests.Measuring;

/// <summary>What can be sampled while it runs, from any thread.</summary>
internal interface IMeasured
{
    /// <summary>The counters now.</summary>
    Totals Totals { get; }

    /// <summary>The latencies so far.</summary>
    LatencySnapshot Latency { get; }
}
