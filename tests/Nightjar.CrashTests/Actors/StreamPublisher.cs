using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Peers;
using Nightjar.Protocol;

namespace Nightjar.CrashTests.Actors;

/// <summary>Publishes numbered messages, some at a time, and sends again what was not acknowledged.</summary>
internal sealed class StreamPublisher : Actor
{
    private readonly Peer _peer;
    private readonly MessageStream _stream;
    private readonly QualityOfService _qos;
    private readonly int _window;
    private readonly List<Task> _pending = [];

    internal StreamPublisher(Ledger ledger, Random random, MessageStream stream, string clientId, ProtocolVersion version, QualityOfService qos, int window)
        : base(ledger, random)
    {
        _peer = new Peer(clientId, version);
        _stream = stream;
        _qos = qos;
        _window = window;
    }

    internal override async Task PrepareAsync(int port)
    {
        await _peer.ConnectAsync(port);
        await _peer.AbortAsync();
    }

    internal override async Task UseAsync(int port)
    {
        // A broker whose store has failed may disconnect it, and lets it in again.
        while (await _peer.ConnectAsync(port) is { } isPresent)
        {
            CheckPresent(_peer.ClientId, isPresent);
            while (!_peer.Ended.IsCompleted)
            {
                _pending.RemoveAll(task => task.IsCompleted);
                if (_pending.Count < _window) _pending.Add(PublishNextAsync());
                else await Task.WhenAny([_peer.Ended, .. _pending]);
            }
        }
    }

    internal override async Task UseOnceAsync(int port)
    {
        if (await _peer.ConnectAsync(port) is null) return;
        for (var i = 0; i < 2 && !_peer.Ended.IsCompleted; i++)
        {
            _pending.Add(PublishNextAsync());
            await Task.WhenAny(_peer.Ended, _pending[^1]);
        }

        await _peer.AbortAsync();
    }

    internal override async Task FinishAsync(int port)
    {
        if (await _peer.ConnectAsync(port) is not { } isPresent) return;
        CheckPresent(_peer.ClientId, isPresent);
        var all = Task.WhenAll(_pending);
        if (await Task.WhenAny(all, _peer.Ended, Task.Delay(TimeSpan.FromSeconds(60))) != all)
            Ledger.Add(Violation.State, $"{_peer.ClientId} has {_peer.Unacknowledged} messages that nobody acknowledges.");
        _pending.Clear();
    }

    internal override Task CloseAsync() => _peer.AbortAsync();

    /// <summary>Publishes one message.</summary>
    internal async Task<ReasonCode> PublishNextAsync()
    {
        var number = _stream.Next();
        Ledger.Did("messages sent");
        var reason = await _peer.PublishAsync(_stream.Topic, _stream.PayloadOf(number), _qos);
        if (reason >= ReasonCode.UnspecifiedError)
        {
            _stream.Refused(number);
            await Task.Delay(10);
            Ledger.Did($"messages refused with 0x{(byte)reason:X2}");
            return reason;
        }

        _stream.Acknowledged(number);
        Ledger.Did("messages acknowledged");
        return reason;
    }
}
