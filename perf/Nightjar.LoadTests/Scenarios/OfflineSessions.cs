using Nightjar.Client;
using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>The durable sessions of <see cref="OfflineQueueScenario"/>: subscribe, leave, come back, and take what waited.</summary>
internal sealed class OfflineSessions : IMeasured
{
    private readonly ScenarioContext _context;
    private readonly ClientSet _clients;
    private readonly MqttClient[] _sessions;
    private readonly LatencyHistogram[] _latencies;
    private readonly long[] _received;
    private readonly long[] _returned;

    internal OfflineSessions(ScenarioContext context, ClientSet clients, int count)
    {
        (_context, _clients) = (context, clients);
        _sessions = new MqttClient[count];
        _received = new long[count];
        _returned = new long[count];
        _latencies = [.. Enumerable.Range(0, count).Select(static _ => new LatencyHistogram())];
        for (int i = 0; i < count; i++)
        {
            int index = i;
            _sessions[i] = clients.Add((MqttClient _, scoped in ReceivedMessage message) => OnMessage(index, message.Payload));
        }
    }

    public Totals Totals => new(Sent, _received.Sum());

    public LatencySnapshot Latency => LatencySnapshot.Of(_latencies);

    /// <summary>Number of sessions.</summary>
    internal int Count => _sessions.Length;

    /// <summary>Deliveries that wait.</summary>
    internal long Sent { get; set; }

    /// <summary>Makes the sessions and leaves them.</summary>
    internal Task SubscribeAndLeaveAsync() => _clients.ForEachAsync(Count, async i =>
    {
        await _clients.ConnectAsync(_sessions[i], _clients.OptionsOf($"s{i}", durable: true)).ConfigureAwait(false);
        string topic = OfflineQueueScenario.TopicOf(_context.Options);
        await _clients.SubscribeAsync(_sessions[i], topic, OfflineQueueScenario.QoSOf(_context.Options)).ConfigureAwait(false);
        await _clients.DisconnectAsync(_sessions[i]).ConfigureAwait(false);
    });

    /// <summary>Connects the sessions again.</summary>
    internal Task ComeBackAsync() => _clients.ForEachAsync(Count, async i =>
    {
        Volatile.Write(ref _returned[i], MonotonicClock.Now);
        await _clients.ConnectAsync(_sessions[i], _clients.OptionsOf($"s{i}", durable: true)).ConfigureAwait(false);
        if (_sessions[i].Connection is { SessionPresent: false }) _clients.Errors.Add("the broker had forgotten the session");
    });

    /// <summary>Ends the sessions at the broker, so that nothing of the run stays there.</summary>
    internal Task ForgetAsync() => _clients.ForEachAsync(Count, async i =>
    {
        await _clients.DisconnectAsync(_sessions[i]).ConfigureAwait(false);
        await _clients.ConnectAsync(_sessions[i], _clients.OptionsOf($"s{i}")).ConfigureAwait(false);
    });

    private void OnMessage(int index, ReadOnlySpan<byte> payload)
    {
        if (payload.Length < MessageStamp.Length) return;
        _latencies[index].Record(MonotonicClock.Now - Volatile.Read(ref _returned[index]));
        Volatile.Write(ref _received[index], _received[index] + 1);
    }
}
