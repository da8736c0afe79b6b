using System.Net.Sockets;
using System.Security.Authentication;
using Nightjar.Client;
using Nightjar.LoadTests.Measuring;
using Nightjar.LoadTests.Simulations;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>Clients that connect, are accepted, and disconnect.</summary>
internal sealed class ConnectStormScenario : Scenario
{
    /// <summary>Most connections under way when an open loop begins them faster than the broker takes them.</summary>
    private const int MaximumUnderWay = 10_000;

    internal override string Name => "connect-storm";

    internal override string Summary => "clients that connect and disconnect, each time with a new client id (50 under way)";

    internal override async Task<ScenarioResult> RunAsync(ScenarioContext context)
    {
        LoadPlan plan = context.PlanOr(new ClosedLoop(50, TimeSpan.FromSeconds(1)));
        await using var clients = new ClientSet(context);
        await ProbeAsync(clients).ConfigureAwait(false);
        var target = new WorkTarget(number => ConnectOnceAsync(context, clients, number), MaximumUnderWay);
        var part = new MeasuredPart(context, target, target);
        await part.RunAsync(plan).ConfigureAwait(false);
        await part.DrainAsync(() => target.Totals.Sent - target.UnderWay, target.Totals.Sent).ConfigureAwait(false);
        return part.ResultOf(this, plan.Describe(), context.Tls is null ? "TCP connect to CONNACK" : "TCP connect over TLS to CONNACK", [new("version", context.VersionText)]) with
        {
            Unit = "connections",
            Lost = target.Totals.Sent - target.Totals.Received,
            ErrorCount = clients.Errors.Count,
            Errors = clients.Errors.Describe(),
        };
    }

    /// <summary>One connection before the load, so that a broker that is not there is told as that.</summary>
    private static async Task ProbeAsync(ClientSet clients)
    {
        MqttClient probe = clients.Add();
        await clients.ConnectAsync(probe, clients.OptionsOf("probe")).ConfigureAwait(false);
        await clients.DisconnectAsync(probe).ConfigureAwait(false);
    }

    private static async Task<long?> ConnectOnceAsync(ScenarioContext context, ClientSet clients, long number)
    {
        try
        {
            await using var client = new MqttClient();
            MqttClientOptions options = clients.OptionsOf($"c{number}");
            long start = MonotonicClock.Now;
            ConnectResult result = await client.ConnectAsync(context.Options.Broker.EndPoint, options, context.CancellationToken).ConfigureAwait(false);
            long latency = MonotonicClock.Now - start;
            if (!result.IsAccepted)
            {
                clients.Errors.Add($"not accepted: {result.Cause?.Kind} {result.Cause?.ReasonCode}");
                return null;
            }

            await client.DisconnectAsync().ConfigureAwait(false);
            return latency;
        }
        catch (Exception exception) when (exception is SocketException or AuthenticationException or OperationCanceledException)
        {
            clients.Errors.Add(exception.Message);
            return null;
        }
    }
}
