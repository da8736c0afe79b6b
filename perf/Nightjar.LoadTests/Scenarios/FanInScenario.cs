using Nightjar.LoadTests.CommandLine;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>Publisher i → topic i → few subscribers to all of them.</summary>
internal sealed class FanInScenario : FlowScenario
{
    internal override string Name => "fan-in";

    internal override string Summary => "many publishers (20), each its topic, few subscribers to all of them (1)";

    internal override FlowTopology Arrange(LoadOptions options)
    {
        int subscribers = options.Subscribers ?? 1;
        return new FlowTopology(
            [.. Enumerable.Range(0, options.Publishers ?? 20).Select(i => new[] { $"{options.Prefix}/t/{i}" })],
            [.. Enumerable.Repeat($"{options.Prefix}/t/#", subscribers)],
            subscribers);
    }
}
