using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>PINGREQ (§3.12) and DISCONNECT (§3.14).</summary>
public sealed class PingAndDisconnectTests
{
    public static TheoryData<byte> ClientCodes => [0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99];

    public static TheoryData<byte> OtherThanClientCodes => [0x01, 0x02, 0x10, 0x18, 0x84, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x91, 0x92, 0x9A, 0x9B, 0x9C, 0x9D, 0xA2, 0xFF];

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-3.12.4-1")]
    [Statement("MQTT-3.12.4-1 v3.1.1")]
    public async Task PingReq_IsAnsweredByPingResp(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SendAsync("C0 00");
        await client.ExpectAsync("D0 00");
        await client.SendAsync("C0 00 C0 00 C0 00");
        for (var i = 0; i < 3; i++) await client.ExpectAsync("D0 00");
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-3.14.1-1")]
    [Statement("MQTT-3.14.1-1 v3.1.1")]
    public async Task Disconnect_WithFlags_IsMalformedAndPublishesTheWill(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var watcher = await broker.ConnectAsync("w", version);
        await watcher.SubscribeAsync("will");
        for (var flags = 1; flags < 16; flags++)
        {
            var client = await broker.ConnectAsync("c", version, will: new TestWill("will", "gone"));
            await client.SendAsync($"E{flags:X} 00");
            await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
            Assert.Equal("gone", (await watcher.ReceivePublishAsync()).Payload);
        }
    }

    [Theory]
    [MemberData(nameof(ClientCodes))]
    [Statement("MQTT-3.14.2-1")]
    [Statement("MQTT-3.14.4-3")]
    [Statement("T3-12")]
    public async Task Disconnect_WithAListedCode_DiscardsTheWillOnlyAt00(byte code)
    {
        await using var broker = await TestBroker.StartAsync();
        var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will");
        var client = await broker.ConnectAsync("c", will: new TestWill("will", "gone"));
        await client.SendAsync($"E0 01 {code:X2}");
        await client.ExpectClosedAsync();
        await broker.WaitForConnectionsAsync(1);
        if (code != 0) Assert.Equal("gone", (await watcher.ReceivePublishAsync()).Payload);
        await watcher.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-3.14.4-3")]
    [Statement("MQTT-3.14.4-3 v3.1.1")]
    public async Task Disconnect_OfNormalKind_DiscardsTheWillForGood(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var watcher = await broker.ConnectAsync("w", version);
        await watcher.SubscribeAsync("will");
        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 10, will: new TestWill("will", "gone"));
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(1);
        await watcher.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromSeconds(20));
        await watcher.ExpectNothingAsync();
    }

    [Theory]
    [MemberData(nameof(OtherThanClientCodes))]
    [Statement("MQTT-3.14.2-1")]
    public async Task Disconnect_WithAnotherCode_IsAProtocolErrorAndPublishesTheWill(byte code)
    {
        await using var broker = await TestBroker.StartAsync();
        var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will");
        var client = await broker.ConnectAsync("c", will: new TestWill("will", "gone"));
        await client.SendAsync($"E0 01 {code:X2}");
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
        Assert.Equal("gone", (await watcher.ReceivePublishAsync()).Payload);
    }

    [Fact]
    [Statement("MQTT-3.14.4-1")]
    [Statement("MQTT-3.14.4-2")]
    [Statement("MQTT-3.14.2-1")]
    [Statement("MQTT-3.14.2-2")]
    public async Task DisconnectFromTheBroker_HasACodeAndNoExpiryAndIsTheLastPacket()
    {
        await using var broker = await TestBroker.StartAsync();
        // Taken over, with traffic on its way.
        var old = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        await old.SubscribeAsync("a");
        var taker = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        broker.Broker.Publish("a", "m"u8);
        await old.ExpectAsync("E0 01 8E");
        await old.ExpectClosedAsync();
        Assert.Equal("m", (await taker.ReceivePublishAsync()).Payload);

        // Thrown out, after a protocol error, after silence, at the end.
        broker.Broker.Disconnect("c");
        broker.Broker.Publish("a", "m"u8);
        await taker.ExpectAsync("E0 01 98");
        await taker.ExpectClosedAsync();

        var wrong = await broker.ConnectAsync("wrong", cleanStart: false, sessionExpiry: 100);
        await wrong.SendAsync("82 03 0001 00 C0 00 C0 00");
        await wrong.ExpectAsync("E0 01 82");
        await wrong.ExpectClosedAsync();

        var silent = await broker.ConnectAsync("silent", sessionExpiry: 100, keepAlive: 10);
        broker.Advance(TimeSpan.FromSeconds(16));
        await silent.ExpectAsync("E0 01 8D");
        await silent.ExpectClosedAsync();

        var last = await broker.ConnectAsync("last", sessionExpiry: 100);
        await broker.Broker.StopAsync();
        await last.ExpectAsync("E0 01 8B");
        await last.ExpectClosedAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [Statement("MQTT-4.8.0-1 v3.1.1")]
    public async Task End_BeforeVersion5_IsABareClose(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var old = await broker.ConnectAsync("c", version);
        var taker = await broker.ConnectAsync("c", version);
        await old.ExpectClosedAsync();
        broker.Broker.Disconnect("c", "reason");
        await taker.ExpectClosedAsync();
        var wrong = await broker.ConnectAsync("wrong", version);
        await wrong.SendAsync("82 02 0001");
        await wrong.ExpectClosedAsync();
    }

    [Fact]
    [Statement("MQTT-3.14.0-1")]
    public async Task Failure_BeforeConnAck_SendsNoDisconnect()
    {
        await using var broker = await TestBroker.StartAsync(methods: [new ChallengeMethod()]);
        // Not CONNECT; a CONNECT that never ends; nothing at all; an exchange that is broken off.
        var other = await broker.OpenAsync();
        await other.SendAsync("C0 00");
        await other.ExpectClosedAsync();
        var half = await broker.OpenAsync();
        await half.SendAsync("10 20 00 04");
        var idle = await broker.OpenAsync();
        var exchange = await broker.OpenAsync();
        await exchange.SendAsync(Bytes.Connect5("c", Bytes.Property(0x15, "CHALLENGE")));
        await exchange.ReceiveAsync();
        await broker.WaitForConnectionsAsync(3);
        broker.Advance(TimeSpan.FromSeconds(11));
        await half.ExpectClosedAsync();
        await idle.ExpectClosedAsync();
        await exchange.ExpectClosedAsync();

        // A refusal is a CONNACK and then the end.
        var refused = await broker.OpenAsync();
        await refused.SendAsync(Bytes.Connect5("c", "21 0000"));
        var answer = await refused.ReceiveAsync();
        Assert.Equal(("20", 0x82), (answer[0].ToString("X2", System.Globalization.CultureInfo.InvariantCulture), answer[3]));
        await refused.ExpectClosedAsync();
    }

    [Fact]
    [Statement("MQTT-4.13.1-1")]
    [Statement("MQTT-4.13.2-1")]
    [Statement("MQTT-4.8.0-1 v3.1.1")]
    [Statement("MQTT-4.8.0-2 v3.1.1")]
    public async Task Error_OfOneClient_ClosesItsConnectionOnly()
    {
        await using var broker = await TestBroker.StartAsync();
        foreach (var version in new[] { ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50 })
        {
            var bystander = await broker.ConnectAsync("b", version);
            await bystander.SubscribeAsync("a", QualityOfService.AtLeastOnce);
            var wrong = await broker.ConnectAsync("w", version);
            // What came before the error was handled, what comes behind it is not.
            await wrong.SendAsync((byte[])
            [
                .. WirePackets.Publish(version, "a", "before"), .. Bytes.Hex("36 05 0001 61 0001"), .. WirePackets.Publish(version, "a", "behind"),
            ]);
            await wrong.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
            Assert.Equal("before", (await bystander.ReceivePublishAsync()).Payload);
            await bystander.ExpectNothingAsync();
            await bystander.DisconnectAsync();
        }
    }
}
