using System.Globalization;
using System.Text;
using Nightjar.Client;
using Nightjar.LoadTests.CommandLine;
using Nightjar.LoadTests.Measuring;
using Nightjar.LoadTests.Reporting;
using Nightjar.LoadTests.Simulations;
using Nightjar.Protocol;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>Messages for clients that are away: queued by the broker, delivered when the clients come back.</summary>
internal sealed class OfflineQueueScenario : Scenario
{
    internal override string Name => "offline-queue";

    internal override string Summary => "messages (500) for durable sessions (10) that are offline, then delivered as they come back; QoS 1 by default";

    internal override string? Check(LoadOptions options) =>
        options.QoS == QualityOfService.AtMostOnce ? "messages of QoS 0 are not queued; use --qos 1 or 2." : null;

    internal override async Task<ScenarioResult> RunAsync(ScenarioContext context)
    {
        LoadPlan plan = context.PlanOr(new ClosedLoop(64, TimeSpan.FromSeconds(1))) with { WarmUp = TimeSpan.Zero };
        int messages = context.Options.Messages ?? 500;
        await using var clients = new ClientSet(context);
        var sessions = new OfflineSessions(context, clients, context.Options.Subscribers ?? 10);
        await sessions.SubscribeAndLeaveAsync().ConfigureAwait(false);
        OfflinePublisher publisher = await OfflinePublisher.ConnectAsync(context, clients).ConfigureAwait(false);
        var target = new WorkTarget(publisher.PublishAsync, 10_000, messages);
        var filling = new MeasuredPart(context, target, target);
        long start = TimeProvider.System.GetTimestamp();
        await filling.RunAsync(plan).ConfigureAwait(false);
        await filling.DrainAsync(() => target.Totals.Sent - target.UnderWay, target.Totals.Sent).ConfigureAwait(false);
        double rate = target.Totals.Received / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        return await DeliverAsync(context, clients, sessions, plan, target, rate).ConfigureAwait(false);
    }

    private async Task<ScenarioResult> DeliverAsync(ScenarioContext context, ClientSet clients, OfflineSessions sessions, LoadPlan plan, WorkTarget filled, double fillRate)
    {
        long expected = filled.Totals.Received * sessions.Count;
        sessions.Sent = expected;
        var delivering = new MeasuredPart(context, sessions, filled);
        var sampler = new Sampler(sessions, TimeProvider.System, context.Progress);
        async Task ComeBackAsync()
        {
            await sessions.ComeBackAsync().ConfigureAwait(false);
            await delivering.DrainAsync(() => sessions.Totals.Received, expected).ConfigureAwait(false);
        }

        await delivering.MeasureAsync(sampler, ComeBackAsync, TimeSpan.FromMilliseconds(50)).ConfigureAwait(false);
        long missing = expected - sessions.Totals.Received;
        await sessions.ForgetAsync().ConfigureAwait(false);
        LatencySnapshot queueing = filled.Latency;
        List<KeyValuePair<string, string>> parameters =
        [
            new("version", context.VersionText), new("QoS", ((int)QoSOf(context.Options)).ToString(CultureInfo.InvariantCulture)),
            new("payload bytes", context.Options.PayloadSize.ToString(CultureInfo.InvariantCulture)),
            new("offline sessions", sessions.Count.ToString(CultureInfo.InvariantCulture)),
        ];
        return delivering.ResultOf(this, $"{filled.Totals.Sent} messages by {plan.Describe()} at most", "session's return to receive", parameters) with
        {
            Sent = filled.Totals.Sent,
            Lost = Math.Max(missing, 0),
            Duplicates = Math.Max(-missing, 0),
            ErrorCount = clients.Errors.Count,
            Errors = clients.Errors.Describe(),
            Facts =
            [
                new("acknowledged", Text.OfRate(fillRate)),
                new("publish to acknowledgement, p50 / p99", string.Create(
                    CultureInfo.InvariantCulture, $"{queueing.Percentile(50) / 1e6:0.###} / {queueing.Percentile(99) / 1e6:0.###} ms")),
            ],
        };
    }

    /// <summary>QoS of the scenario: 1 when none is asked for.</summary>
    internal static QualityOfService QoSOf(LoadOptions options) => options.QoS ?? QualityOfService.AtLeastOnce;

    /// <summary>The topic of the scenario.</summary>
    internal static string TopicOf(LoadOptions options) => $"{options.Prefix}/queue";

    private sealed class OfflinePublisher(ScenarioContext context, ClientSet clients, MqttClient client)
    {
        private readonly byte[] _topicName = Encoding.UTF8.GetBytes(TopicOf(context.Options));

        internal static async Task<OfflinePublisher> ConnectAsync(ScenarioContext context, ClientSet clients)
        {
            MqttClient client = clients.Add();
            await clients.ConnectAsync(client, clients.OptionsOf("p")).ConfigureAwait(false);
            return new OfflinePublisher(context, clients, client);
        }

        internal async Task<long?> PublishAsync(long number)
        {
            var payload = new byte[context.Options.PayloadSize];
            long start = MonotonicClock.Now;
            MessageStamp.Write(payload, start, 0);
            var message = new MqttPublish { TopicName = _topicName, Payload = payload, QoS = QoSOf(context.Options) };
            PublishResult result = await client.PublishAsync(message, context.CancellationToken).ConfigureAwait(false);
            if (result.IsSuccess) return MonotonicClock.Now - start;
            clients.Errors.Add($"publish: {result.Outcome} {result.ReasonCode}");
            return null;
        }
    }
}
