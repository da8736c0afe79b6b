using Nightjar.LoadTests.CommandLine;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>Every publisher cycles over many topics; every subscriber hears all of them by a wildcard.</summary>
internal sealed class WildcardScenario : FlowScenario
{
    internal override string Name => "wildcard";

    internal override string Summary => "publishers (4) in turn on many topics (10000), subscribers (4) to dev/+/temp";

    internal override FlowTopology Arrange(LoadOptions options)
    {
        int subscribers = options.Subscribers ?? 4;
        string[] topics = [.. Enumerable.Range(0, options.Topics ?? 10_000).Select(i => $"{options.Prefix}/dev/{i}/temp")];
        return new FlowTopology(
            [.. Enumerable.Repeat(topics, options.Publishers ?? 4)], [.. Enumerable.Repeat($"{options.Prefix}/dev/+/temp", subscribers)], subscribers);
    }
}
