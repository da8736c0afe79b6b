using System.Collections.Concurrent;
using Nightjar.Broker.Configuration;
using Nightjar.Client;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>
/// Two brokers and a relay between them, which is a client of both (§7): one program is server and client, and either role is watched on the wire.
/// </summary>
public sealed class BridgeRoleTests
{
    private const int ReceiveMaximum = 4;
    private const QualityOfService QoS1 = QualityOfService.AtLeastOnce;
    private const QualityOfService QoS2 = QualityOfService.ExactlyOnce;

    // The server forwarded to acknowledges nothing to the end before the cut, except that the first QoS 2 message gets as far as PUBREL.
    [Statement("MQTT-7.0.0-1 v3.1.1")]
    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task Relay_CutFromTheServerItSendsTo_GoesOnAsAClientMust(ProtocolVersion version)
    {
        await using var source = await StartBrokerAsync();
        await using var target = await StartBrokerAsync();
        var sink = await target.ConnectAsync("sink", version);
        await sink.SubscribeAsync("t/#", QoS2);
        var publisher = await source.ConnectAsync("publisher", version);
        await using var relay = new Relay(version);
        await using var incoming = await relay.ConnectSourceAsync(source);
        var held = await relay.ConnectTargetAsync(target, packet =>
            packet is { IsFromClient: false, Type: PacketType.PubAck or PacketType.PubComp } || packet is { Type: PacketType.PubRec, PacketId: > 2 });
        for (ushort i = 1; i <= 12; i++) await PublishAsync(publisher, $"m{i}", i % 2 == 1 ? QoS1 : QoS2, i);
        await Wait.UntilAsync(() => relay.Forwarded.Count == 12, "the relay to have everything");
        var before = version == ProtocolVersion.Mqtt50 ? ReceiveMaximum : 12;
        await Wait.UntilAsync(() => held.Sent(PacketType.Publish).Length >= before && held.Sent(PacketType.PubRel).Length > 0, "the relay to send");
        await held.DisposeAsync();
        await relay.Target.Disconnection;
        AssertWithinReceiveMaximum(held, version);
        var unfinished = held.Sent(PacketType.Publish);
        Assert.Equal(before, unfinished.Length);
        Assert.All(unfinished, packet => Assert.False(packet.IsDup));

        await using var resumed = await relay.ConnectTargetAsync(target);
        Assert.True(relay.Target.Connection!.SessionPresent);
        Assert.All(await Task.WhenAll(relay.Forwarded), result => Assert.Equal(PublishOutcome.Acknowledged, result.Outcome));
        await PublishAsync(publisher, "end", QoS2, 13);
        var received = await ReceiveUntilEndAsync(sink);
        AssertWithinReceiveMaximum(resumed, version);

        // What was unfinished comes again first, as it was and with its id; PUBLISH with DUP, the released one as PUBREL.
        Assert.Equal(2, resumed.Sent(PacketType.PubRel)[0].PacketId);
        var again = resumed.Sent(PacketType.Publish).Where(packet => packet.IsDup).ToArray();
        Assert.Equal(
            unfinished.Where(packet => packet.PacketId != 2).Select(packet => Convert.ToHexString(packet.Bytes)),
            again.Select(packet => Convert.ToHexString([(byte)(packet.Bytes[0] & ~8), .. packet.Bytes.AsSpan(1)])));
        Assert.DoesNotContain(resumed.Sent(PacketType.Publish).Take(again.Length), packet => !packet.IsDup);

        // QoS 2 exactly once and in order; QoS 1 at least once, in order of the first copies.
        Assert.Equal(Enumerable.Range(1, 6).Select(i => $"m{2 * i}"), received.Where(message => message.QoS == QoS2).Select(message => message.Payload));
        Assert.Equal(Enumerable.Range(0, 6).Select(i => $"m{(2 * i) + 1}"), received.Where(message => message.QoS == QoS1).Select(message => message.Payload).Distinct());
    }

    // The relay's PUBRECs do not reach the server it is subscribed at before the cut, so that this one sends its QoS 2 messages again.
    [Statement("MQTT-7.0.0-1 v3.1.1")]
    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task Relay_CutFromTheServerItReceivesFrom_TakesEachMessageOnce(ProtocolVersion version)
    {
        await using var source = await StartBrokerAsync();
        await using var target = await StartBrokerAsync();
        var sink = await target.ConnectAsync("sink", version);
        await sink.SubscribeAsync("t/#", QoS2);
        var publisher = await source.ConnectAsync("publisher", version);
        await using var relay = new Relay(version);
        await using var outgoing = await relay.ConnectTargetAsync(target);
        var held = await relay.ConnectSourceAsync(source, packet => packet is { IsFromClient: true, Type: PacketType.PubRec });
        await publisher.PublishAsync("t/a", "m0");
        await PublishAsync(publisher, "m1", QoS1, 1);
        await PublishAsync(publisher, "m2", QoS2, 2);
        await PublishAsync(publisher, "m3", QoS2, 3);
        await Wait.UntilAsync(() => held.Sent(PacketType.PubRec).Length == 2, "the relay to answer");
        await held.DisposeAsync();
        await relay.Source.Disconnection;
        await source.WaitForConnectionsAsync(1);
        await publisher.PublishAsync("t/a", "lost: QoS 0 is not kept");
        await PublishAsync(publisher, "m4", QoS2, 4);

        await using var resumed = await relay.ConnectSourceAsync(source, subscribes: false);
        Assert.True(relay.Source.Connection!.SessionPresent);
        await PublishAsync(publisher, "end", QoS2, 5);
        var received = await ReceiveUntilEndAsync(sink);
        Assert.Equal(["m0", "m1", "m2", "m3", "m4"], received.Select(message => message.Payload));
        Assert.Equal([QualityOfService.AtMostOnce, QoS1, QoS2, QoS2, QoS2], received.Select(message => message.QoS));
        var deliveries = resumed.Packets.Where(packet => packet is { IsFromClient: false, Type: PacketType.Publish }).ToArray();
        Assert.Equal(held.Sent(PacketType.PubRec).Select(packet => packet.PacketId), deliveries.Where(packet => packet.IsDup).Select(packet => packet.PacketId));
    }

    private static Task<TestBroker> StartBrokerAsync() =>
        TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumInflightMessages = ReceiveMaximum });

    // Publishes as a client must, up to the last acknowledgement.
    private static async Task PublishAsync(WireClient publisher, string payload, QualityOfService qos, ushort packetId)
    {
        await publisher.PublishAsync("t/a", payload, qos, packetId);
        await publisher.ExpectAsync(Convert.ToHexString(WirePackets.Ack(qos == QoS1 ? PacketType.PubAck : PacketType.PubRec, packetId, publisher.Version)));
        if (qos == QoS1) return;
        await publisher.SendAsync(WirePackets.Ack(PacketType.PubRel, packetId, publisher.Version));
        await publisher.ExpectAsync(Convert.ToHexString(WirePackets.Ack(PacketType.PubComp, packetId, publisher.Version)));
    }

    private static async Task<List<ReceivedPublish>> ReceiveUntilEndAsync(WireClient sink)
    {
        var received = new List<ReceivedPublish>();
        while (true)
        {
            var bytes = await sink.ReceiveAsync();
            var packet = new TappedPacket(false, bytes);
            if (packet.Type == PacketType.PubRel)
            {
                await sink.SendAsync(WirePackets.Ack(PacketType.PubComp, packet.PacketId, sink.Version));
                continue;
            }

            var publish = ReceivedPublish.Read(bytes, sink.Version);
            if (publish.QoS != QualityOfService.AtMostOnce)
                await sink.SendAsync(WirePackets.Ack(publish.QoS == QoS1 ? PacketType.PubAck : PacketType.PubRec, publish.PacketId, sink.Version));
            if (publish.Payload == "end") return received;
            received.Add(publish);
        }
    }

    // A v5 server has told how many it takes; a slot is free again when its PUBACK or PUBCOMP has arrived.
    private static void AssertWithinReceiveMaximum(TappedWire wire, ProtocolVersion version)
    {
        if (version != ProtocolVersion.Mqtt50) return;
        var unacknowledged = new HashSet<ushort>();
        foreach (var packet in wire.Packets)
        {
            if (packet is { IsFromClient: true, Type: PacketType.Publish, QoS: not QualityOfService.AtMostOnce }) unacknowledged.Add(packet.PacketId);
            if (packet is { IsFromClient: false, IsKeptBack: false, Type: PacketType.PubAck or PacketType.PubComp }) unacknowledged.Remove(packet.PacketId);
            Assert.InRange(unacknowledged.Count, 0, ReceiveMaximum);
        }
    }

    /// <summary>Takes every message under <c>t/</c> from one server to another, in its order.</summary>
    private sealed class Relay : IAsyncDisposable
    {
        private readonly ProtocolVersion _version;

        internal Relay(ProtocolVersion version)
        {
            _version = version;
            Source.MessageReceived = Forward;
        }

        internal MqttClient Source { get; } = new();

        internal MqttClient Target { get; } = new();

        /// <summary>The QoS 1 and 2 messages given to the target.</summary>
        internal ConcurrentQueue<Task<PublishResult>> Forwarded { get; } = new();

        internal async Task<TappedWire> ConnectSourceAsync(TestBroker broker, Func<TappedPacket, bool>? keepsBack = null, bool subscribes = true)
        {
            var wire = await ConnectAsync(Source, broker, keepsBack);
            if (subscribes) Assert.True((await Source.SubscribeAsync("t/#", QoS2)).IsSuccess);
            return wire;
        }

        internal Task<TappedWire> ConnectTargetAsync(TestBroker broker, Func<TappedPacket, bool>? keepsBack = null) => ConnectAsync(Target, broker, keepsBack);

        public async ValueTask DisposeAsync()
        {
            await Source.DisposeAsync();
            await Target.DisposeAsync();
        }

        private async Task<TappedWire> ConnectAsync(MqttClient client, TestBroker broker, Func<TappedPacket, bool>? keepsBack)
        {
            var wire = new TappedWire(await broker.OpenTransportAsync(), keepsBack);
            var options = new MqttClientOptions
            {
                Version = _version,
                ClientId = "relay",
                CleanStart = false,
                SessionExpiryInterval = _version == ProtocolVersion.Mqtt50 ? 3600u : 0,
                KeepAlive = 0,
                CompletePublishesOnDisconnect = false,
            };
            Assert.True((await client.ConnectAsync(wire.ClientEnd, options)).IsAccepted);
            return wire;
        }

        private void Forward(MqttClient client, scoped in ReceivedMessage message)
        {
            var copy = message.ToMessage();
            var publish = Target.PublishAsync(new MqttPublish { TopicName = copy.TopicName, Payload = copy.Payload, QoS = copy.QoS }).AsTask();
            if (copy.QoS != QualityOfService.AtMostOnce) Forwarded.Enqueue(publish);
        }
    }
}
