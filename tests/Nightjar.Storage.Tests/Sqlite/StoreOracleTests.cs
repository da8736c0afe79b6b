using Nightjar.Broker.Persistence;
using Nightjar.Protocol;
using Nightjar.Storage.Sqlite;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>Random calls to a store on disk and to the one in memory, which is the naive model; after each restart both must hold the same.</summary>
public sealed class StoreOracleTests(ITestOutputHelper output)
{
    private static readonly string[] Clients = ["a", "b", "c", "d", "é-client"];
    private readonly Dictionary<string, long> _numbers = [];
    private readonly Dictionary<string, List<long>> _open = [];
    private int _message;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(0)]
    public async Task Store_OnDisk_HoldsWhatTheOneInMemoryHolds(int seed)
    {
        if (seed == 0) seed = Environment.TickCount & 0xFFFFFF;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var files = new TemporaryStore();
        var model = InMemoryStore.CreatePaging();
        var sync = (SqliteSync)random.Next(3);
        var store = SqliteStore.Open(files.Options with { Sync = sync });
        foreach (var client in Clients) (_numbers[client], _open[client]) = (0, []);
        for (var life = 0; life < 12; life++)
        {
            StoreSpeaker[] speakers = [Speak(model, out var expected), Speak(store, out var found)];
            Assert.True(expected == found, $"seed {seed}, life {life}\nmodel:\n{expected}\nstore:\n{found}");
            var steps = random.Next(300);
            for (var step = 0; step < steps; step++)
            {
                var operation = Choose(random);
                foreach (var speaker in speakers) operation(speaker);
                if (random.Next(40) == 0) await ComparePagesAsync(random, speakers, seed);
                // Now and then the batch ends here.
                if (random.Next(10) == 0) await store.FlushAsync();
            }

            store = await RestartAsync(store, files.Options with { Sync = sync }, random.Next(3));
        }

        await store.DisposeAsync();
    }

    private static StoreSpeaker Speak(MqttBrokerStore store, out string description)
    {
        var stores = store.Open(StoreSpeaker.Clock());
        foreach (var pages in (bool[])[false, true])
        {
            var sink = new StateDescription(pages);
            stores.Recovery!.Recover(sink);
            description = sink.Text;
            if (!pages) continue;
            var whole = new StateDescription();
            stores.Recovery!.Recover(whole);
            description = whole.Text + "\n---\n" + description;
            return new StoreSpeaker(stores);
        }

        throw new InvalidOperationException();
    }

    private static async Task<SqliteStore> RestartAsync(SqliteStore store, SqliteStoreOptions options, int how)
    {
        // The next owner of the same store, a clean restart, one after a kill.
        if (how == 0) return store;
        if (how == 1)
        {
            await store.DisposeAsync();
        }
        else
        {
            await store.FlushAsync();
            store.Abandon();
        }

        return SqliteStore.Open(options);
    }

    private static async Task ComparePagesAsync(Random random, StoreSpeaker[] speakers, int seed)
    {
        var client = Clients[random.Next(Clients.Length)];
        var after = random.Next(-1, 40);
        var count = random.Next(1, 20);
        var bytes = random.Next(2) == 0 ? long.MaxValue : random.Next(1000);
        var model = await PageCollector.LoadAsync(speakers[0].Stores, speakers[0].Claim(client), after, count, bytes);
        var store = await PageCollector.LoadAsync(speakers[1].Stores, speakers[1].Claim(client), after, count, bytes);
        Assert.True(model.Lines.SequenceEqual(store.Lines), $"seed {seed}, {client} after {after}, {count}, {bytes}\nmodel:\n{string.Join('\n', model.Lines)}\nstore:\n{string.Join('\n', store.Lines)}");
        Assert.Equal((model.LastNumber, model.IsFailed), (store.LastNumber, store.IsFailed));
    }

    private Action<StoreSpeaker> Choose(Random random)
    {
        var client = Clients[random.Next(Clients.Length)];
        switch (random.Next(100))
        {
            case < 8:
                var (expiry, at) = ((uint)random.Next(100), random.Next(2) == 0 ? (long?)random.Next(1000) : null);
                return speaker => speaker.Save(client, expiry, at);
            case < 10:
                _open[client].Clear();
                return speaker => speaker.Drop(client);
            case < 15:
                return Subscribe(random, client);
            case < 20:
                return Will(random, client);
            case < 30:
                return Retain(random);
            case < 40:
                var packetId = (ushort)random.Next(1, 6);
                var adds = random.Next(2) == 0;
                return speaker => speaker.Note(adds
                    ? speaker.Stores.Messages.AddReceivedId(speaker.Claim(client), packetId)
                    : speaker.Stores.Messages.RemoveReceivedId(speaker.Claim(client), packetId));
            case < 70:
                return Append(random);
            default:
                return Advance(random, client);
        }
    }

    private static Action<StoreSpeaker> Subscribe(Random random, string client)
    {
        var filter = System.Text.Encoding.UTF8.GetBytes($"f/{random.Next(4)}/#");
        var options = (byte)random.Next(64);
        var identifier = (uint)random.Next(3);
        var adds = random.Next(3) > 0;
        return speaker => speaker.Note(adds
            ? speaker.Stores.Sessions.AddSubscription(speaker.Claim(client), filter, options, identifier)
            : speaker.Stores.Sessions.RemoveSubscription(speaker.Claim(client), filter));
    }

    private static Action<StoreSpeaker> Will(Random random, string client)
    {
        var message = StoreSpeaker.Message("will", [(byte)random.Next(256)], random.Next(2) == 0 ? "w" : null);
        var delay = (uint)random.Next(100);
        uint? expiry = random.Next(2) == 0 ? uint.MaxValue : null;
        var sets = random.Next(3) > 0;
        return speaker => speaker.Note(sets
            ? speaker.Stores.Sessions.SetWill(speaker.Claim(client), message, delay, expiry)
            : speaker.Stores.Sessions.ClearWill(speaker.Claim(client)));
    }

    private static Action<StoreSpeaker> Retain(Random random)
    {
        var message = StoreSpeaker.Message($"r/{random.Next(6)}", new byte[random.Next(2000)], random.Next(2) == 0 ? "p" : null, random.Next(2) == 0 ? random.Next(1000) : long.MaxValue);
        var sets = random.Next(4) > 0;
        return speaker => speaker.Note(sets ? speaker.Stores.Retained.Set(message) : speaker.Stores.Retained.Clear(message.TopicName));
    }

    // One message to some of the clients, or an earlier one to one more.
    private Action<StoreSpeaker> Append(Random random)
    {
        var message = random.Next(8) == 0 ? random.Next(_message + 1) : ++_message;
        var plan = new List<(string Client, DeliveryRecord Delivery)>();
        foreach (var client in Clients)
        {
            if (random.Next(3) > 0) continue;
            // Numbers have holes now and then.
            var number = _numbers[client] += random.Next(20) == 0 ? 5 : 1;
            _open[client].Add(number);
            plan.Add((client, new DeliveryRecord(
                number,
                (QualityOfService)random.Next(3),
                random.Next(2) == 0,
                (uint)random.Next(3) * 100_000_000,
                random.Next(8) == 0 ? [1, 268_435_455] : null,
                random.Next(8) == 0 ? "share"u8.ToArray() : null,
                null)));
            if (plan[^1].Delivery.ShareName is not null) plan[^1] = (client, plan[^1].Delivery with { ShareFilter = "f/+"u8.ToArray() });
        }

        return speaker => plan.ForEach(item => speaker.Append(item.Client, message, item.Delivery));
    }

    // The oldest mostly moves on first.
    private Action<StoreSpeaker> Advance(Random random, string client)
    {
        var open = _open[client];
        if (open.Count == 0) return _ => { };
        var place = random.Next(4) == 0 ? random.Next(open.Count) : 0;
        var number = open[place];
        var packetId = (ushort)random.Next(1, 65536);
        var isPlaced = random.Next(4) > 0;
        StorePlace PlaceIn(StoreSpeaker speaker) => isPlaced ? speaker.PlaceOf(client, number) : default;
        switch (random.Next(5))
        {
            case 0:
                return speaker => speaker.Note(speaker.Stores.Messages.MarkSent(speaker.Claim(client), number, packetId, PlaceIn(speaker)));
            case 1:
                // From then on it has no message, so it is not sent again.
                open.RemoveAt(place);
                return speaker =>
                {
                    speaker.Note(speaker.Stores.Messages.MarkReceived(speaker.Claim(client), number, packetId, PlaceIn(speaker)));
                    if (packetId % 2 == 0) speaker.Note(speaker.Stores.Messages.Complete(speaker.Claim(client), number, PlaceIn(speaker)));
                };
            default:
                open.RemoveAt(place);
                return speaker => speaker.Note(speaker.Stores.Messages.Complete(speaker.Claim(client), number, PlaceIn(speaker)));
        }
    }
}
