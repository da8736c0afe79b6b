using System.Text;
using Nightjar.Broker;
using Nightjar.Broker.Persistence;
using Nightjar.Protocol;
using Nightjar.Storage.Inspection;
using Nightjar.Storage.Sqlite;
using Nightjar.Storage.Sqlite.Interop;
using Nightjar.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>
/// Files that somebody has made or that have become so: whatever is in them, a broker and the tools either use them or say what is wrong, and never
/// do anything else. Told to recover, a broker starts.
/// </summary>
public sealed class HostileFileTests(ITestOutputHelper output) : IDisposable
{
    private static readonly (string Table, string[] Columns)[] Tables =
    [
        ("meta", ["name", "value"]),
        ("message", ["id", "body"]),
        ("delivery", ["id", "session", "message", "number", "mark", "size", "extra"]),
        ("session", ["key", "since", "client_id", "user_name", "expiry", "disconnected_at", "domain", "address"]),
        ("subscription", ["session", "filter", "options", "identifier"]),
        ("will", ["session", "body", "delay", "expiry"]),
        ("received", ["session", "packet"]),
        ("retained", ["topic", "body"]),
    ];

    private static readonly string[] Values =
    [
        "NULL", "''", "'text'", "x''", "x'00'", "x'FFFFFFFF'", "zeroblob(1000000)", "randomblob(30)", "0", "-1", "3", "65536", "4294967295", "4611686018427387903",
        "4611686018427387904", "9223372036854775807", "-9223372036854775808", "1.5", "1e300", "CAST(x'FF2B23' AS TEXT)", "x'232B'",
    ];

    private static readonly string[] Scripts =
    [
        "DROP TABLE meta", "DROP TABLE delivery", "DROP TABLE session", "DELETE FROM meta", "PRAGMA user_version=0", "PRAGMA user_version=-1", "PRAGMA user_version=999",
        "CREATE TRIGGER t AFTER INSERT ON session BEGIN DELETE FROM message; END", "ALTER TABLE session RENAME COLUMN client_id TO other", "ALTER TABLE delivery ADD COLUMN more",
        "ALTER TABLE message RENAME TO hidden; CREATE VIEW message AS WITH RECURSIVE r(id, body) AS (SELECT 1, x'00' UNION ALL SELECT id+1, body FROM r) SELECT id, body FROM r",
        "DROP TABLE retained; CREATE TABLE retained(topic, body)", "CREATE INDEX i ON delivery(session)", "CREATE TABLE more(id)",
    ];

    private readonly TemporaryStore _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData(1, 150)]
    [InlineData(0, 50)]
    public async Task File_WithAnythingInIt_IsUsedOrRefusedInWords_AndRecovered(int seed, int count)
    {
        if (seed == 0) seed = Environment.TickCount & 0xFFFFFF;
        await FillAsync();
        var good = File.ReadAllBytes(_files.Path);
        for (var round = 0; round < count; round++)
        {
            var random = new Random((seed * 1000) + round);
            foreach (var file in Directory.GetFiles(Path.GetDirectoryName(_files.Path)!)) File.Delete(file);
            File.WriteAllBytes(_files.Path, good);
            var what = $"seed {seed}, round {round}: {Spoil(random)}";
            var bad = File.ReadAllBytes(_files.Path);
            try
            {
                LookAt();
                await UseAsync(_files.Options);
                if (File.Exists(_files.Path + "-wal")) File.Delete(_files.Path + "-wal");
                File.WriteAllBytes(_files.Path, bad);
                await using var store = SqliteStore.Open(_files.Options with { Recover = true });
                await using var broker = new MqttBroker(store: store);
            }
            catch (IOException error) when (error.Message.Contains("newer", StringComparison.Ordinal) || error.Message.Contains("not a store", StringComparison.Ordinal))
            {
                // Not damage, and nothing that a recovery may put aside.
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException(what, exception);
            }
        }

        output.WriteLine($"seed {seed}");
    }

    // What is refused must be so by an error that the executable shows to people.
    private void LookAt()
    {
        foreach (var look in (Action<StoreView>[])[view => view.Survey(checksPages: true), view => view.Dump(Stream.Null, asJson: true), view => view.Dump(Stream.Null, asJson: false)])
        {
            try
            {
                using var view = StoreView.Open(_files.Path);
                look(view);
            }
            catch (IOException error)
            {
                Assert.NotEmpty(error.Message);
            }
        }
    }

    private static async Task UseAsync(SqliteStoreOptions options)
    {
        try
        {
            await using var store = SqliteStore.Open(options);
            await using (new MqttBroker(store: store))
            {
            }

            var stores = store.Open(StoreSpeaker.Clock());
            foreach (var clientId in (string[])["s0", "s1", "new"])
            {
                var session = await stores.Sessions.ClaimAsync(clientId, CancellationToken.None);
                await PageCollector.LoadAsync(stores, session, -1);
                stores.Sessions.Save(session, new SessionRecord(clientId, null, 10, null));
                stores.Messages.Append(session, StoreSpeaker.Message("t", "x"u8), new DeliveryRecord(1000, QualityOfService.AtLeastOnce, false, 0, null, null, null));
                stores.Messages.Complete(session, 1);
                stores.Messages.MarkSent(session, 2, 9);
                stores.Sessions.Drop(session);
            }

            stores.Retained.Clear("retained/0"u8);
            await store.FlushAsync();
        }
        catch (IOException error)
        {
            Assert.NotEmpty(error.Message);
        }
    }

    private string Spoil(Random random)
    {
        switch (random.Next(5))
        {
            case 0:
                var length = random.Next((int)new FileInfo(_files.Path).Length);
                using (var file = new FileStream(_files.Path, FileMode.Open)) file.SetLength(length);
                return $"cut to {length} bytes";
            case 1:
                using (var file = new FileStream(_files.Path, FileMode.Open))
                {
                    for (var times = random.Next(1, 20); times > 0; times--)
                    {
                        file.Position = random.NextInt64(file.Length);
                        var old = file.ReadByte();
                        file.Position--;
                        file.WriteByte((byte)(old ^ (1 << random.Next(8))));
                    }
                }

                return "bits turned over";
            case 2:
                using (var file = new FileStream(_files.Path, FileMode.Open))
                {
                    file.Position = random.NextInt64(file.Length / 4096) * 4096;
                    var page = new byte[4096];
                    random.NextBytes(page);
                    file.Write(page);
                }

                return "a page of anything";
            case 3:
                return Change(Scripts[random.Next(Scripts.Length)]);
            default:
                var (table, columns) = Tables[random.Next(Tables.Length)];
                var where = random.Next(2) == 0 ? "" : $" WHERE {columns[0]}=(SELECT max({columns[0]}) FROM {table})";
                return Change($"UPDATE OR IGNORE {table} SET {columns[random.Next(columns.Length)]}={Values[random.Next(Values.Length)]}{where}");
        }
    }

    private string Change(string script)
    {
        using var file = new SqliteConnection(_files.Path);
        try
        {
            foreach (var statement in script.StartsWith("CREATE TRIGGER", StringComparison.Ordinal) ? [script] : script.Split("; ")) file.Execute(statement);
        }
        catch (SqliteException error)
        {
            return $"{script}, which could not be done: {error.Message}";
        }

        return script;
    }

    private async Task FillAsync()
    {
        await using var store = _files.Open();
        var speaker = new StoreSpeaker(store.Open(StoreSpeaker.Clock()));
        var stores = speaker.Stores;
        for (var client = 0; client < 4; client++)
        {
            var clientId = $"s{client}";
            speaker.Save(clientId, 1000, client % 2 == 0 ? 5000 : null);
            var session = speaker.Claim(clientId);
            stores.Sessions.AddSubscription(session, "a/+"u8, 1, 0);
            stores.Sessions.AddSubscription(session, "$share/g/b"u8, 2, 7);
            stores.Sessions.SetWill(session, StoreSpeaker.Message("will", "gone"u8, "p"), 10, client % 2 == 0 ? null : 20);
            for (var number = 1; number <= 30; number++)
            {
                var isShared = number % 5 == 0;
                speaker.Append(clientId, number, new DeliveryRecord(
                    number, (QualityOfService)(1 + (number % 2)), number % 3 == 0, 0, number % 4 == 0 ? [1, 2] : null, isShared ? "g"u8.ToArray() : null, isShared ? "b"u8.ToArray() : null));
            }

            stores.Messages.MarkSent(session, 1, 1);
            stores.Messages.MarkReceived(session, 1, 1);
            stores.Messages.MarkSent(session, 2, 2);
            stores.Messages.AddReceivedId(session, (ushort)(client + 1));
        }

        for (var topic = 0; topic < 20; topic++) stores.Retained.Set(StoreSpeaker.Message($"retained/{topic}", Encoding.UTF8.GetBytes(new string('r', topic * 50)), "p"));
        await store.FlushAsync();
    }
}
