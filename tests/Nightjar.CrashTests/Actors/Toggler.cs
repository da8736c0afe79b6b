using System.Collections.Concurrent;
using System.Globalization;
using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Peers;
using Nightjar.Protocol;

namespace Nightjar.CrashTests.Actors;

/// <summary>Subscribes and unsubscribes; after each start a probe on every topic must come exactly where a subscription was acknowledged, at its QoS.</summary>
internal sealed class Toggler : Actor
{
    private const int FilterCount = 5;
    private readonly string _name;
    private readonly Peer _peer;
    private readonly ConcurrentDictionary<string, QualityOfService> _arrived = new(StringComparer.Ordinal);
    private readonly QualityOfService?[] _known = new QualityOfService?[FilterCount];

    // What is asked for and not answered: it may be or not.
    private readonly QualityOfService?[] _asked = new QualityOfService?[FilterCount];
    private readonly bool[] _isUncertain = new bool[FilterCount];
    private int _probe;

    internal Toggler(Ledger ledger, Random random, string name, ProtocolVersion version)
        : base(ledger, random)
    {
        _name = name;
        _peer = new Peer(name, version) { Received = publish => _arrived[publish.Payload] = publish.QoS };
    }

    internal override async Task PrepareAsync(int port)
    {
        await _peer.ConnectAsync(port);
        await _peer.SubscribeAsync($"tm/{_name}", QualityOfService.AtLeastOnce);
        await _peer.AbortAsync();
    }

    internal override async Task InspectAsync(int port)
    {
        if (await _peer.ConnectAsync(port) is not { } isPresent) return;
        CheckPresent(_peer.ClientId, isPresent);
        if (!isPresent) await _peer.SubscribeAsync($"tm/{_name}", QualityOfService.AtLeastOnce);
        var probe = ++_probe;
        var prober = new Peer(_name + "-prober", ProtocolVersion.Mqtt50);
        if (await prober.ConnectAsync(port, clean: true, expiry: 0) is null) return;
        for (var filter = 0; filter < FilterCount; filter++) await prober.PublishAsync($"t/{_name}/{filter}", PayloadOf(probe, filter), QualityOfService.ExactlyOnce);
        await prober.PublishAsync($"tm/{_name}", PayloadOf(probe, -1), QualityOfService.AtLeastOnce);
        var end = DateTime.UtcNow + (2 * Ledger.Patience);
        while (!_arrived.ContainsKey(PayloadOf(probe, -1)) && DateTime.UtcNow < end && await _peer.PingAsync()) await Task.Delay(5);
        if (_arrived.ContainsKey(PayloadOf(probe, -1)))
        {
            for (var filter = 0; filter < FilterCount; filter++) Judge(probe, filter);
        }
        else
        {
            Ledger.Add(Violation.State, $"the subscription of {_name} to tm/{_name} is gone.");
        }

        _arrived.Clear();
        await prober.AbortAsync();
        await _peer.AbortAsync();
    }

    internal override async Task UseAsync(int port)
    {
        if (await _peer.ConnectAsync(port) is null) return;
        while (!_peer.Ended.IsCompleted) await ToggleAsync(Random.Next(FilterCount));
    }

    internal override async Task UseOnceAsync(int port)
    {
        if (await _peer.ConnectAsync(port) is null) return;
        foreach (var (filter, qos) in ((int, QualityOfService?)[])[(0, QualityOfService.ExactlyOnce), (1, QualityOfService.AtLeastOnce), (0, null), (1, QualityOfService.AtMostOnce)])
        {
            if (!_peer.Ended.IsCompleted) await SetAsync(filter, qos);
        }

        await _peer.AbortAsync();
    }

    internal override Task JudgeAsync(int port) => InspectAsync(port);

    internal override Task CloseAsync() => _peer.AbortAsync();

    private static string PayloadOf(int probe, int filter) => string.Create(CultureInfo.InvariantCulture, $"probe {probe} {filter}");

    private Task ToggleAsync(int filter) => SetAsync(filter, Chance(0.4) ? null : (QualityOfService)Random.Next(3));

    private async Task SetAsync(int filter, QualityOfService? wanted)
    {
        _asked[filter] = wanted;
        var topicFilter = $"t/{_name}/{filter}";
        var answer = wanted is { } qos ? await _peer.SubscribeAsync(topicFilter, qos) : await _peer.UnsubscribeAsync(topicFilter);
        _isUncertain[filter] = answer is null or >= ReasonCode.UnspecifiedError;
        if (_isUncertain[filter]) return;
        _known[filter] = wanted;
        Ledger.Did("subscription changes acknowledged");
    }

    private void Judge(int probe, int filter)
    {
        QualityOfService? found = _arrived.TryGetValue(PayloadOf(probe, filter), out var qos) ? qos : null;
        var isRight = found == _known[filter] || (_isUncertain[filter] && found == _asked[filter]);
        if (isRight) Ledger.Did("subscriptions found right");
        else Ledger.Add(Violation.State, $"the subscription of {_name} to t/{_name}/{filter} is {Words(found)}, acknowledged is {Words(_known[filter])}{(_isUncertain[filter] ? $", asked for {Words(_asked[filter])}" : "")}.");
        _known[filter] = found;
        _isUncertain[filter] = false;
    }

    private static string Words(QualityOfService? qos) => qos is { } value ? $"QoS {(int)value}" : "none";
}
