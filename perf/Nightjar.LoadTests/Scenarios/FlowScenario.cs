using System.Globalization;
using Nightjar.LoadTests.CommandLine;
using Nightjar.LoadTests.Measuring;
using Nightjar.LoadTests.Simulations;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>A scenario of messages that flow from publishers to connected subscribers.</summary>
internal abstract class FlowScenario : Scenario
{
    /// <summary>The load where none is asked for.</summary>
    internal static readonly ClosedLoop DefaultLoad = new(256, TimeSpan.FromSeconds(1));

    /// <summary>Who publishes where and who listens where.</summary>
    internal abstract FlowTopology Arrange(LoadOptions options);

    internal override async Task<ScenarioResult> RunAsync(ScenarioContext context)
    {
        FlowTopology topology = Arrange(context.Options);
        LoadPlan plan = context.PlanOr(DefaultLoad);
        await using var clients = new ClientSet(context);
        var flow = new FlowClients(context, clients, topology);
        await flow.ConnectAsync().ConfigureAwait(false);
        var part = new MeasuredPart(context, flow, flow);
        await part.RunAsync(plan).ConfigureAwait(false);
        await part.DrainAsync(() => flow.Totals.Received, flow.Expected).ConfigureAwait(false);
        long missing = flow.Expected - flow.Totals.Received;
        return part.ResultOf(this, plan.Describe(), "publish to receive", ParametersOf(context, topology)) with
        {
            Lost = Math.Max(missing, 0),
            Duplicates = Math.Max(-missing, 0),
            ErrorCount = clients.Errors.Count,
            Errors = clients.Errors.Describe(),
            Facts = FactsOf(clients, flow, topology),
        };
    }

    private static List<KeyValuePair<string, string>> ParametersOf(ScenarioContext context, FlowTopology topology)
    {
        List<KeyValuePair<string, string>> parameters =
        [
            new("version", context.VersionText),
            new("QoS", ((int)(context.Options.QoS ?? 0)).ToString(CultureInfo.InvariantCulture)),
            new("payload bytes", context.Options.PayloadSize.ToString(CultureInfo.InvariantCulture)),
            new("publishers", topology.PublisherTopics.Count.ToString(CultureInfo.InvariantCulture)),
            new("subscribers", topology.Filters.Count.ToString(CultureInfo.InvariantCulture)),
        ];
        if (topology.SlowFilters.Count > 0) parameters.Add(new("slow consumers", topology.SlowFilters.Count.ToString(CultureInfo.InvariantCulture)));
        return parameters;
    }

    private static List<KeyValuePair<string, string>> FactsOf(ClientSet clients, FlowClients flow, FlowTopology topology)
    {
        List<KeyValuePair<string, string>> facts = [];
        long sent = flow.Totals.Sent;
        if (topology.SlowFilters.Count > 0)
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"{flow.SlowReceived} of {sent * topology.SlowFilters.Count} by the end of the run");
            facts.Add(new("slow consumers received", text));
        }

        if (clients.Cipher is { } cipher)
        {
            LatencySnapshot handshakes = clients.Handshakes;
            facts.Add(new("TLS", cipher));
            facts.Add(new("TLS handshakes, p50 / p99 / max", string.Create(
                CultureInfo.InvariantCulture,
                $"{handshakes.Percentile(50) / 1e6:0.##} / {handshakes.Percentile(99) / 1e6:0.##} / {handshakes.Maximum / 1e6:0.##} ms of {handshakes.Count}")));
        }

        if (flow.Foreign > 0) facts.Add(new("messages of others", flow.Foreign.ToString(CultureInfo.InvariantCulture)));
        return facts;
    }
}
