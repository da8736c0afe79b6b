using Nightjar.Broker.Tests.Collections;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Protocol;
using Nightjar.Storage;
using Nightjar.Storage.Sqlite;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Performance;

/// <summary>
/// What a message to a durable session allocates on the thread that has its bytes, with the store on disk whose own threads write and release: nothing,
/// from PUBLISH over what goes into the store to the last acknowledgement. The clients are stepped by that thread, so the count is exact.
/// </summary>
[Collection(MeasuredAlone.Name)]
[Trait("Measures", "optimised code")]
public sealed class DiskAllocationTests : IAsyncLifetime
{
    private const string Topic = "dev/1/temp";
    private const int Batch = 20;
    private const int WarmUp = 150;
    private const int Rounds = 25;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("nightjar-allocation-");
    private readonly string _payload = new('x', 64);
    private readonly SqliteStore _store;

    public DiskAllocationTests() => _store = SqliteStore.Open(new SqliteStoreOptions { Path = Path.Combine(_directory.FullName, "nightjar.db") });

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    public static TheoryData<ProtocolVersion, QualityOfService, string> Cases()
    {
        var cases = new TheoryData<ProtocolVersion, QualityOfService, string>();
        foreach (var version in new[] { ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50 })
        {
            foreach (var qos in new[] { QualityOfService.AtLeastOnce, QualityOfService.ExactlyOnce })
            {
                foreach (var receiver in new[] { "offline", "online", "both" }) cases.Add(version, qos, receiver);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Message_ToADurableSession_AllocatesNothing(ProtocolVersion version, QualityOfService qos, string receivers)
    {
        int runs;
        using (var broker = new SteppedBroker(LimitTests.Options with { MaximumQueuedMessages = 0, MaximumQueuedBytes = 0, MaximumInflightMessages = 0 }, store: _store))
        {
            if (receivers != "online")
            {
                var away = broker.Connect("away", version, cleanStart: false, sessionExpiry: uint.MaxValue);
                away.Subscribe(Topic, qos);
                away.Connection.End();
            }

            SteppedClient? reader = null;
            if (receivers != "offline")
            {
                reader = broker.Connect("there", version, cleanStart: false, sessionExpiry: uint.MaxValue);
                reader.Subscribe(Topic, qos);
            }

            var publisher = broker.Connect("p", version, cleanStart: false, sessionExpiry: uint.MaxValue);
            var (packets, releases) = Packets(version, qos);
            for (var round = 0; round < WarmUp; round++) Step();
            runs = Allocation.AssertNone(() =>
            {
                for (var round = 0; round < Rounds; round++) Step();
            });
            if (reader is not null) Assert.Equal((WarmUp + (Rounds * runs)) * Batch, reader.Received);
            if (receivers != "online") Assert.Equal((WarmUp + (Rounds * runs)) * Batch, broker.Broker.Session("away").BacklogCount);
            // All that was sent is in the file, or over.
            await _store.FlushAsync();
            Assert.Equal(receivers == "online" ? 0 : (WarmUp + (Rounds * runs)) * Batch, await _store.CountAsync("delivery"));

            void Step()
            {
                publisher.Feed(packets);
                if (reader is not null) Receive(reader, packets.Length, qos);
                Take(publisher, 4 * Batch);
                if (releases.Length == 0) return;
                publisher.Feed(releases);
                Take(publisher, 4 * Batch);
            }
        }
    }

    // A publisher sees its acknowledgements, and a receiver its messages, when the store's thread says so.
    private static void Take(SteppedClient client, int bytes)
    {
        client.AwaitSent(bytes);
        client.Connection.ClearSent();
    }

    private static void Receive(SteppedClient client, int bytes, QualityOfService qos)
    {
        client.AwaitSent(bytes);
        client.Answer();
        if (qos != QualityOfService.ExactlyOnce) return;
        // PUBRELs; PUBCOMP has no answer.
        client.AwaitSent(4 * Batch);
        client.Answer();
    }

    private (byte[] Packets, byte[] Releases) Packets(ProtocolVersion version, QualityOfService qos)
    {
        var packets = new List<byte>();
        var releases = new List<byte>();
        for (ushort id = 1; id <= Batch; id++)
        {
            packets.AddRange(WirePackets.Publish(version, Topic, _payload, qos, id));
            if (qos == QualityOfService.ExactlyOnce) releases.AddRange(WirePackets.Ack(PacketType.PubRel, id, version));
        }

        return ([.. packets], [.. releases]);
    }
}
