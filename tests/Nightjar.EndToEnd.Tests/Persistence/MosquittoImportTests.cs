using System.Net;
using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Transport;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Persistence;

/// <summary>Clients of Debian's mosquitto go on where they were, when Nightjar stands in its place with what it kept.</summary>
public sealed class MosquittoImportTests : IDisposable
{
    private readonly PublicFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RequiresToolFact("mosquitto")]
    public async Task ClientsInTheMiddleOfEverything_GoOn()
    {
        string configuration = $"allow_anonymous true\nuser root\npersistence true\npersistence_location {_folder.Path}/\nmax_inflight_messages 3\n";
        await using (BrokerProcess mosquitto = await BrokerProcess.StartMosquittoAsync(configuration))
        {
            await FillAsync(mosquitto);
            (await mosquitto.Process.StopAsync()).AssertExitCode(0);
        }

        (await BrokerProcess.RunAsync("store", "check", _folder["mosquitto.db"])).AssertExitCode(0);
        ProcessResult import = (await BrokerProcess.RunAsync("store", "import", _folder["mosquitto.db"])).AssertExitCode(0);
        Assert.Contains("  2 sessions", import.Output, StringComparison.Ordinal);

        await using BrokerProcess nightjar = await BrokerProcess.StartAsync(configuration);
        await GoOnAsync(nightjar);
        await nightjar.StopAsync();
    }

    // A subscriber with one message sent, one past PUBREC and two waiting; a publisher with a message that is not released.
    private static async Task FillAsync(BrokerProcess broker)
    {
        await using WireClient subscriber = await ConnectAsync(broker, "subscriber");
        await subscriber.SubscribeAsync("q/#", QualityOfService.ExactlyOnce, identifier: 7);
        await using WireClient publisher = await ConnectAsync(broker, "publisher");
        for (ushort id = 1; id <= 5; id++)
        {
            await publisher.PublishAsync("q/1", $"{id}", QualityOfService.ExactlyOnce, id, retain: id == 5);
            await publisher.ReceiveAsync();
            if (id == 5) break;
            await publisher.SendAsync(WirePackets.Ack(PacketType.PubRel, id, ProtocolVersion.Mqtt50));
            await publisher.ReceiveAsync();
        }

        for (int i = 1; i <= 3; i++) Assert.Equal($"{i}", (await subscriber.ReceivePublishAsync()).Payload);
        await subscriber.SendAsync(WirePackets.Ack(PacketType.PubRec, 1, ProtocolVersion.Mqtt50));
        await subscriber.ReceiveAsync();
        subscriber.Abort();
        publisher.Abort();
    }

    private static async Task GoOnAsync(BrokerProcess broker)
    {
        await using WireClient subscriber = await ConnectAsync(broker, "subscriber");
        Assert.True(subscriber.SessionPresent);
        await subscriber.ExpectAsync("62 02 0001");
        foreach (ushort id in (ushort[])[2, 3])
        {
            ReceivedPublish again = await subscriber.ReceivePublishAsync();
            Assert.Equal(($"{id}", id, true), (again.Payload, again.PacketId, again.Dup));
            Assert.Equal([7u], again.SubscriptionIdentifiers);
        }

        await subscriber.SendAsync("70 02 0001");
        ReceivedPublish waiting = await subscriber.ReceivePublishAsync();
        Assert.Equal(("4", false), (waiting.Payload, waiting.Dup));
        await subscriber.SendAsync("50 02 0002");
        await subscriber.ExpectAsync("62 02 0002");
        await subscriber.SendAsync("70 02 0002");
        // Not released when Mosquitto stopped, and passed on with what was queued.
        ReceivedPublish unreleased = await subscriber.ReceivePublishAsync();
        Assert.Equal("5", unreleased.Payload);

        await using WireClient publisher = await ConnectAsync(broker, "publisher");
        Assert.True(publisher.SessionPresent);
        await publisher.PublishAsync("q/1", "5", QualityOfService.ExactlyOnce, 5, retain: true, dup: true);
        await publisher.ExpectAsync("50 02 0005");
        await publisher.SendAsync("62 02 0005");
        await publisher.ExpectAsync("70 02 0005");
        await subscriber.ExpectNothingAsync();
        await using WireClient reader = await ConnectAsync(broker, "reader", clean: true);
        await reader.SubscribeAsync("q/1");
        ReceivedPublish retained = await reader.ReceivePublishAsync();
        Assert.Equal(("5", true), (retained.Payload, retained.Retain));
    }

    private static async Task<WireClient> ConnectAsync(BrokerProcess broker, string clientId, bool clean = false)
    {
        var transport = await SocketTransport.ConnectAsync(new IPEndPoint(IPAddress.Loopback, broker.Port), new SocketTransportOptions(), CancellationToken.None);
        var client = new WireClient(transport, ProtocolVersion.Mqtt50);
        await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, clientId, clean, clean ? 0u : 1000u));
        client.ConnAck = await client.ReceiveAsync();
        return client;
    }
}
