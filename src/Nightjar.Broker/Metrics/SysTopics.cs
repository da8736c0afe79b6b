using System.Globalization;
using System.Text;
using Nightjar.Broker.Connections;
using Nightjar.Broker.Diagnostics;
using Nightjar.Protocol;

namespace Nightjar.Broker.Metrics;

/// <summary>
/// The <c>$SYS/broker/</c> topics of Mosquitto: retained, QoS 2, published when their value has changed, at multiples of the interval. Work and
/// garbage are proportional to what changed, once per interval.
/// </summary>
internal sealed class SysTopics
{
    private static readonly string[] LoadNames =
    [
        "messages/received", "messages/sent", "publish/dropped", "publish/received", "publish/sent", "bytes/received", "bytes/sent", "sockets", "connections",
    ];

    private readonly BrokerCore _core;
    private readonly Dictionary<string, string> _published = [];
    private readonly LoadAverage[] _loads = [.. LoadNames.Select(_ => new LoadAverage())];
    private long _startedAt;
    private long _lastAt;
    private long _nextAt;
    private int _maximumClients;
    private long _maximumHeap;

    internal SysTopics(BrokerCore core) => _core = core;

    /// <summary>Publishes what never changes and begins the period.</summary>
    internal void Start()
    {
        _startedAt = _lastAt = _core.Environment.Clock.Now;
        if (_core.Environment.Options.SysInterval == TimeSpan.Zero) return;
        Publish("version", _core.Environment.Options.VersionText);
        Update(_startedAt);
        _nextAt = NextAfter(_startedAt);
    }

    /// <summary>Publishes, when the interval is over.</summary>
    internal void Tick(long now)
    {
        if (_nextAt == 0) return;
        PublishCondition();
        if (now < _nextAt) return;
        Update(now);
        _nextAt = NextAfter(now);
    }

    private long NextAfter(long now)
    {
        var interval = Math.Max(1, (long)_core.Environment.Options.SysInterval.TotalMilliseconds);
        return ((now / interval) + 1) * interval;
    }

    private void Update(long now)
    {
        var counters = _core.Environment.Counters.Sum();
        Publish("uptime", string.Create(CultureInfo.InvariantCulture, $"{(now - _startedAt) / 1000} seconds"));
        PublishClients();
        PublishStore();
        PublishPersistence();
        PublishMessages(counters);
        PublishPacketTypes(counters);
        if (now > _lastAt) PublishLoads(counters, (now - _lastAt) / 1000.0);
        _lastAt = now;
    }

    // Not only with the interval: it is what an alarm waits for.
    private void PublishCondition()
    {
        if (_core.Environment.Stores.Monitor is not { } monitor) return;
        var failure = monitor.Condition.Failure;
        Publish("persistence/state", failure is not null ? "failed" : monitor.Condition.IsBusy ? "busy" : "ok");
        if (failure is not null || _published.ContainsKey("persistence/failure")) Publish("persistence/failure", failure ?? "");
    }

    private void PublishPersistence()
    {
        if (_core.Environment.Stores.Monitor is not { } monitor) return;
        PublishCondition();
        var counters = monitor.Counters;
        Publish("persistence/commits", counters.Commits);
        Publish("persistence/rows", counters.Rows);
        Publish("persistence/bytes", counters.Bytes);
        Publish("persistence/queued", counters.QueueDepth);
        Publish("persistence/file/bytes", counters.FileBytes);
    }

    private void PublishClients()
    {
        // In one walk: clients come meanwhile, and who is connected is one of all.
        var total = 0;
        var connected = 0;
        foreach (var session in _core.Sessions.Table)
        {
            total++;
            if (session.Link is not null) connected++;
        }

        _maximumClients = Math.Max(_maximumClients, total);
        var disconnected = total - connected;
        Publish("clients/total", total);
        Publish("clients/maximum", _maximumClients);
        Publish("clients/connected", connected);
        Publish("clients/active", connected);
        Publish("clients/disconnected", disconnected);
        Publish("clients/inactive", disconnected);
        Publish("clients/expired", _core.Sessions.Expired);
        Publish("connections/socket/count", _core.Connections.Count);
    }

    private void PublishStore()
    {
        var router = _core.Router;
        long queued = 0;
        long queuedBytes = 0;
        long unsent = 0;
        foreach (var session in _core.Sessions.Table)
        {
            queued += session.QueuedCount + session.InflightCount;
            queuedBytes += session.QueuedBytes;
            unsent += session.Link?.Output.UnsentBytes ?? 0;
        }

        var heap = GC.GetTotalMemory(forceFullCollection: false);
        _maximumHeap = Math.Max(_maximumHeap, heap);
        Publish("messages/stored", router.Retained.Count + queued);
        Publish("store/messages/count", router.Retained.Count + queued);
        Publish("store/messages/bytes", router.RetainedBytes + queuedBytes);
        Publish("subscriptions/count", router.Subscriptions.Count);
        Publish("shared_subscriptions/count", router.Subscriptions.SharedCount);
        Publish("retained messages/count", router.Retained.Count);
        Publish("heap/current", heap);
        Publish("heap/maximum", _maximumHeap);
        Publish("packet/out/count", queued);
        Publish("packet/out/bytes", unsent);
    }

    private void PublishMessages(in BatchCounters counters)
    {
        Publish("messages/received", counters.PacketsReceived);
        Publish("messages/sent", counters.PacketsSent);
        Publish("bytes/received", counters.BytesReceived);
        Publish("bytes/sent", counters.BytesSent);
        Publish("publish/messages/received", counters.PublishReceived);
        Publish("publish/messages/sent", counters.PublishSent);
        Publish("publish/messages/dropped", counters.PublishDropped);
        Publish("publish/bytes/received", counters.PublishBytesReceived);
        Publish("publish/bytes/sent", counters.PublishBytesSent);
    }

    // Promised by Mosquitto's manual, and not published by it.
    private void PublishPacketTypes(in BatchCounters counters)
    {
        for (var type = PacketType.Connect; type <= PacketType.Auth; type++)
        {
            var name = "mqtt/" + type.ToString().ToLowerInvariant();
            Publish(name + "/received", type == PacketType.Publish ? counters.PublishReceived : counters.ReceivedByType[(int)type]);
            Publish(name + "/sent", type == PacketType.Publish ? counters.PublishSent : counters.SentByType[(int)type]);
        }
    }

    private void PublishLoads(in BatchCounters counters, double seconds)
    {
        ReadOnlySpan<long> values =
        [
            counters.PacketsReceived, counters.PacketsSent, counters.PublishDropped, counters.PublishReceived, counters.PublishSent,
            counters.BytesReceived, counters.BytesSent, _core.Connections.Accepted, _core.Sessions.Connects,
        ];
        for (var i = 0; i < _loads.Length; i++)
        {
            _loads[i].Update(values[i], seconds);
            Publish($"load/{LoadNames[i]}/1min", _loads[i].Values[0].ToString("F2", CultureInfo.InvariantCulture));
            Publish($"load/{LoadNames[i]}/5min", _loads[i].Values[1].ToString("F2", CultureInfo.InvariantCulture));
            Publish($"load/{LoadNames[i]}/15min", _loads[i].Values[2].ToString("F2", CultureInfo.InvariantCulture));
        }
    }

    private void Publish(string name, long value) => Publish(name, value.ToString(CultureInfo.InvariantCulture));

    private void Publish(string name, string value)
    {
        if (_published.TryGetValue(name, out var last) && last == value) return;
        _published[name] = value;
        BrokerPublisher.Publish(_core, Encoding.UTF8.GetBytes("$SYS/broker/" + name), Encoding.UTF8.GetBytes(value), QualityOfService.ExactlyOnce, retain: true);
    }
}
