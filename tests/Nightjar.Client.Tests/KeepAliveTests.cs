using Nightjar.Protocol;
using Xunit;

namespace Nightjar.Client.Tests;

public sealed class KeepAliveTests
{
    [Fact]
    public async Task KeepAlive_NothingSent_PingsInTimeAndThenGivesUp()
    {
        var clock = new ManualClock();
        (MqttClient client, ScriptedServer server) = await ScriptedServer.ConnectAsync(new MqttClientOptions { KeepAlive = 8 }, timeProvider: clock);
        await using ScriptedServer closing = server;
        for (int i = 0; i < 3; i++) clock.Tick(); // Three quarters of the Keep Alive.
        await server.ExpectAsync("C0 00");
        for (int i = 0; i < 5; i++) clock.Tick();
        Assert.Equal(DisconnectKind.KeepAliveTimeout, (await client.Disconnection.WaitAsync(ScriptedServer.Guard)).Kind);
    }

    /// <summary>Runs periodic timers by hand; others never.</summary>
    private sealed class ManualClock : TimeProvider
    {
        private Action _tick = static () => { };

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (period > TimeSpan.Zero) _tick += () => callback(state);
            return new NoTimer();
        }

        internal void Tick() => _tick();

        private sealed class NoTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
