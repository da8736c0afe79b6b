using System.Text;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>The byte stream (§4.2), to whom a message goes (§4.5) and in which order (§4.6).</summary>
public sealed class OrderingTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.2.0-1")]
    [Statement("MQTT-7.1.1-1 v3.1.1")]
    public async Task Packets_CutAtEveryByteOrJoined_AreReadAsOneStream(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("a/#", QualityOfService.AtMostOnce);
        byte[] stream =
        [
            .. WirePackets.Publish(version, "a/1", new string('x', 300)),
            .. WirePackets.Publish(version, "a/2", "y", QualityOfService.AtLeastOnce, packetId: 5),
            .. Raw.Subscribe(version, 6, ("b", 1)),
        ];
        for (var i = 0; i < stream.Length; i++) await client.SendAsync(stream.AsMemory(i, 1));
        await ExpectStreamAsync(client);
        await client.SendAsync(stream);
        await ExpectStreamAsync(client);
        for (var cut = 1; cut < stream.Length; cut += 7)
        {
            await client.SendAsync(stream.AsMemory(0, cut));
            await client.SendAsync(stream.AsMemory(cut));
            await ExpectStreamAsync(client);
        }

        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-4.2.0-1")]
    [Statement("MQTT-7.1.1-1 v3.1.1")]
    public async Task Payload_OfAMegabyte_ArrivesWhole()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", ProtocolVersion.Mqtt311);
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        var payload = string.Concat(Enumerable.Range(0, 130_000).Select(i => $"{i % 100_000_000:D8}"));
        await client.PublishAsync("a", payload, QualityOfService.AtLeastOnce);
        // Its own message and the acknowledgement, in whatever order the broker writes them.
        var packets = new[] { await client.ReceiveAsync(), await client.ReceiveAsync() };
        var publish = Assert.Single(packets, packet => packet[0] >> 4 == (int)PacketType.Publish);
        Assert.Equal(payload, ReceivedPublish.Read(publish, ProtocolVersion.Mqtt311).Payload);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.5.0-1")]
    [Statement("MQTT-4.5.0-1 v3.1.1")]
    public async Task Message_IsAddedToEveryMatchingSession(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        string[] matching = ["a/b", "a/+", "#", "+/b", "a/b/#", "a/#"], others = ["a", "a/b/+", "a/c", "A/b", "/a/b"];
        var online = new List<WireClient>();
        foreach (var filter in matching)
        {
            var offline = await broker.ConnectAsync($"off {filter}", version, cleanStart: false, sessionExpiry: 100);
            await offline.SubscribeAsync(filter, QualityOfService.AtLeastOnce);
            await offline.DisconnectAsync();
        }

        foreach (var filter in matching.Concat(others))
        {
            var client = await broker.ConnectAsync($"on {filter}", version);
            await client.SubscribeAsync(filter, QualityOfService.AtLeastOnce);
            online.Add(client);
        }

        await broker.WaitForConnectionsAsync(online.Count);
        var publisher = await broker.ConnectAsync("p", version);
        await publisher.PublishAsync("a/b", "m", QualityOfService.AtLeastOnce);
        await publisher.ExpectAsync("40 02 0001");
        foreach (var client in online.Take(matching.Length)) Assert.Equal("m", (await client.ReceiveAndAcknowledgeAsync()).Payload);
        foreach (var client in online) await client.ExpectNothingAsync();
        foreach (var filter in matching)
        {
            var client = await broker.ConnectAsync($"off {filter}", version, cleanStart: false, sessionExpiry: 100);
            Assert.Equal("m", (await client.ReceiveAndAcknowledgeAsync()).Payload);
        }
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.6.0-5")]
    [Statement("MQTT-4.6.0-6")]
    [Statement("MQTT-4.6.0-5 v3.1.1")]
    [Statement("MQTT-4.6.0-6 v3.1.1")]
    public async Task Messages_OfOneTopicAndQoSFromEachPublisher_ArriveInOrder(ProtocolVersion version)
    {
        const int Count = 300;
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("s", version);
        await subscriber.SubscribeAsync("a/+", QualityOfService.ExactlyOnce);
        var publishers = new List<WireClient>();
        for (var i = 0; i < 3; i++) publishers.Add(await broker.ConnectAsync($"p{i}", version));
        var sending = Task.WhenAll(publishers.Select((publisher, index) => Task.Run(() => SendAsync(publisher, index, Count))));

        var last = new Dictionary<(string Topic, string Publisher, QualityOfService QoS), int>();
        for (var received = 0; received < publishers.Count * Count;)
        {
            var packet = await subscriber.ReceiveAsync();
            if (packet[0] >> 4 == (int)PacketType.PubRel)
            {
                await subscriber.SendAsync(WirePackets.Ack(PacketType.PubComp, (ushort)((packet[2] << 8) | packet[3]), version));
                continue;
            }

            received++;
            var publish = ReceivedPublish.Read(packet, version);
            if (publish.QoS != QualityOfService.AtMostOnce)
            {
                var answer = publish.QoS == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec;
                await subscriber.SendAsync(WirePackets.Ack(answer, publish.PacketId, version));
            }

            var parts = publish.Payload.Split(' ');
            var key = (publish.Topic, parts[0], publish.QoS);
            var number = int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(!last.TryGetValue(key, out var before) || before < number, $"{key}: {number} after {before}");
            last[key] = number;
        }

        await sending;
    }

    private static async Task SendAsync(WireClient publisher, int index, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var qos = (QualityOfService)(i % 3);
            await publisher.SendAsync(WirePackets.Publish(publisher.Version, $"a/{i % 2}", $"{index} {i}", qos, packetId: 1));
            if (qos == QualityOfService.AtLeastOnce) await publisher.ExpectAsync("40 02 0001");
            if (qos != QualityOfService.ExactlyOnce) continue;
            await publisher.ExpectAsync("50 02 0001");
            await publisher.SendAsync("62 02 0001");
            await publisher.ExpectAsync("70 02 0001");
        }
    }

    private static async Task ExpectStreamAsync(WireClient client)
    {
        Assert.Equal(300, (await client.ReceivePublishAsync()).Payload.Length);
        var second = new[] { await client.ReceiveAsync(), await client.ReceiveAsync() };
        Assert.Contains(second, packet => packet.AsSpan().SequenceEqual(Raw.Hex("40 02 0005")));
        Assert.Equal("y", ReceivedPublish.Read(Assert.Single(second, packet => packet[0] >> 4 == 3), client.Version).Payload);
        await client.ExpectAsync(client.Version == ProtocolVersion.Mqtt50 ? "90 04 0006 00 01" : "90 03 0006 01");
    }
}
