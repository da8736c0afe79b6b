using Nightjar.CrashTests.Actors;
using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Processes;
using Nightjar.Protocol;

namespace Nightjar.CrashTests;

/// <summary>
/// Subscribers that were away come back to long queues, and the broker is killed several times while they take them: in every second cycle with the
/// publishers going on meanwhile. Each cycle ends when everything has come, and is judged.
/// </summary>
internal sealed class BacklogRun
{
    private const int KillsPerCycle = 5;
    private readonly CrashOptions _options;
    private readonly BrokerUnderTest _broker;
    private readonly Ledger _ledger;
    private readonly TextWriter _output;
    private readonly Random _random;
    private readonly List<MessageStream> _streams = [];
    private readonly List<StreamPublisher> _publishers = [];
    private readonly List<StreamSubscriber> _subscribers = [];

    internal BacklogRun(CrashOptions options, BrokerUnderTest broker, Ledger ledger, TextWriter output)
    {
        _options = options;
        _broker = broker;
        _ledger = ledger;
        _output = output;
        _random = new Random(options.Seed);
        foreach (var qos in (QualityOfService[])[QualityOfService.AtLeastOnce, QualityOfService.ExactlyOnce])
        {
            var stream = new MessageStream($"d/{_streams.Count}", qos == QualityOfService.ExactlyOnce);
            _streams.Add(stream);
            _publishers.Add(new StreamPublisher(ledger, new Random(options.Seed), stream, $"publisher-{_streams.Count}", ProtocolVersion.Mqtt50, qos, window: 20));
        }

        foreach (var (version, qos) in ((ProtocolVersion, QualityOfService)[])
        [
            (ProtocolVersion.Mqtt311, QualityOfService.ExactlyOnce),
            (ProtocolVersion.Mqtt50, QualityOfService.ExactlyOnce),
            (ProtocolVersion.Mqtt50, QualityOfService.AtLeastOnce),
        ])
        {
            var name = $"subscriber-{_subscribers.Count + 1}";
            var receipts = _streams.ToDictionary(stream => stream.Topic, stream => new Receipts(ledger, stream, name, isGroup: false), StringComparer.Ordinal);
            _subscribers.Add(new StreamSubscriber(ledger, new Random(options.Seed), receipts, name, version, "d/#", qos));
        }
    }

    private IEnumerable<Actor> Everybody => [.. _publishers, .. _subscribers];

    /// <summary>Runs all cycles.</summary>
    /// <exception cref="BrokerFailedException">The broker does not start.</exception>
    internal async Task RunAsync()
    {
        await StartAsync();
        foreach (var actor in Everybody) await actor.PrepareAsync(_broker.Port);
        for (var cycle = 1; cycle <= _options.Cycles; cycle++)
        {
            _ledger.Cycle = cycle;
            if (!_broker.IsRunning) await StartAsync();
            await FillAsync();
            for (var kill = 0; kill < KillsPerCycle; kill++) await DrainAndKillAsync(goOn: cycle % 2 == 0);
            foreach (var actor in Everybody) await actor.FinishAsync(_broker.Port);
            await Task.WhenAll(Everybody.Select(actor => actor.JudgeAsync(_broker.Port)));
            await KillAsync(Task.CompletedTask);
            await _output.WriteLineAsync($"cycle {cycle} of {_options.Cycles}: {_ledger.DoneOf("messages acknowledged")} messages acknowledged, {_ledger.DoneOf("messages received")} received, {_ledger.ViolationCount} violations");
        }
    }

    private async Task FillAsync()
    {
        var goal = _ledger.DoneOf("messages acknowledged") + _options.Backlog;
        var use = Task.WhenAll(_publishers.Select(publisher => publisher.UseAsync(_broker.Port)));
        while (_ledger.DoneOf("messages acknowledged") < goal && !use.IsCompleted) await Task.Delay(10);
        await KillAsync(use);
        await StartAsync();
    }

    private async Task DrainAndKillAsync(bool goOn)
    {
        foreach (var subscriber in _subscribers) await subscriber.FinishAsync(_broker.Port);
        var use = goOn ? Task.WhenAll(_publishers.Select(publisher => publisher.UseAsync(_broker.Port))) : Task.CompletedTask;
        await Task.Delay(_random.Next(1, _options.LongestMilliseconds));
        await KillAsync(use);
        await StartAsync();
    }

    private async Task StartAsync()
    {
        if (!await _broker.StartAsync()) throw new BrokerFailedException(string.Join('\n', _broker.Log));
        _ledger.Did("starts");
    }

    private async Task KillAsync(Task use)
    {
        await _broker.KillAsync();
        _ledger.Did("kills");
        await use;
        foreach (var actor in Everybody) await actor.CloseAsync();
    }
}
