using System.Globalization;
using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Peers;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.CrashTests.Actors;

/// <summary>
/// Leaves without DISCONNECT, or with one that wants the will, and stays away over several deaths of the broker, with a session and a will that each have some seconds, or a day. The will
/// must come when its delay or the session is over and not before, and the session must be there as long as its interval says and no longer.
/// </summary>
/// <remarks>
/// Both count from the end of the connection. When the broker has noted that on disk is known from a later message that it acknowledged; if it died
/// before, they count from its next start. What was due before a start must come before anything that is published after it.
/// </remarks>
internal sealed class AbsentClient : Actor
{
    private const uint Seconds = 2;
    private const uint MoreSeconds = 4;
    private const uint Day = 86_400;
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1.5);
    private static readonly (uint Delay, uint Expiry)[] Kinds = [(Seconds, Day), (Day, MoreSeconds), (Day, Day), (Seconds, MoreSeconds)];
    private readonly Lock _gate = new();
    private readonly string _name;
    private readonly Peer _peer;
    private readonly Peer _reader;
    private readonly Peer _witness;

    // By payload, under _gate.
    private readonly HashSet<string> _fences = [];
    private readonly Dictionary<int, DateTime> _earliest = [];
    private readonly HashSet<int> _came = [];
    private int _generation;
    private (uint Delay, uint Expiry) _kind;
    private bool _isAway;
    private DateTime _leftAt;

    // Null: the broker may have died before it noted the end.
    private DateTime? _notedAt;
    private DateTime _broken;
    private int _fence;

    internal AbsentClient(Ledger ledger, Random random, string name, int firstKind)
        : base(ledger, random)
    {
        _name = name;
        _generation = firstKind;
        _peer = new Peer(name, ProtocolVersion.Mqtt50);
        _reader = new Peer(name + "-reader", ProtocolVersion.Mqtt50) { Received = Take };
        _witness = new Peer(name + "-witness", ProtocolVersion.Mqtt50);
    }

    internal override async Task PrepareAsync(int port)
    {
        await _reader.ConnectAsync(port);
        await _reader.SubscribeAsync($"v/{_name}", QualityOfService.ExactlyOnce);
        await _reader.AbortAsync();
    }

    internal override async Task InspectAsync(int port)
    {
        if (!_isAway) return;
        // It has been restarted: what it had not noted counts from there.
        _notedAt ??= DateTime.UtcNow;
        if (!await PassFenceAsync(port)) return;
        JudgeWill();
        if (DateTime.UtcNow - _notedAt > TimeSpan.FromSeconds(MoreSeconds) + Margin) await JudgeSessionAsync(port);
        await AbortAsync();
    }

    internal override async Task UseAsync(int port)
    {
        // The reader is there all the time, so that a will that comes too early is seen to.
        if (await _reader.ConnectAsync(port) is null) return;
        if (!_isAway) await LeaveAsync(port);
        await _reader.Ended;
    }

    internal override async Task UseOnceAsync(int port)
    {
        if (!_isAway) await LeaveAsync(port);
    }

    internal override Task JudgeAsync(int port) => InspectAsync(port);

    internal override async Task CloseAsync()
    {
        await AbortAsync();
        _broken = DateTime.UtcNow;
    }

    private async Task AbortAsync()
    {
        await _peer.AbortAsync();
        await _reader.AbortAsync();
        await _witness.AbortAsync();
    }

    private async Task LeaveAsync(int port)
    {
        _generation++;
        _kind = Kinds[_generation % Kinds.Length];
        lock (_gate) _earliest[_generation] = DateTime.UtcNow + TimeSpan.FromSeconds(Math.Min(_kind.Delay, _kind.Expiry)) - Margin;
        _peer.Will = new TestWill(
            $"v/{_name}", _generation.ToString(CultureInfo.InvariantCulture), QualityOfService.ExactlyOnce,
            Properties: [0x18, (byte)(_kind.Delay >> 24), (byte)(_kind.Delay >> 16), (byte)(_kind.Delay >> 8), (byte)_kind.Delay]);
        if (await _peer.ConnectAsync(port, clean: true, _kind.Expiry) is null)
        {
            // The session may have begun, with this will, which comes when the next one takes its place.
            lock (_gate) _earliest[_generation] = DateTime.MinValue;
            return;
        }

        (_isAway, _leftAt, _notedAt) = (true, DateTime.UtcNow, null);
        if (Chance(0.5))
        {
            await _peer.AbortAsync();
            return;
        }

        // The broker ends the connection when it has seen that it is to be over, and what it acknowledges later is on disk later.
        await _peer.DisconnectAsync(ReasonCode.DisconnectWithWillMessage);
        await Task.Delay(50);
        if (await PublishFenceAsync(port) is not null) _notedAt = DateTime.UtcNow;
    }

    private async Task<string?> PublishFenceAsync(int port)
    {
        var fence = string.Create(CultureInfo.InvariantCulture, $"fence {++_fence}");
        if (_witness.Ended.IsCompleted && await _witness.ConnectAsync(port, clean: true, expiry: 0) is null) return null;
        return await Task.WhenAny(_witness.PublishAsync($"v/{_name}", fence, QualityOfService.AtLeastOnce), _witness.Ended) is Task<ReasonCode> { Result: < ReasonCode.UnspecifiedError } ? fence : null;
    }

    private async Task<bool> PassFenceAsync(int port)
    {
        if (await PublishFenceAsync(port) is not { } fence || await _reader.ConnectAsync(port) is not { } isPresent) return false;
        CheckPresent(_reader.ClientId, isPresent);
        var end = DateTime.UtcNow + (2 * Ledger.Patience);
        while (!HasCome(fence) && await _reader.PingAsync())
        {
            if (DateTime.UtcNow > end)
            {
                Ledger.Add(Violation.Lost, $"{_reader.ClientId} did not get '{fence}'.");
                return false;
            }

            await Task.Delay(5);
        }

        return HasCome(fence);
    }

    private bool HasCome(string fence)
    {
        lock (_gate) return _fences.Contains(fence);
    }

    private void JudgeWill()
    {
        var noted = _notedAt.GetValueOrDefault();
        var due = noted + TimeSpan.FromSeconds(Math.Min(_kind.Delay, _kind.Expiry)) + Margin;
        lock (_gate)
        {
            if (!_came.Contains(_generation) && due < _broken) Ledger.Add(Violation.State, $"the will {_generation} of {_name} was due {(_broken - due).TotalSeconds:F1} s before the broker was started, and did not come.");
        }
    }

    private async Task JudgeSessionAsync(int port)
    {
        var before = DateTime.UtcNow;
        var noted = _notedAt.GetValueOrDefault();
        _peer.Will = null;
        if (await _peer.ConnectAsync(port, clean: false, expiry: Day) is not { } isPresent) return;
        _isAway = false;
        var expiry = TimeSpan.FromSeconds(_kind.Expiry);
        if (isPresent && before > noted + expiry + Margin) Ledger.Add(Violation.State, $"the session of {_name} is there, and was over {(before - noted - expiry).TotalSeconds:F1} s ago.");
        else if (!isPresent && DateTime.UtcNow < _leftAt + expiry - Margin) Ledger.Add(Violation.State, $"the session of {_name} is gone, and had {_kind.Expiry} s.");
        else Ledger.Did(isPresent ? "absent sessions found again" : "absent sessions found over");
        await _peer.DisconnectAsync();
    }

    private void Take(ReceivedPublish publish)
    {
        lock (_gate)
        {
            if (publish.Payload.StartsWith("fence ", StringComparison.Ordinal)) _fences.Add(publish.Payload);
            else if (!int.TryParse(publish.Payload, NumberStyles.None, CultureInfo.InvariantCulture, out var generation) || !_earliest.TryGetValue(generation, out var earliest))
                Ledger.Add(Violation.Phantom, $"a will '{publish.Payload}' of {_name} came that nobody left.");
            else if (!_came.Add(generation)) Ledger.Add(Violation.Doubled, $"the will {generation} of {_name} came twice.");
            else if (DateTime.UtcNow < earliest) Ledger.Add(Violation.State, $"the will {generation} of {_name} came {(earliest - DateTime.UtcNow).TotalSeconds:F1} s too early.");
            else Ledger.Did("delayed wills found right");
        }
    }
}
