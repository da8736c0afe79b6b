using Nightjar.LoadTests.CommandLine;
using Nightjar.LoadTests.Measuring;
using Nightjar.LoadTests.Simulations;
using Nightjar.Protocol;
using Nightjar.Transport.Tls;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>What one run of a scenario is given.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Progress">Is told of each interval; null for nobody.</param>
/// <param name="Tls">TLS of all connections; null for none.</param>
/// <param name="CancellationToken">Gives the run up.</param>
internal sealed record ScenarioContext(
    LoadOptions Options, Action<string, TimePoint, Totals>? Progress = null, TlsClientContext? Tls = null, CancellationToken CancellationToken = default)
{
    /// <summary>The plan of the options, or the scenario's own load.</summary>
    internal LoadPlan PlanOr(params LoadSimulation[] defaults) => new(
        Options.Simulations.Count > 0 ? Options.Simulations : [.. defaults.Select(simulation => simulation.Lasting(Options.Duration))], Options.WarmUp);

    /// <summary>The interval of the time series: a sixtieth of the duration, from 50 ms to a second.</summary>
    internal static TimeSpan IntervalOf(TimeSpan duration) => TimeSpan.FromMilliseconds(Math.Clamp(duration.TotalMilliseconds / 60, 50, 1000));

    /// <summary>The protocol version as people write it.</summary>
    internal string VersionText => Options.Version switch
    {
        ProtocolVersion.Mqtt31 => "MQTT 3.1",
        ProtocolVersion.Mqtt311 => "MQTT 3.1.1",
        _ => "MQTT 5.0",
    };
}
