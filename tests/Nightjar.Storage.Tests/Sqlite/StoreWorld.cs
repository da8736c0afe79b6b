using Nightjar.Broker.Persistence;
using Nightjar.Protocol;
using Nightjar.Storage.Sqlite;
using Nightjar.Testing;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>A store on disk with one session "s", whose writer a test can stop and whose disk it can break.</summary>
internal sealed class StoreWorld : IAsyncDisposable
{
    private readonly TemporaryStore _files = new();
    private volatile Exception? _failure;

    private StoreWorld()
    {
    }

    internal SqliteStoreOptions Options { get; private set; } = null!;

    internal SqliteStore Store { get; private set; } = null!;

    internal StoreSpeaker Speaker { get; private set; } = null!;

    internal BrokerStores Stores => Speaker.Stores;

    internal SessionClaim Session => Speaker.Claim("s");

    internal StoreCondition Condition => Stores.Condition;

    internal static async Task<StoreWorld> StartAsync(Func<SqliteStoreOptions, SqliteStoreOptions>? change = null)
    {
        var world = new StoreWorld();
        world.Options = world._files.Options with
        {
            Fault = _ =>
            {
                if (world._failure is { } failure) throw failure;
            },
        };
        world.Options = change?.Invoke(world.Options) ?? world.Options;
        world.Open();
        world.Speaker.Save("s");
        await world.Store.FlushAsync();
        return world;
    }

    /// <summary>From now on every commit fails; null: none does.</summary>
    internal void Break(Exception? failure) => _failure = failure;

    /// <summary>Keeps the writer busy until what is returned is disposed.</summary>
    internal async Task<IAsyncDisposable> HoldAsync()
    {
        var hold = new WriterHold();
        hold.Start(Store);
        await hold.Held.WaitAsync(Wait.Guard);
        return hold;
    }

    internal void Append(long number, int message = 1) => Speaker.Append("s", message, new DeliveryRecord(number, QualityOfService.AtLeastOnce, false, 0, null, null, null));

    internal void Complete(long number) => Speaker.Note(Stores.Messages.Complete(Session, number));

    internal Task DurableAsync() => Wait.UntilAsync(() => Store.Progress.Durable >= Speaker.Ticket, "the store to be durable");

    internal string Describe(bool pages = false)
    {
        var sink = new StateDescription(pages);
        Stores.Recovery!.Recover(sink);
        return sink.Text;
    }

    /// <summary>Kills the store and opens the file again.</summary>
    internal void Kill()
    {
        Store.Abandon();
        Open();
    }

    public async ValueTask DisposeAsync()
    {
        _failure = null;
        await Store.DisposeAsync();
        _files.Dispose();
    }

    private void Open()
    {
        Store = SqliteStore.Open(Options);
        Speaker = new StoreSpeaker(Store.Open(StoreSpeaker.Clock()));
    }
}
