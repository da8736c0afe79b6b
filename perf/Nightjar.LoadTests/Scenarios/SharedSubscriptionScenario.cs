using Nightjar.LoadTests.CommandLine;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>Publishers' messages are divided among the members of one shared subscription.</summary>
internal sealed class SharedSubscriptionScenario : FlowScenario
{
    internal override string Name => "shared";

    internal override string Summary => "publishers (10), messages divided among the members (10) of one shared subscription";

    internal override FlowTopology Arrange(LoadOptions options) => new(
        [.. Enumerable.Range(0, options.Publishers ?? 10).Select(i => new[] { $"{options.Prefix}/t/{i}" })],
        [.. Enumerable.Repeat($"$share/{options.Prefix.Replace('/', '-')}/{options.Prefix}/t/#", options.Subscribers ?? 10)],
        1);
}
