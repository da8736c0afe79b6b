namespace Nightjar.LoadTests.Measuring;

/// <summary>What happened in one interval of the measured time.</summary>
/// <param name="Elapsed">End of the interval, from the start of measuring.</param>
/// <param name="SentPerSecond">Messages published (connections begun) per second.</param>
/// <param name="ReceivedPerSecond">Messages delivered (connections accepted) per second.</param>
/// <param name="Latency">Latency of those delivered.</param>
internal sealed record TimePoint(TimeSpan Elapsed, double SentPerSecond, double ReceivedPerSecond, LatencySnapshot Latency);
