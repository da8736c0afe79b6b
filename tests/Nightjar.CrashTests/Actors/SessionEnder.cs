using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Peers;
using Nightjar.Protocol;

namespace Nightjar.CrashTests.Actors;

/// <summary>Begins durable sessions and ends them; after each start a session must be there, or not, as was acknowledged last.</summary>
internal sealed class SessionEnder : Actor
{
    private readonly Peer _peer;

    // Null: what was asked for last has no answer.
    private bool? _exists = false;

    internal SessionEnder(Ledger ledger, Random random, string clientId, ProtocolVersion version)
        : base(ledger, random) => _peer = new Peer(clientId, version);

    internal override async Task InspectAsync(int port)
    {
        if (_exists is not { } exists) return;
        // Looking begins a session, where there is none.
        if (await _peer.ConnectAsync(port) is not { } isPresent) return;
        if (isPresent != exists) Ledger.Add(Violation.State, $"the session of {_peer.ClientId} is {(isPresent ? "there, and was ended" : "gone")}.");
        else Ledger.Did("sessions found as left");
        _exists = true;
        await _peer.AbortAsync();
    }

    internal override async Task UseAsync(int port)
    {
        while (true)
        {
            var before = _exists;
            _exists = null;
            var clean = Chance(0.5);
            if (await _peer.ConnectAsync(port, clean, clean ? 0 : uint.MaxValue) is not { } isPresent) return;
            if (clean ? isPresent : before is { } known && isPresent != known)
                Ledger.Add(Violation.State, $"the session of {_peer.ClientId} is {(isPresent ? "there, and was ended" : "gone")}.");
            _exists = !clean;
            Ledger.Did("sessions begun and ended");
            await Task.WhenAny(_peer.Ended, Task.Delay(Random.Next(1, 20)));
            if (_peer.Ended.IsCompleted) return;
            await _peer.DisconnectAsync();
        }
    }

    internal override async Task UseOnceAsync(int port)
    {
        foreach (var clean in (bool[])[false, true, false])
        {
            _exists = null;
            if (await _peer.ConnectAsync(port, clean, clean ? 0 : uint.MaxValue) is null) return;
            _exists = !clean;
            await _peer.DisconnectAsync();
        }
    }

    internal override Task JudgeAsync(int port) => InspectAsync(port);

    internal override Task CloseAsync() => _peer.AbortAsync();
}
