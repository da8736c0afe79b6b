using System.Diagnostics.Metrics;
using Nightjar.Broker.Connections;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Persistence;

namespace Nightjar.Broker.Metrics;

/// <summary>
/// The broker's instruments in <c>System.Diagnostics.Metrics</c>, meter <c>Nightjar.Broker</c>. All are observable: they cost nothing while
/// nobody collects, and a sum over the stripes when somebody does.
/// </summary>
internal sealed class BrokerMeter : IDisposable
{
    internal const string Name = "Nightjar.Broker";
    private readonly Meter _meter = new(Name);

    internal BrokerMeter(BrokerCore core)
    {
        var counters = core.Environment.Counters;
        Counter("nightjar.packets.received", "{packet}", "Control packets received.", static sum => sum.PacketsReceived);
        Counter("nightjar.packets.sent", "{packet}", "Control packets sent.", static sum => sum.PacketsSent);
        Counter("nightjar.bytes.received", "By", "Bytes of control packets received.", static sum => sum.BytesReceived);
        Counter("nightjar.bytes.sent", "By", "Bytes of control packets sent.", static sum => sum.BytesSent);
        Counter("nightjar.publish.received", "{message}", "PUBLISH packets received.", static sum => sum.PublishReceived);
        Counter("nightjar.publish.sent", "{message}", "PUBLISH packets sent.", static sum => sum.PublishSent);
        Counter("nightjar.publish.dropped", "{message}", "Messages dropped at a limit.", static sum => sum.PublishDropped);
        Counter("nightjar.retained.sent", "{message}", "Retained messages sent to new subscriptions.", static sum => sum.RetainedSent);
        Counter("nightjar.routes.built", "{route}", "Routes matched because they were not cached.", static sum => sum.RoutesBuilt);
        _meter.CreateObservableCounter("nightjar.connections.accepted", () => core.Connections.Accepted, "{connection}", "Connections accepted.");
        _meter.CreateObservableCounter("nightjar.authentication.failures", () => core.FailedLogins.Failures, "{attempt}", "CONNECT packets refused because authentication failed.");
        _meter.CreateObservableCounter("nightjar.authentication.delayed", () => core.FailedLogins.Delayed, "{attempt}", "Those of them whose refusal was delayed, because their address had failed before.");
        _meter.CreateObservableCounter("nightjar.sessions.expired", () => core.Sessions.Expired, "{session}", "Sessions ended by their expiry interval.");
        _meter.CreateObservableUpDownCounter("nightjar.connections", () => core.Connections.Count, "{connection}", "Connections now.");
        _meter.CreateObservableUpDownCounter("nightjar.sessions", () => core.Sessions.Table.Count, "{session}", "Sessions now, offline ones included.");
        _meter.CreateObservableUpDownCounter("nightjar.subscriptions", () => core.Router.Subscriptions.Count, "{subscription}", "Subscriptions now.");
        _meter.CreateObservableUpDownCounter("nightjar.retained", () => core.Router.Retained.Count, "{message}", "Retained messages now.");
        _meter.CreateObservableUpDownCounter("nightjar.retained.bytes", () => core.Router.RetainedBytes, "By", "Bytes of retained messages now.");
        _meter.CreateObservableUpDownCounter("nightjar.sessions.dropping", () => Volatile.Read(ref core.Environment.DroppingSessions), "{session}", "Sessions now of which messages were dropped since they were made.");
        if (core.Environment.Stores.Monitor is { } store) AddStore(store);
        _meter.CreateObservableCounter(
            "nightjar.limits.reached", () => LimitsReached(counters), "{event}",
            "How often a limit acted (dropped, refused, held back, closed); the tag limit is its option in the configuration file.");

        void Counter(string name, string unit, string description, Func<BatchCounters, long> value) =>
            _meter.CreateObservableCounter(name, () => value(counters.Sum()), unit, description);
    }

    /// <summary>The meter, for those who want the instruments of one broker.</summary>
    internal Meter Meter => _meter;

    private void AddStore(IStoreMonitor store)
    {
        _meter.CreateObservableCounter("nightjar.store.commits", () => store.Counters.Commits, "{commit}", "Commits made durable.");
        _meter.CreateObservableCounter("nightjar.store.rows", () => store.Counters.Rows, "{row}", "Rows written.");
        _meter.CreateObservableCounter("nightjar.store.rows.absorbed", () => store.Counters.AbsorbedRows, "{row}", "Rows that were over before they had to be written.");
        _meter.CreateObservableCounter("nightjar.store.bytes", () => store.Counters.Bytes, "By", "Bytes of messages written.");
        _meter.CreateObservableUpDownCounter("nightjar.store.queue", () => store.Counters.QueueDepth, "{record}", "Records that wait for the writer now.");
        _meter.CreateObservableGauge("nightjar.store.sync", () => store.Counters.LastSync.TotalSeconds, "s", "How long the last commit took to become durable.");
        _meter.CreateObservableUpDownCounter("nightjar.store.file", () => store.Counters.FileBytes, "By", "Size of the store's file with its log.");
        _meter.CreateObservableUpDownCounter("nightjar.store.failed", () => store.Condition.IsFailed ? 1 : 0, "{store}", "1 while the store cannot be written.");
    }

    private static IEnumerable<Measurement<long>> LimitsReached(BrokerCounters counters)
    {
        for (var i = 0; i < BrokerLimits.Names.Length; i++)
            yield return new Measurement<long>(counters.LimitReached((BrokerLimit)i), new KeyValuePair<string, object?>("limit", BrokerLimits.Names[i]));
    }

    public void Dispose() => _meter.Dispose();
}
