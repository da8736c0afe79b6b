using Nightjar.Broker.Configuration;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Protocol;
using Nightjar.Storage;
using Nightjar.Storage.Sqlite;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>A crash that came after a packet id was given again, and before the disk had that its first message was over.</summary>
public sealed class RestartPacketIdTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("nightjar-restart-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task PacketId_ThatWasGivenAgain_IsOfTheLaterMessage(QualityOfService qos)
    {
        var clock = new FakeTimeProvider();
        await using var store = SqliteStore.Open(new SqliteStoreOptions { Path = Path.Combine(_directory.FullName, "nightjar.db") });
        await FillAsync(store, clock, qos);
        await using (var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero }, store: store, clock: clock))
        {
            var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: uint.MaxValue);
            Assert.True(client.SessionPresent);
            var publish = await client.ReceiveAndAcknowledgeAsync();
            Assert.Equal(("2", 7, true), (publish.Payload, publish.PacketId, publish.Dup));
            await client.ExpectNothingAsync();
            Assert.DoesNotContain(broker.Log.Lines, line => line.Text.Contains("belong to nothing", StringComparison.Ordinal));
            await store.FlushAsync();
            Assert.Equal(0, await store.CountAsync("delivery"));
        }
    }

    private static async Task FillAsync(SqliteStore store, TimeProvider clock, QualityOfService qos)
    {
        var stores = store.Open(new BrokerClock(clock));
        var session = await stores.Sessions.ClaimAsync("s", CancellationToken.None);
        stores.Sessions.Save(session, new SessionRecord("s", null, uint.MaxValue, null));
        for (var number = 1; number <= 2; number++)
        {
            var publication = new Publication(new MessagePool()) { TopicName = "t"u8, Payload = number == 1 ? "1"u8 : "2"u8, QoS = qos, ExpiresAt = long.MaxValue };
            stores.Messages.Append(session, publication.Keep(), new DeliveryRecord(number, qos, false, 0, null, null, null));
            stores.Messages.MarkSent(session, number, 7);
            if (number == 1 && qos == QualityOfService.ExactlyOnce) stores.Messages.MarkReceived(session, number, 7);
        }

        await store.FlushAsync();
    }
}
