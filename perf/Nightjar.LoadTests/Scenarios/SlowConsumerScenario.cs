using Nightjar.LoadTests.CommandLine;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>A fan-out in which one more subscriber reads slowly; judged is what the others notice of it.</summary>
internal sealed class SlowConsumerScenario : FlowScenario
{
    internal override string Name => "slow-consumer";

    internal override string Summary => "publishers (1), one topic, subscribers (10) that keep up beside one that reads slowly and is not judged";

    internal override FlowTopology Arrange(LoadOptions options)
    {
        string topic = $"{options.Prefix}/t";
        int subscribers = options.Subscribers ?? 10;
        return new FlowTopology(
            [.. Enumerable.Repeat<string[]>([topic], options.Publishers ?? 1)], [.. Enumerable.Repeat(topic, subscribers)], subscribers, [topic]);
    }
}
