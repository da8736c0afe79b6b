using Nightjar.Broker.Configuration;
using Nightjar.Broker.Limits;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>Brokers one after the other on one store and one clock; each counts its monotonic time from its own start.</summary>
internal sealed class RestartingBroker : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private BrokerOptions _options = new() { SysInterval = TimeSpan.Zero };

    internal required RestartStore Store { get; init; }

    internal TestBroker Current { get; private set; } = null!;

    /// <summary>Starts the first broker.</summary>
    /// <param name="options">Options of all of them.</param>
    /// <param name="paging">Whether they read queues back from the store instead of holding them in memory.</param>
    internal static Task<RestartingBroker> StartAsync(BrokerOptions? options = null, bool paging = false) =>
        StartAsync(paging ? StoreKind.PagingMemory : StoreKind.Memory, options);

    /// <summary>Starts the first broker.</summary>
    /// <param name="kind">What they stand on.</param>
    /// <param name="options">Options of all of them.</param>
    internal static async Task<RestartingBroker> StartAsync(StoreKind kind, BrokerOptions? options = null)
    {
        var broker = new RestartingBroker { Store = RestartStore.Make(kind) };
        // Clients that are gone without a word must not hold up a stop.
        broker._options = (options ?? broker._options) with { CloseLinger = TimeSpan.FromMilliseconds(20) };
        // A time that is not zero on either clock.
        broker._clock.Advance(TimeSpan.FromSeconds(1234));
        broker.Current = await broker.StartNextAsync();
        return broker;
    }

    /// <summary>Ends the broker and starts the next one.</summary>
    /// <param name="crash">Whether it goes away in the middle of everything: nothing it does from now on reaches the store.</param>
    /// <param name="down">How long no broker runs.</param>
    internal async Task RestartAsync(bool crash, TimeSpan down = default)
    {
        var old = Current;
        if (crash)
        {
            await Store.CrashAsync(new BrokerClock(_clock));
        }
        else
        {
            await old.Broker.StopAsync();
            await Store.CloseAsync();
        }

        _clock.Advance(down);
        Current = await StartNextAsync();
        await old.DisposeAsync();
    }

    internal Task<WireClient> ConnectAsync(string clientId, ProtocolVersion version = ProtocolVersion.Mqtt50, bool clean = false, uint expiry = uint.MaxValue, TestWill? will = null, string? userName = null) =>
        Current.ConnectAsync(clientId, version, cleanStart: clean, sessionExpiry: expiry, will: will, userName: userName);

    internal void Advance(TimeSpan by) => Current.Advance(by);

    public async ValueTask DisposeAsync()
    {
        await Current.DisposeAsync();
        await Store.DisposeAsync();
    }

    private Task<TestBroker> StartNextAsync() => TestBroker.StartAsync(_options, store: Store.Current, clock: _clock);
}
