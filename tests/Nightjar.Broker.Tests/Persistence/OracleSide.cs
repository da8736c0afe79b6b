using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>One of two brokers that are asked the same: one goes away and comes back, the other only loses its connections.</summary>
internal sealed class OracleSide : IAsyncDisposable
{
    private readonly bool _restarts;
    private readonly RestartingBroker _broker;

    private OracleSide(RestartingBroker broker, bool restarts)
    {
        _broker = broker;
        _restarts = restarts;
    }

    internal OracleClient[] Clients { get; } =
        [new("c0", ProtocolVersion.Mqtt50), new("c1", ProtocolVersion.Mqtt50), new("c2", ProtocolVersion.Mqtt311), new("c3", ProtocolVersion.Mqtt50)];

    internal RestartingBroker Broker => _broker;

    internal static async Task<OracleSide> StartAsync(BrokerOptions options, bool restarts, StoreKind kind) => new(await RestartingBroker.StartAsync(kind, options), restarts);

    internal async Task<string> ConnectAsync(int index, bool clean, uint expiry, TestWill? will)
    {
        var client = Clients[index];
        var wire = await _broker.ConnectAsync(client.ClientId, client.Version, clean, expiry, will);
        // Whom it took the session from is gone.
        client.Disconnected();
        client.Connected(wire);
        return $"present {wire.SessionPresent}";
    }

    internal async Task LeaveAsync(int index, bool abort)
    {
        var client = Clients[index];
        if (abort) client.Wire!.Abort();
        else await client.Wire!.SendAsync("E0 00");
        client.Disconnected();
        await _broker.Current.WaitForConnectionsAsync(Clients.Count(other => other.Wire is not null));
    }

    internal async Task RestartAsync(bool crash, TimeSpan down)
    {
        if (_restarts)
        {
            await _broker.RestartAsync(crash, down);
            foreach (var client in Clients) client.Disconnected();
            return;
        }

        for (var i = 0; i < Clients.Length; i++)
        {
            if (Clients[i].Wire is not null) await LeaveAsync(i, abort: true);
        }

        _broker.Advance(down);
    }

    /// <summary>What every client got since the last look, and how much state there is.</summary>
    internal async Task<List<string>> DrainAsync()
    {
        // After the first round all that anyone sent is dealt with; what that led to comes with the second.
        var received = Clients.Select(_ => new List<string>()).ToArray();
        // What comes of a page may have the next one read, so it goes on as long as something comes.
        var before = -1;
        for (var round = 0; round < 2 || received.Sum(lines => lines.Count) > before; round++)
        {
            before = received.Sum(lines => lines.Count);
            await PagedQueues.WaitAsync(_broker.Current.Broker);
            for (var i = 0; i < Clients.Length; i++) received[i].AddRange(await Clients[i].DrainAsync());
        }

        var lines = Clients.SelectMany((client, i) => received[i].Select(line => $"{client.ClientId}: {line}")).ToList();
        var core = _broker.Current.Broker.Core;
        lines.Add($"{core.Sessions.Table.Count} sessions, {core.Router.Subscriptions.Count} subscriptions, {CountRetained()} retained");
        foreach (var session in core.Sessions.Table.ToArray().OrderBy(session => session.ClientId, StringComparer.Ordinal))
            lines.Add($"{session.ClientId}: {session.InflightCount} in flight, {session.QueuedCount} queued, {session.ReceivedIdCount} received");
        return lines;
    }

    // Those that have expired go at the next sweep, and sweeps count from the start of a broker.
    private int CountRetained()
    {
        var core = _broker.Current.Broker.Core;
        var cursor = core.Router.Retained.Match("#"u8.ToArray());
        var count = 0;
        while (cursor.MoveNext(out var message))
        {
            if (message.ExpiresAt > core.Environment.Clock.Now) count++;
        }

        return count;
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();
}
