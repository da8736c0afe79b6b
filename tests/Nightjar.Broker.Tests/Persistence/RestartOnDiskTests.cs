using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Storage;
using Nightjar.Storage.Sqlite;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>Brokers one after the other on one file: times are absolute, and what was acknowledged is there.</summary>
public sealed class RestartOnDiskTests : IDisposable
{
    private static readonly byte[] WillDelay60 = [0x18, 0, 0, 0, 60];
    private readonly string _directory = Directory.CreateTempSubdirectory("nightjar-restart-").FullName;
    private readonly FakeTimeProvider _clock = new();
    private BrokerOptions _options = new() { SysInterval = TimeSpan.Zero, MaximumInflightMessages = 3, QueuedMessagesInMemory = 4, CloseLinger = TimeSpan.FromMilliseconds(20) };

    private SqliteStore _store = null!;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SessionExpiry_CountsWhileNoBrokerRuns(bool crash)
    {
        await RunAsync(crash, async broker =>
        {
            foreach (var (clientId, expiry) in new[] { ("short", 100u), ("long", 1000u) })
            {
                var client = await broker.ConnectAsync(clientId, cleanStart: false, sessionExpiry: expiry);
                await client.DisconnectAsync();
            }

            await broker.WaitForConnectionsAsync(0);
            await SaveAsync();
        });
        _clock.Advance(TimeSpan.FromSeconds(500));
        await RunAsync(crash, async broker =>
        {
            Assert.Equal(1, broker.Broker.SessionCount);
            Assert.True((await broker.ConnectAsync("long", cleanStart: false, sessionExpiry: 1000)).SessionPresent);
            Assert.False((await broker.ConnectAsync("short", cleanStart: false, sessionExpiry: 100)).SessionPresent);
        });
    }

    [Fact]
    public async Task SessionOfAV3Client_ExpiresAsTheOptionSays_AlsoWhileNoBrokerRuns()
    {
        _options = _options with { PersistentClientExpiration = TimeSpan.FromHours(1) };
        await RunAsync(crash: true, async broker =>
        {
            var client = await broker.ConnectAsync("v3", ProtocolVersion.Mqtt311, cleanStart: false);
            await client.DisconnectAsync();
            await broker.WaitForConnectionsAsync(0);
            await SaveAsync();
        });
        _clock.Advance(TimeSpan.FromMinutes(59));
        await RunAsync(crash: true, broker =>
        {
            Assert.Equal(1, broker.Broker.SessionCount);
            return Task.CompletedTask;
        });
        _clock.Advance(TimeSpan.FromMinutes(2));
        await RunAsync(crash: true, broker =>
        {
            Assert.Equal(0, broker.Broker.SessionCount);
            return Task.CompletedTask;
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MessageExpiry_CountsWhileNoBrokerRuns(bool crash)
    {
        await RunAsync(crash, async broker =>
        {
            var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: uint.MaxValue);
            await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
            await client.DisconnectAsync();
            await broker.WaitForConnectionsAsync(0);
            foreach (var (payload, seconds) in new[] { ("1", 30), ("2", 300), ("3", 30), ("4", 300) })
                broker.Broker.Publish("a", System.Text.Encoding.UTF8.GetBytes(payload), QualityOfService.AtLeastOnce, retain: true, TimeSpan.FromSeconds(seconds));
            await SettleAsync(broker);
        });
        _clock.Advance(TimeSpan.FromSeconds(100));
        await RunAsync(crash, async broker =>
        {
            var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: uint.MaxValue);
            foreach (var payload in new[] { "2", "4" })
            {
                var publish = await client.ReceiveAndAcknowledgeAsync();
                Assert.Equal((payload, 200u), (publish.Payload, publish.MessageExpiryInterval));
            }

            await client.ExpectNothingAsync();
            var reader = await broker.ConnectAsync("r");
            await reader.SubscribeAsync("a");
            Assert.Equal(200u, (await reader.ReceivePublishAsync()).MessageExpiryInterval);
        });
    }

    [Fact]
    public async Task DelayedWill_IsDueWhereItWas()
    {
        await RunAsync(crash: false, async broker =>
        {
            var watcher = await broker.ConnectAsync("w", cleanStart: false, sessionExpiry: uint.MaxValue);
            await watcher.SubscribeAsync("will", QualityOfService.AtLeastOnce);
            var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 1000, will: new TestWill("will", "gone", QualityOfService.AtLeastOnce, Properties: WillDelay60));
            client.Abort();
            await broker.WaitForConnectionsAsync(1);
        });
        _clock.Advance(TimeSpan.FromSeconds(40));
        await RunAsync(crash: false, async broker =>
        {
            var watcher = await broker.ConnectAsync("w", cleanStart: false, sessionExpiry: uint.MaxValue);
            broker.Advance(TimeSpan.FromSeconds(15));
            await watcher.ExpectNothingAsync();
            broker.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal("gone", (await watcher.ReceiveAndAcknowledgeAsync()).Payload);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BacklogOnDisk_ComesInOrderWithWhatFollows(bool crash)
    {
        await RunAsync(crash, async broker =>
        {
            var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: uint.MaxValue);
            await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
            await client.DisconnectAsync();
            await broker.WaitForConnectionsAsync(0);
            for (var i = 0; i < 300; i++) broker.Broker.Publish("a", System.Text.Encoding.UTF8.GetBytes($"{i}"), QualityOfService.AtLeastOnce);
            Assert.Equal(0, broker.Broker.Core.Environment.Messages.Outstanding);
            await SettleAsync(broker);
        });
        await RunAsync(crash, async broker =>
        {
            Assert.Equal(0, broker.Broker.Core.Environment.Messages.Outstanding);
            var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: uint.MaxValue);
            for (var i = 0; i < 150; i++) Assert.Equal($"{i}", (await client.ReceiveAndAcknowledgeAsync()).Payload);
            // That the window has moved on says that every acknowledgement has arrived.
            for (var i = 150; i < 153; i++) Assert.Equal($"{i}", (await client.ReceivePublishAsync()).Payload);
            client.Abort();
            await broker.WaitForConnectionsAsync(0);
            for (var i = 300; i < 310; i++) broker.Broker.Publish("a", System.Text.Encoding.UTF8.GetBytes($"{i}"), QualityOfService.AtLeastOnce);
            await SettleAsync(broker);
        });
        await RunAsync(crash, async broker =>
        {
            var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: uint.MaxValue);
            for (var i = 150; i < 310; i++) Assert.Equal($"{i}", (await client.ReceiveAndAcknowledgeAsync()).Payload);
            await client.ExpectNothingAsync();
        });
    }

    // DISCONNECT has no answer that would wait for the disk; a crash before the record counts the session's time from the next start.
    private Task SaveAsync() => _store.FlushAsync();

    // What the broker itself publishes has nobody to wait for the disk: a client that does comes behind it.
    private static async Task SettleAsync(TestBroker broker)
    {
        var last = await broker.ConnectAsync("settle", cleanStart: false, sessionExpiry: 1);
        await last.SubscribeAsync("settle", QualityOfService.AtLeastOnce);
    }

    private async Task RunAsync(bool crash, Func<TestBroker, Task> use)
    {
        await using var store = _store = SqliteStore.Open(new SqliteStoreOptions { Path = Path.Combine(_directory, "nightjar.db") });
        await using var broker = await TestBroker.StartAsync(_options, store: store, clock: _clock);
        await use(broker);
        // What the disposal of the test broker ends is not to be written.
        if (crash) store.Abandon();
        else await broker.Broker.StopAsync();
        if (!crash) await store.DisposeAsync();
    }
}
