using System.Globalization;
using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Peers;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.CrashTests.Actors;

/// <summary>
/// Connects with one will after the other. Of a connection that was accepted and ended in any way but DISCONNECT, by its own or the broker's
/// death, the will must come, once; of one that ended with DISCONNECT and was seen to be over, it must not. What was on its way may come.
/// </summary>
internal sealed class WillClient : Actor
{
    private readonly Lock _gate = new();
    private readonly string _name;
    private readonly Peer _peer;
    private readonly Peer _reader;

    // By generation, under _gate.
    private readonly HashSet<int> _owed = [];
    private readonly HashSet<int> _possible = [];
    private readonly HashSet<int> _came = [];
    private int _generation;

    internal WillClient(Ledger ledger, Random random, string name)
        : base(ledger, random)
    {
        _name = name;
        _peer = new Peer(name, ProtocolVersion.Mqtt50);
        _reader = new Peer(name + "-reader", ProtocolVersion.Mqtt50) { Received = Take };
    }

    internal override async Task PrepareAsync(int port)
    {
        await _reader.ConnectAsync(port);
        await _reader.SubscribeAsync($"w/{_name}", QualityOfService.ExactlyOnce);
        await _reader.AbortAsync();
    }

    internal override async Task UseAsync(int port)
    {
        int? left = null;
        while (await ConnectAsync(port))
        {
            // The same broker has accepted the next connection, so it has seen the DISCONNECT before.
            lock (_gate)
            {
                if (left is { } over && !_came.Contains(over)) _possible.Remove(over);
            }

            left = null;
            if (Chance(0.5)) await Task.WhenAny(_peer.Ended, Task.Delay(Random.Next(1, 60)));
            else await _peer.Ended;
            if (_peer.Ended.IsCompleted) return;
            if (Chance(0.5))
            {
                await _peer.AbortAsync();
                continue;
            }

            // DISCONNECT has no answer: the end of the connection may be the broker's death.
            left = _generation;
            lock (_gate)
            {
                _owed.Remove(_generation);
                _possible.Add(_generation);
            }

            await _peer.DisconnectAsync();
        }
    }

    internal override async Task UseOnceAsync(int port)
    {
        if (!await ConnectAsync(port)) return;
        await _peer.AbortAsync();
        await FinishAsync(port);
    }

    internal override async Task FinishAsync(int port)
    {
        // An accepted connection that ends by DISCONNECT at peace settles everything before it.
        if (await ConnectAsync(port))
        {
            lock (_gate)
            {
                _owed.Remove(_generation);
                _possible.Add(_generation);
            }

            await _peer.DisconnectAsync();
        }
    }

    internal override async Task JudgeAsync(int port)
    {
        if (await _reader.ConnectAsync(port) is not { } isPresent) return;
        CheckPresent(_reader.ClientId, isPresent);
        var end = DateTime.UtcNow + (2 * Ledger.Patience);
        while (IsMissing() && DateTime.UtcNow < end && await _reader.PingAsync()) await Task.Delay(20);
        lock (_gate)
        {
            foreach (var generation in _owed.Except(_came)) Ledger.Add(Violation.State, $"the will {generation} of {_name} did not come.");
            Ledger.Did("wills found right", _owed.Count);
            _owed.Clear();
        }

        await _reader.DisconnectAsync();
    }

    internal override async Task CloseAsync()
    {
        await _peer.AbortAsync();
        await _reader.AbortAsync();
    }

    private bool IsMissing()
    {
        lock (_gate) return !_owed.IsSubsetOf(_came);
    }

    private async Task<bool> ConnectAsync(int port)
    {
        var generation = _generation + 1;
        lock (_gate) _possible.Add(generation);
        _generation = generation;
        _peer.Will = new TestWill($"w/{_name}", generation.ToString(CultureInfo.InvariantCulture), QualityOfService.ExactlyOnce);
        if (await _peer.ConnectAsync(port) is null) return false;
        lock (_gate)
        {
            _possible.Remove(generation);
            _owed.Add(generation);
        }

        return true;
    }

    private void Take(ReceivedPublish publish)
    {
        lock (_gate)
        {
            if (!int.TryParse(publish.Payload, NumberStyles.None, CultureInfo.InvariantCulture, out var generation) || (!_owed.Contains(generation) && !_possible.Contains(generation) && !_came.Contains(generation)))
                Ledger.Add(Violation.Phantom, $"a will '{publish.Payload}' of {_name} came that is not owed.");
            else if (!_came.Add(generation)) Ledger.Add(Violation.Doubled, $"the will {generation} of {_name} came twice.");
        }
    }
}
