namespace Nightjar.LoadTests.Scenarios;

/// <summary>All scenarios there are.</summary>
internal static class ScenarioTable
{
    internal static readonly IReadOnlyList<Scenario> All =
    [
        new PairScenario(), new FanOutScenario(), new FanInScenario(), new WildcardScenario(), new SharedSubscriptionScenario(),
        new ConnectStormScenario(), new IdleScenario(), new SlowConsumerScenario(), new OfflineQueueScenario(), new TlsScenario(),
    ];

    /// <summary>The scenario of a name, or null.</summary>
    internal static Scenario? Find(string name) => All.FirstOrDefault(scenario => scenario.Name == name);
}
