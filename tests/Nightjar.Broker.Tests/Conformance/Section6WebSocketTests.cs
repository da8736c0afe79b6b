using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Nightjar.Transport;
using Nightjar.Transport.WebSockets;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>MQTT over WebSocket (§6): frames as they are on the wire.</summary>
public sealed class Section6WebSocketTests
{
    private const int Binary = 2;

    [Statement("MQTT-6.0.0-1")]
    [Statement("MQTT-6.0.0-1 v3.1.1")]
    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task TextFrame_FromAClient_ClosesTheConnection(ProtocolVersion version)
    {
        await using var broker = await WebSocketBroker.StartAsync();
        await using var client = await broker.ConnectAsync("c", version);
        await client.SendBinaryAsync([0xC0, 0]);
        Assert.Equal([0xD0, 0], await client.ReceivePacketAsync());
        await client.SendFrameAsync(1, [0xC0, 0]);
        await client.SendBinaryAsync([0xC0, 0]);

        // 1003: a type of data that is not accepted. Neither PINGREQ is answered.
        Assert.Equal((8, "03EB"), await ReceiveFrameAsync(client));
        await client.ExpectClosedAsync();
    }

    [Statement("MQTT-6.0.0-1")]
    [Statement("MQTT-6.0.0-1 v3.1.1")]
    [Fact]
    public async Task TextFrame_AsTheFirst_ClosesTheConnection()
    {
        await using var broker = await WebSocketBroker.StartAsync();
        await using var client = await broker.OpenAsync();
        await client.SendFrameAsync(1, WirePackets.Connect(ProtocolVersion.Mqtt311, "c"));
        Assert.Equal((8, "03EB"), await ReceiveFrameAsync(client));
        await client.ExpectClosedAsync();
    }

    [Statement("MQTT-6.0.0-2")]
    [Statement("MQTT-6.0.0-2 v3.1.1")]
    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task Packets_SpanningFrames_AreUnderstood(ProtocolVersion version)
    {
        await using var broker = await WebSocketBroker.StartAsync();
        await using var client = await broker.OpenAsync();
        foreach (var value in WirePackets.Connect(version, "c")) await client.SendBinaryAsync([value]);
        Assert.Equal(PacketType.ConnAck, TypeOf(await client.ReceivePacketAsync()));
        var subscribe = WirePackets.Subscribe(version, 1, "a/b", QualityOfService.AtLeastOnce);
        await client.SendFrameAsync(Binary, subscribe.AsSpan(0, 3), isFinal: false);
        await client.SendFrameAsync(9, "p"u8);
        await client.SendFrameAsync(0, subscribe.AsSpan(3));
        Assert.Equal((10, "70"), await ReceiveFrameAsync(client));
        Assert.Equal(PacketType.SubAck, TypeOf(await client.ReceivePacketAsync()));
    }

    [Statement("MQTT-6.0.0-2")]
    [Statement("MQTT-6.0.0-2 v3.1.1")]
    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task Packets_SharingAFrame_AreAllUnderstood(ProtocolVersion version)
    {
        await using var broker = await WebSocketBroker.StartAsync();
        await using var client = await broker.ConnectAsync("c", version);
        byte[] second = WirePackets.Publish(version, "a/b", "second", QualityOfService.AtLeastOnce, 8);
        await client.SendBinaryAsync([
            .. WirePackets.Subscribe(version, 1, "a/b", QualityOfService.AtMostOnce),
            .. WirePackets.Publish(version, "a/b", "first", QualityOfService.AtLeastOnce, 7), .. second.AsSpan(0, second.Length - 2)]);
        Assert.Equal(PacketType.SubAck, TypeOf(await client.ReceivePacketAsync()));
        Assert.Equal(["first"], await ReceiveMessagesAsync(client, version, acknowledged: 7));
        await client.SendBinaryAsync([.. second.AsSpan(second.Length - 2), 0xC0, 0]);
        Assert.Equal(["second"], await ReceiveMessagesAsync(client, version, acknowledged: 8));
        Assert.Equal([0xD0, 0], await client.ReceivePacketAsync());
    }

    [Statement("MQTT-6.0.0-3")]
    [Statement("MQTT-6.0.0-3 v3.1.1")]
    [Theory]
    [InlineData(null)]
    [InlineData("chat, mqttx")]
    public async Task Handshake_WithoutMqttOffered_IsRefused(string? subprotocols)
    {
        await using var broker = await WebSocketBroker.StartAsync();
        await using var client = await broker.OpenTransportAsync();
        await client.SendRequestAsync(subprotocols);
        Assert.StartsWith("HTTP/1.1 400 ", await client.ReceiveAnswerAsync(), StringComparison.Ordinal);
        await client.ExpectClosedAsync();
    }

    [Statement("MQTT-6.0.0-3")]
    [Statement("MQTT-6.0.0-3 v3.1.1")]
    [Statement("MQTT-6.0.0-4")]
    [Statement("MQTT-6.0.0-4 v3.1.1")]
    [Theory]
    [InlineData("mqtt")]
    [InlineData("chat, mqtt")]
    [InlineData("mqttv3.1, mqtt")]
    public async Task Handshake_WithMqttOffered_IsAnsweredWithIt(string subprotocols)
    {
        await using var broker = await WebSocketBroker.StartAsync();
        await using var client = await broker.OpenTransportAsync();
        await client.SendRequestAsync(subprotocols);
        Assert.Equal(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n" +
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n",
            await client.ReceiveAnswerAsync());
        await client.SendBinaryAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "c"));
        Assert.Equal(PacketType.ConnAck, TypeOf(await client.ReceivePacketAsync()));
    }

    [Fact]
    public async Task Disconnect_OfAClient_ClosesTheWebSocketToo()
    {
        await using var broker = await WebSocketBroker.StartAsync();
        await using var client = await broker.ConnectAsync("c", ProtocolVersion.Mqtt50);
        await client.SendBinaryAsync([0xE0, 0]);
        Assert.Equal((8, "03E8"), await ReceiveFrameAsync(client));
        await client.ExpectClosedAsync();
    }

    [Fact]
    public async Task Listener_OfTheOptions_SpeaksWebSocketAndIsLogged()
    {
        var log = new RecordingLogger();
        var options = new Configuration.ListenerOptions
        {
            EndPoint = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0),
            Protocol = Configuration.ListenerProtocol.WebSockets,
        };
        await using var broker = new MqttBroker(new Configuration.BrokerOptions { Listeners = [options] }, log);
        await broker.StartAsync();
        var endPoint = (System.Net.IPEndPoint)broker.EndPoints[0];
        Assert.Contains(log.Lines, line => line.Text == $"Opening websockets listen socket on port {endPoint.Port}.");
        await using var client = new WebSocketWire(await SocketTransport.ConnectAsync(endPoint, new SocketTransportOptions(), CancellationToken.None));
        await client.SendRequestAsync("mqtt");
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReceiveAnswerAsync(), StringComparison.Ordinal);
    }

    private static PacketType TypeOf(byte[] packet) => (PacketType)(packet[0] >> 4);

    private static async Task<(int Opcode, string Payload)> ReceiveFrameAsync(WebSocketWire client)
    {
        var (opcode, payload) = await client.ReceiveFrameAsync();
        return (opcode, Convert.ToHexString(payload));
    }

    // The messages up to and with a PUBACK, which may come before or after the client's own message.
    private static async Task<string[]> ReceiveMessagesAsync(WebSocketWire client, ProtocolVersion version, ushort acknowledged)
    {
        var packets = new[] { await client.ReceivePacketAsync(), await client.ReceivePacketAsync() };
        var ack = Assert.Single(packets, packet => TypeOf(packet) == PacketType.PubAck);
        Assert.Equal(acknowledged, (ack[2] << 8) | ack[3]);
        return [.. packets.Where(packet => TypeOf(packet) == PacketType.Publish).Select(packet => ReceivedPublish.Read(packet, version).Payload)];
    }

    /// <summary>The broker of the fixture with a second listener, which speaks WebSocket in memory.</summary>
    private sealed class WebSocketBroker(TestBroker broker, MemoryListener listener, LeakCheck leaks) : IAsyncDisposable
    {
        internal static async Task<WebSocketBroker> StartAsync()
        {
            var leaks = new LeakCheck();
            var broker = await TestBroker.StartAsync();
            var listener = new MemoryListener(new MemoryTransportOptions { BufferPool = leaks.Pool, Capacity = 1 << 20 });
            broker.Broker.Serve(new WebSocketListener(listener, new WebSocketListenerOptions { BufferPool = leaks.Pool }));
            return new WebSocketBroker(broker, listener, leaks);
        }

        internal async Task<WebSocketWire> OpenTransportAsync() => new(await listener.ConnectAsync());

        internal async Task<WebSocketWire> OpenAsync()
        {
            var client = await OpenTransportAsync();
            await client.SendRequestAsync("mqtt");
            Assert.StartsWith("HTTP/1.1 101 ", await client.ReceiveAnswerAsync(), StringComparison.Ordinal);
            return client;
        }

        internal async Task<WebSocketWire> ConnectAsync(string clientId, ProtocolVersion version)
        {
            var client = await OpenAsync();
            await client.SendBinaryAsync(WirePackets.Connect(version, clientId));
            var connAck = await client.ReceivePacketAsync();
            Assert.Equal((PacketType.ConnAck, 0), (TypeOf(connAck), connAck[3]));
            return client;
        }

        public async ValueTask DisposeAsync()
        {
            await broker.DisposeAsync();
            await leaks.AssertReturnsToZeroAsync();
        }
    }
}
