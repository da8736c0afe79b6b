namespace Nightjar.LoadTests.Measuring;

/// <summary>What one scenario has shown. Immutable.</summary>
internal sealed record ScenarioResult
{
    /// <summary>Name of the scenario.</summary>
    public required string Name { get; init; }

    /// <summary>The scenario in a sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>The load in words.</summary>
    public required string Load { get; init; }

    /// <summary>What it ran with, in order: clients, version, QoS, sizes.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Parameters { get; init; }

    /// <summary>What is counted, in the plural: messages or connections.</summary>
    public string Unit { get; init; } = "messages";

    /// <summary>What the latency is taken from and to.</summary>
    public required string LatencyName { get; init; }

    /// <summary>Length of the measured part.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Messages published (connections begun) in the measured part.</summary>
    public long Sent { get; init; }

    /// <summary>Messages delivered (connections accepted) in the measured part.</summary>
    public long Received { get; init; }

    /// <summary>Deliveries of the whole run, warm-up included, that did not come before the drain gave up.</summary>
    public long Lost { get; init; }

    /// <summary>Deliveries of the whole run beyond those expected.</summary>
    public long Duplicates { get; init; }

    /// <summary>Units that an open loop should have begun and did not, because too much was under way or this machine was too late.</summary>
    public long NotBegun { get; init; }

    /// <summary>What went wrong: refused or lost connections and publishes.</summary>
    public long ErrorCount { get; init; }

    /// <summary>The first errors, each with its number.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>Latency of what was delivered in the measured part and while draining.</summary>
    public LatencySnapshot Latency { get; init; } = LatencySnapshot.Empty;

    /// <summary>How long after its moment each unit of an open loop was begun; it is part of <see cref="Latency"/>. Empty for closed loops.</summary>
    public LatencySnapshot Lateness { get; init; } = LatencySnapshot.Empty;

    /// <summary>The measured part over time.</summary>
    public IReadOnlyList<TimePoint> Points { get; init; } = [];

    /// <summary>Processors of this machine.</summary>
    public int Processors { get; init; } = 1;

    /// <summary>Processor time of this process in the measured part.</summary>
    public TimeSpan GeneratorProcessor { get; init; }

    /// <summary>Processor time of the broker in the measured part; null when its process is not known.</summary>
    public TimeSpan? BrokerProcessor { get; init; }

    /// <summary>Resident memory of the broker at the end of the measured part; null when its process is not known.</summary>
    public long? BrokerResidentBytes { get; init; }

    /// <summary>What the broker's resident memory grew by for each connection; null where that is not measured.</summary>
    public double? BrokerBytesPerConnection { get; init; }

    /// <summary>What only this scenario can tell, as name and text.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Facts { get; init; } = [];

    /// <summary>Units begun per second.</summary>
    public double SentPerSecond => PerSecond(Sent);

    /// <summary>Units done per second.</summary>
    public double ReceivedPerSecond => PerSecond(Received);

    /// <summary>This process's processor time for one delivery, in microseconds; 0 without any.</summary>
    public double GeneratorMicrosecondsPerUnit => Received == 0 ? 0 : GeneratorProcessor.TotalMicroseconds / Received;

    /// <summary>The broker's processor time for one delivery, in microseconds; null when it is not known.</summary>
    public double? BrokerMicrosecondsPerUnit => BrokerProcessor is { } used && Received > 0 ? used.TotalMicroseconds / Received : null;

    /// <summary>Part of one processor that this process used, in percent.</summary>
    public double GeneratorPercent => PercentOf(GeneratorProcessor);

    /// <summary>Part of one processor that the broker used, in percent; null when it is not known.</summary>
    public double? BrokerPercent => BrokerProcessor is { } used ? PercentOf(used) : null;

    private double PercentOf(TimeSpan used) => Elapsed > TimeSpan.Zero ? used / Elapsed * 100 : 0;

    private double PerSecond(long count) => Elapsed > TimeSpan.Zero ? count / Elapsed.TotalSeconds : 0;
}
