using System.Net;
using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Storage;
using Nightjar.Storage.Sqlite;
using Nightjar.Storage.Sqlite.Interop;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Nightjar.Transport;
using Xunit;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>A disk that fails under a broker on sockets, with the store that users have.</summary>
public sealed class FailedDiskTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("nightjar-disk-");
    private volatile bool _isBroken;

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task ClientsOfAFailedDisk_GetEverythingThatNeedsNone_AndTheRestWhenItIsBack(ProtocolVersion version)
    {
        await using var store = SqliteStore.Open(new SqliteStoreOptions
        {
            Path = Path.Combine(_directory.FullName, "nightjar.db"),
            RetryInterval = TimeSpan.FromMilliseconds(5),
            Fault = step =>
            {
                if (_isBroken && step == StoreStep.Commit) throw new SqliteException(SqliteNative.IoError, "no disk");
            },
        });
        await using var broker = new MqttBroker(new BrokerOptions { Listeners = [new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) }], SysInterval = TimeSpan.Zero }, store: store);
        await broker.StartAsync();
        await using var subscriber = await ConnectAsync(broker, "s", version, isDurable: true);
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        await using var publisher = await ConnectAsync(broker, "p", ProtocolVersion.Mqtt50, isDurable: false);
        _isBroken = true;
        await publisher.PublishAsync("a", "2", QualityOfService.ExactlyOnce, packetId: 2);
        var condition = broker.Core.Environment.Stores.Condition;
        await Wait.UntilAsync(() => condition.IsFailed, "the failure");

        // On its way when the disk failed: neither sent nor acknowledged, and in the way of nothing.
        await subscriber.ExpectNothingAsync();
        await publisher.ExpectNothingAsync();
        await publisher.PublishAsync("a", "0");
        Assert.Equal("0", (await subscriber.ReceivePublishAsync()).Payload);
        await publisher.PublishAsync("a", "1", QualityOfService.AtLeastOnce, packetId: 1);
        var refusal = await publisher.ReceiveAsync();
        Assert.Equal((PacketType.PubAck, ReasonCode.QuotaExceeded), ((PacketType)(refusal[0] >> 4), (ReasonCode)refusal[4]));
        await using var live = await ConnectAsync(broker, "l", version, isDurable: false);
        await live.SubscribeAsync("b", QualityOfService.ExactlyOnce);
        await publisher.PublishAsync("b", "3", QualityOfService.AtLeastOnce, packetId: 1);
        await publisher.ExpectAsync("40 02 0001");
        Assert.Equal("3", (await live.ReceiveAndAcknowledgeAsync()).Payload);
        await subscriber.ExpectNothingAsync();

        _isBroken = false;
        Assert.Equal("2", (await subscriber.ReceiveAndAcknowledgeAsync()).Payload);
        await publisher.ExpectAsync("50 02 0002");
        await publisher.SendAsync("62 02 0002");
        await publisher.ExpectAsync("70 02 0002");
        await subscriber.ExpectNothingAsync();
        await subscriber.DisconnectAsync();
    }

    private static async Task<WireClient> ConnectAsync(MqttBroker broker, string clientId, ProtocolVersion version, bool isDurable)
    {
        var client = new WireClient(await SocketTransport.ConnectAsync(broker.EndPoints[0], new SocketTransportOptions(), CancellationToken.None), version);
        await client.SendAsync(WirePackets.Connect(version, clientId, cleanStart: !isDurable, sessionExpiry: isDurable ? 100u : 0));
        Assert.Equal(0, (await client.ReceiveAsync())[3]);
        return client;
    }
}
