using System.Collections.Concurrent;
using System.Globalization;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Concurrency;

/// <summary>What was published, and what follows from it for a reader whose subscription existed all the time.</summary>
internal sealed class StressModel
{
    /// <summary>Payload → whether the broker has acknowledged it; QoS 0 and what was cut off never are.</summary>
    private readonly ConcurrentDictionary<string, bool> _published = new();

    /// <summary>Messages published.</summary>
    internal int Count => _published.Count;

    /// <summary>Messages that were acknowledged.</summary>
    internal int Acknowledged => _published.Values.Count(acknowledged => acknowledged);

    /// <summary>Names a message: who, its number, where, how.</summary>
    internal string Begin(int publisher, int number, string topic, QualityOfService qos)
    {
        var payload = string.Create(CultureInfo.InvariantCulture, $"{publisher}|{number}|{topic}|{(int)qos}");
        Assert.True(_published.TryAdd(payload, false));
        return payload;
    }

    /// <summary>The broker has taken responsibility for a message.</summary>
    internal void Acknowledge(string payload) => _published[payload] = true;

    /// <summary>Compares what a reader took, in its order, with what it is owed.</summary>
    internal void Check(string reader, IReadOnlyList<string> taken)
    {
        var counts = taken.CountBy(payload => payload).ToDictionary();
        foreach (var (payload, acknowledged) in _published)
        {
            var count = counts.GetValueOrDefault(payload);
            Assert.False(acknowledged && count == 0, $"{reader} never got {payload}, which was acknowledged.");
            Assert.False(payload.EndsWith("|2", StringComparison.Ordinal) && count > 1, $"{reader} got {payload} {count} times.");
        }

        Assert.All(counts.Keys, payload => Assert.True(_published.ContainsKey(payload), $"{reader} got {payload}, which nobody published."));
        CheckOrder(reader, taken);
    }

    // In order per publisher, topic and QoS [MQTT-4.6.0-6]. A repetition does not count, nor does what was cut off: the connection that carried it
    // may be handled beside its successor.
    private void CheckOrder(string reader, IReadOnlyList<string> taken)
    {
        var seen = new HashSet<string>();
        var last = new Dictionary<string, int>();
        foreach (var payload in taken)
        {
            if (!seen.Add(payload) || (!_published[payload] && !payload.EndsWith("|0", StringComparison.Ordinal))) continue;
            var parts = payload.Split('|');
            var key = $"{parts[0]}|{parts[2]}|{parts[3]}";
            var number = int.Parse(parts[1], CultureInfo.InvariantCulture);
            Assert.True(number > last.GetValueOrDefault(key, -1), $"{reader} got {payload} after number {last.GetValueOrDefault(key)}.");
            last[key] = number;
        }
    }
}
