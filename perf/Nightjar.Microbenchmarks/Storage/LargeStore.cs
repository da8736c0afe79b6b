using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Protocol;
using Nightjar.Storage;
using Nightjar.Storage.Sqlite;

namespace Nightjar.Microbenchmarks.Storage;

/// <summary>What a store has to hold that is said to be large.</summary>
/// <param name="Sessions">Durable sessions that are away, each with one subscription.</param>
/// <param name="Queued">Messages that wait, each for one session, spread evenly.</param>
/// <param name="Retained">Retained messages, each with a topic of its own.</param>
internal readonly record struct LargeStore(int Sessions, int Queued, int Retained)
{
    private const int PayloadSize = 100;
    private const int FlushedAtOnce = 50_000;

    internal static LargeStore OfTheTarget => new(100_000, 1_000_000, 1_000_000);

    internal int QueuedEach => Queued / Sessions;

    internal static string ClientIdOf(int session) => string.Create(CultureInfo.InvariantCulture, $"client-{session}");

    internal static string FilterOf(int session) => string.Create(CultureInfo.InvariantCulture, $"queue/{session}/#");

    /// <summary>Filter of all retained messages.</summary>
    internal static string RetainedFilter => "site/+/temperature";

    /// <summary>The number that a message was made with, of its payload.</summary>
    internal static int NumberOf(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadInt32BigEndian(payload);

    /// <summary>Writes it to a new file, through the store, and leaves the file as an orderly stop does.</summary>
    internal async Task FillAsync(string path)
    {
        await using var store = SqliteStore.Open(new SqliteStoreOptions { Path = path, Sync = SqliteSync.Interval, MemoryLimit = 1L << 30 });
        var stores = store.Open(new BrokerClock(TimeProvider.System));
        var claims = new SessionClaim[Sessions];
        var away = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        for (var session = 0; session < Sessions; session++)
        {
            var clientId = ClientIdOf(session);
            claims[session] = await stores.Sessions.ClaimAsync(clientId, CancellationToken.None);
            stores.Sessions.Save(claims[session], new SessionRecord(clientId, null, uint.MaxValue, away));
            stores.Sessions.AddSubscription(claims[session], Encoding.UTF8.GetBytes(FilterOf(session)), 1, 0);
        }

        var pool = new MessagePool();
        for (var number = 0; number < Math.Max(Queued, Retained); number++)
        {
            if (number < Queued)
            {
                var delivery = new DeliveryRecord((number / Sessions) + 1, QualityOfService.AtLeastOnce, false, 0, null, null, null);
                stores.Messages.Append(claims[number % Sessions], Message($"queue/{number % Sessions}/state", number, pool), delivery);
            }

            if (number < Retained) stores.Retained.Set(Message($"site/{number}/temperature", number, pool));
            if (number % FlushedAtOnce == 0) await store.FlushAsync();
        }
    }

    private static PublishedMessage Message(string topicName, int number, MessagePool pool)
    {
        Span<byte> payload = stackalloc byte[PayloadSize];
        payload.Clear();
        BinaryPrimitives.WriteInt32BigEndian(payload, number);
        return PublishedMessage.Unpooled(new Publication(pool) { TopicName = Encoding.UTF8.GetBytes(topicName), Payload = payload, QoS = QualityOfService.AtLeastOnce });
    }
}
