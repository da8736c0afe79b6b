using Nightjar.LoadTests.CommandLine;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>Publisher i → topic i → subscriber i.</summary>
internal sealed class PairScenario : FlowScenario
{
    internal override string Name => "pair";

    internal override string Summary => "publisher i to subscriber i on its own topic (10 pairs)";

    internal override string? Check(LoadOptions options) =>
        options is { Publishers: { } publishers, Subscribers: { } subscribers } && publishers != subscribers
            ? "--publishers and --subscribers must be the same number."
            : null;

    internal override FlowTopology Arrange(LoadOptions options)
    {
        int pairs = options.Publishers ?? options.Subscribers ?? 10;
        string[] topics = [.. Enumerable.Range(0, pairs).Select(i => $"{options.Prefix}/t/{i}")];
        return new FlowTopology([.. topics.Select(static topic => new[] { topic })], topics, 1);
    }
}
