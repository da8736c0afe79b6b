using Nightjar.Broker.Configuration;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Concurrency;

/// <summary>
/// Clients that publish to each other in batches, at the same time. A batch stays in the gate of a receiver from one message to the next and answers
/// its own client at the end: were a second gate ever entered from within the first, these would wait for each other for ever.
/// </summary>
public sealed class CrossingTests
{
    private const int Clients = 4;
    private const int Batches = 60;
    private const int BatchSize = 40;

    private static readonly TimeSpan s_guard = TimeSpan.FromSeconds(15);

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task Clients_PublishingToEachOtherInBatches_GetEverythingInOrder(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { MaximumInflightMessages = 0, MaximumQueuedMessages = 0 });
        var clients = new WireClient[Clients];
        for (var i = 0; i < Clients; i++)
        {
            clients[i] = await broker.ConnectAsync($"c{i}", version);
            await clients[i].SubscribeAsync($"to/{i}", QualityOfService.AtLeastOnce);
        }

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => ServeAsync(clients[i], i)));
    }

    [Fact]
    public async Task Batch_ThatWaitsForTheGateOfItsOwnClient_IsInNoOther()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("p");
        var reader = await broker.ConnectAsync("r");
        await reader.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var own = broker.Broker.Session("p");
        var other = broker.Broker.Session("r");
        await Task.Run(() =>
        {
            // PUBACK needs this gate, the delivery before it does not.
            lock (own)
            {
                _ = Task.Run(() => publisher.SendAsync(WirePackets.Publish(ProtocolVersion.Mqtt50, "t", "x", QualityOfService.AtLeastOnce)));
                Assert.True(SpinWait.SpinUntil(() => other.InflightCount == 1, s_guard), "The message was not delivered.");
                Assert.True(other.Gate.TryEnter(s_guard), "The batch stays in the gate of the receiver.");
                other.Gate.Exit();
            }
        });
        Assert.Equal(PacketType.PubAck, (PacketType)((await publisher.ReceiveAsync())[0] >> 4));
        Assert.Equal("x", (await reader.ReceiveAndAcknowledgeAsync()).Payload);
    }

    private static async Task ServeAsync(WireClient client, int index)
    {
        using var turn = new SemaphoreSlim(1);
        await Task.WhenAll(Task.Run(() => PublishAsync(client, turn, index)), Task.Run(() => ReceiveAsync(client, turn, index)));
    }

    // What is published and what is acknowledged share the client's output.
    private static async Task SendAsync(WireClient client, SemaphoreSlim turn, byte[] bytes)
    {
        await turn.WaitAsync();
        await client.SendAsync(bytes);
        turn.Release();
    }

    // To the neighbours and to itself in turn, QoS 0 and 1, with a PINGREQ in the middle of each batch.
    private static async Task PublishAsync(WireClient client, SemaphoreSlim turn, int index)
    {
        ushort packetId = 0;
        for (var batch = 0; batch < Batches; batch++)
        {
            var bytes = new List<byte>();
            for (var i = 0; i < BatchSize; i++)
            {
                var qos = (QualityOfService)(i & 1);
                var payload = $"{index}|{(batch * BatchSize) + i}";
                // Runs of several for one receiver, then for the next.
                bytes.AddRange(WirePackets.Publish(client.Version, $"to/{(index + (i / 8)) % Clients}", payload, qos, qos == 0 ? (ushort)0 : ++packetId));
                if (i == BatchSize / 2) bytes.AddRange([0xC0, 0]);
            }

            await SendAsync(client, turn, bytes.ToArray());
        }
    }

    private static async Task ReceiveAsync(WireClient client, SemaphoreSlim turn, int index)
    {
        var expected = Enumerable.Range(0, Clients).Sum(from => Enumerable.Range(0, BatchSize).Count(i => (from + (i / 8)) % Clients == index)) * Batches;
        var acknowledgements = Batches * BatchSize / 2;
        var pings = Batches;
        ushort lastAcknowledged = 0;
        var last = new Dictionary<string, int>();
        while (expected > 0 || acknowledgements > 0 || pings > 0)
        {
            var packet = await client.ReceiveAsync();
            switch ((PacketType)(packet[0] >> 4))
            {
                case PacketType.PingResp:
                    pings--;
                    break;
                case PacketType.PubAck:
                    Assert.Equal(++lastAcknowledged, (ushort)((packet[2] << 8) | packet[3]));
                    acknowledgements--;
                    break;
                default:
                    var publish = ReceivedPublish.Read(packet, client.Version);
                    if (publish.QoS == QualityOfService.AtLeastOnce) await SendAsync(client, turn, WirePackets.Ack(PacketType.PubAck, publish.PacketId, client.Version));
                    var parts = publish.Payload.Split('|');
                    var key = $"{parts[0]} {publish.QoS}";
                    var number = int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
                    Assert.True(number > last.GetValueOrDefault(key, -1), $"{publish.Payload} came after {last.GetValueOrDefault(key)}");
                    last[key] = number;
                    expected--;
                    break;
            }
        }

        Assert.Equal((0, 0, 0), (expected, acknowledgements, pings));
    }
}
