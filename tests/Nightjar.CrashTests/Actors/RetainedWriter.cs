using System.Collections.Concurrent;
using System.Globalization;
using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Peers;
using Nightjar.Protocol;

namespace Nightjar.CrashTests.Actors;

/// <summary>Sets and clears retained messages, one version after the other; after each start every topic must have the last version acknowledged, or the one on its way.</summary>
internal sealed class RetainedWriter : Actor
{
    private const int TopicCount = 4;
    private readonly string _name;
    private readonly Peer _peer;
    private readonly QualityOfService _qos;

    // By topic: the last version acknowledged, and the last one sent; versions divisible by 4 clear.
    private readonly long[] _acknowledged = new long[TopicCount];
    private readonly long[] _sent = new long[TopicCount];
    private readonly Task<ReasonCode>?[] _pending = new Task<ReasonCode>?[TopicCount];

    internal RetainedWriter(Ledger ledger, Random random, string name, ProtocolVersion version, QualityOfService qos)
        : base(ledger, random)
    {
        _name = name;
        _peer = new Peer(name, version);
        _qos = qos;
    }

    internal override async Task InspectAsync(int port)
    {
        var found = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        var reader = new Peer(_name + "-reader", ProtocolVersion.Mqtt50)
        {
            Received = publish =>
            {
                if (publish.Retain) found[publish.Topic] = publish.Payload;
            },
        };
        if (await reader.ConnectAsync(port, clean: true, expiry: 0) is null) return;
        await reader.SubscribeAsync($"r/{_name}/#", QualityOfService.AtMostOnce);
        // Retained messages come in slices; looked at again before it counts as wrong.
        for (var looks = 0; looks < 20 && !Enumerable.Range(0, TopicCount).All(topic => IsRight(topic, found)) && await reader.PingAsync(); looks++) await Task.Delay(20);
        if (!reader.Ended.IsCompleted)
        {
            for (var topic = 0; topic < TopicCount; topic++) Judge(topic, found);
        }

        await reader.AbortAsync();
    }

    internal override async Task UseAsync(int port)
    {
        if (await _peer.ConnectAsync(port) is null) return;
        while (!_peer.Ended.IsCompleted)
        {
            for (var topic = 0; topic < TopicCount; topic++)
            {
                Settle(topic);
                if (_pending[topic] is null) Publish(topic);
            }

            await Task.WhenAny([_peer.Ended, .. _pending.OfType<Task>()]);
        }

        for (var topic = 0; topic < TopicCount; topic++) Settle(topic);
    }

    internal override async Task UseOnceAsync(int port)
    {
        if (await _peer.ConnectAsync(port) is null) return;
        // The fourth version clears.
        for (var i = 0; i < 4 && !_peer.Ended.IsCompleted; i++)
        {
            Settle(0);
            if (_pending[0] is null) Publish(0);
            await Task.WhenAny(_peer.Ended, _pending[0]!);
        }

        Settle(0);
        await _peer.AbortAsync();
    }

    internal override async Task FinishAsync(int port)
    {
        if (await _peer.ConnectAsync(port) is null) return;
        await Task.WhenAny(_peer.Ended, Task.WhenAll(_pending.OfType<Task>()));
        for (var topic = 0; topic < TopicCount; topic++) Settle(topic);
    }

    internal override Task JudgeAsync(int port) => InspectAsync(port);

    internal override Task CloseAsync() => _peer.AbortAsync();

    private static string TextOf(long version) => version % 4 == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"version {version} {new string('r', (int)(version % 200))}");

    private void Publish(int topic)
    {
        var version = ++_sent[topic];
        Ledger.Did("retained messages sent");
        _pending[topic] = _peer.PublishAsync($"r/{_name}/{topic}", TextOf(version), _qos, retain: true);
    }

    private void Settle(int topic)
    {
        if (_pending[topic] is not { IsCompletedSuccessfully: true } pending) return;
        _pending[topic] = null;
        if (pending.Result >= ReasonCode.UnspecifiedError) Ledger.Did("retained messages refused");
        else _acknowledged[topic] = _sent[topic];
    }

    private bool IsRight(int topic, ConcurrentDictionary<string, string> found)
    {
        var text = found.GetValueOrDefault($"r/{_name}/{topic}") ?? "";
        // The last one acknowledged, or one that was sent since: on its way, or refused.
        for (var version = _acknowledged[topic]; version <= _sent[topic]; version++)
        {
            if (text == TextOf(version)) return true;
        }

        return false;
    }

    private void Judge(int topic, ConcurrentDictionary<string, string> found)
    {
        if (IsRight(topic, found))
        {
            Ledger.Did("retained topics found right");
            return;
        }

        var text = found.GetValueOrDefault($"r/{_name}/{topic}") ?? "(nothing)";
        Ledger.Add(Violation.State, $"r/{_name}/{topic} has '{text[..Math.Min(text.Length, 20)]}', acknowledged is '{TextOf(_acknowledged[topic])}', sent is '{TextOf(_sent[topic])}'.");
    }
}
