using Nightjar.LoadTests.CommandLine;
using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>One shape of traffic. Stateless: each run makes its own clients.</summary>
internal abstract class Scenario
{
    /// <summary>As the command line names it.</summary>
    internal abstract string Name { get; }

    /// <summary>What it does, in a short sentence with its defaults.</summary>
    internal abstract string Summary { get; }

    /// <summary>What of the options this scenario cannot do; null when it can.</summary>
    internal virtual string? Check(LoadOptions options) => null;

    /// <summary>Connects, warms up, measures, drains and disconnects.</summary>
    /// <exception cref="BrokerUnusableException">A client could not connect or subscribe before the load began.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    internal abstract Task<ScenarioResult> RunAsync(ScenarioContext context);
}
