using System.Globalization;
using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Peers;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.CrashTests.Actors;

/// <summary>A durable subscriber of all streams, now online, now offline; alone, or one of a group that shares.</summary>
internal sealed class StreamSubscriber : Actor
{
    private readonly Peer _peer;
    private readonly string _filter;
    private readonly QualityOfService _qos;
    private readonly Dictionary<string, Receipts> _receipts;
    private long _taken;

    /// <param name="ledger">Where violations go.</param>
    /// <param name="random">Decides when it is offline.</param>
    /// <param name="receipts">By topic; the members of a group share them.</param>
    /// <param name="clientId">Client identifier.</param>
    /// <param name="version">Version it speaks.</param>
    /// <param name="filter">What it subscribes to.</param>
    /// <param name="qos">QoS of the subscription.</param>
    internal StreamSubscriber(
        Ledger ledger, Random random, Dictionary<string, Receipts> receipts, string clientId, ProtocolVersion version, string filter, QualityOfService qos)
        : base(ledger, random)
    {
        _peer = new Peer(clientId, version) { Received = Take };
        _receipts = receipts;
        _filter = filter;
        _qos = qos;
    }

    internal override async Task PrepareAsync(int port)
    {
        await _peer.ConnectAsync(port);
        await _peer.SubscribeAsync(_filter, _qos);
        await _peer.AbortAsync();
    }

    internal override async Task UseAsync(int port)
    {
        // Now and then it is away for the whole cycle, and its messages are queued.
        if (Chance(0.35)) return;
        if (!await ConnectAsync(port)) return;
        if (!Chance(0.3)) return;
        await Task.WhenAny(_peer.Ended, Task.Delay(Random.Next(1, 150)));
        if (Chance(0.5)) await _peer.AbortAsync();
        else await _peer.DisconnectAsync();
        if (Chance(0.5)) await ConnectAsync(port);
    }

    internal override async Task UseOnceAsync(int port)
    {
        if (!await ConnectAsync(port)) return;
        // Long enough for what waits; the rest is judged at the end.
        for (var i = 0; i < 5 && !_receipts.Values.All(receipts => receipts.IsComplete) && await _peer.PingAsync(); i++) await Task.Delay(5);
        await _peer.DisconnectAsync();
    }

    internal override async Task FinishAsync(int port)
    {
        if (!await ConnectAsync(port)) Ledger.Add(Violation.State, $"{_peer.ClientId} cannot connect.");
    }

    internal override async Task JudgeAsync(int port)
    {
        // Publishers have finished: what is owed is on its way, or lost. However long the queue and slow the machine, something comes.
        long taken = -1;
        for (var end = DateTime.MinValue; !_receipts.Values.All(receipts => receipts.IsComplete) && await _peer.PingAsync(); await Task.Delay(20))
        {
            var now = DateTime.UtcNow;
            if (Volatile.Read(ref _taken) != taken) (taken, end) = (Volatile.Read(ref _taken), now + Ledger.Patience);
            else if (now > end) break;
        }

        foreach (var receipts in _receipts.Values) receipts.Report();
        await _peer.DisconnectAsync();
    }

    internal override Task CloseAsync() => _peer.AbortAsync();

    private async Task<bool> ConnectAsync(int port)
    {
        if (await _peer.ConnectAsync(port) is not { } isPresent) return false;
        CheckPresent(_peer.ClientId, isPresent);
        // What is lost is lost, and seen: so that more is seen than the first loss.
        if (!isPresent) await _peer.SubscribeAsync(_filter, _qos);
        return true;
    }

    private void Take(ReceivedPublish publish)
    {
        Interlocked.Increment(ref _taken);
        var parts = publish.Payload.Split(' ', 3);
        if (!_receipts.TryGetValue(publish.Topic, out var receipts) || parts.Length != 3 || parts[0] != publish.Topic
            || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            Ledger.Add(Violation.Phantom, $"{_peer.ClientId} got a message on {publish.Topic} that nobody sent.");
            return;
        }

        receipts.Add(number, publish, _peer.ClientId, _qos == QualityOfService.ExactlyOnce);
    }
}
