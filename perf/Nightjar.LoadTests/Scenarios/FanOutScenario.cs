using Nightjar.LoadTests.CommandLine;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>Every publisher → one topic → every subscriber.</summary>
internal sealed class FanOutScenario : FlowScenario
{
    internal override string Name => "fan-out";

    internal override string Summary => "few publishers (1), one topic, many subscribers (50)";

    internal override FlowTopology Arrange(LoadOptions options)
    {
        string topic = $"{options.Prefix}/t";
        int subscribers = options.Subscribers ?? 50;
        return new FlowTopology([.. Enumerable.Repeat<string[]>([topic], options.Publishers ?? 1)], [.. Enumerable.Repeat(topic, subscribers)], subscribers);
    }
}
