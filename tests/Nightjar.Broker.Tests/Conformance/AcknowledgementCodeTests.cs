using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Reason codes and flags of PUBACK, PUBREC, PUBREL and PUBCOMP (§3.4 to §3.7).</summary>
public sealed class AcknowledgementCodeTests
{
    public static TheoryData<byte> PublishCodes => [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];

    public static TheoryData<byte> OtherThanPublishCodes => [0x01, 0x02, 0x04, 0x11, 0x18, 0x81, 0x82, 0x84, 0x8E, 0x92, 0x95, 0x9A, 0xA2, 0xFF];

    public static TheoryData<byte> OtherThanReleaseCodes => [0x01, 0x02, 0x04, 0x10, 0x11, 0x18, 0x80, 0x83, 0x91, 0x93, 0x97, 0xFF];

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce, "40")]
    [InlineData(QualityOfService.ExactlyOnce, "50")]
    [Statement("MQTT-3.4.2-1")]
    [Statement("MQTT-3.5.2-1")]
    public async Task Publish_AcceptedUnmatchedDeniedOrOverALimit_IsAnsweredWithTheListedCode(QualityOfService qos, string type)
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumRetainedMessages = 1 });
        var client = await broker.OpenAsync();
        await client.SendAsync(Raw.Connect5("c", "17 00"));
        await client.ReceiveAsync();
        var subscriber = await broker.ConnectAsync("s");
        await subscriber.SubscribeAsync("a");
        await client.PublishAsync("a", "1", qos, packetId: 1, retain: true);
        await client.ExpectAsync($"{type} 02 0001");
        await client.PublishAsync("nobody", "2", qos, packetId: 2);
        await client.ExpectAsync($"{type} 03 0002 10");
        await client.PublishAsync("$SYS/broker/version", "3", qos, packetId: 3);
        await client.ExpectAsync($"{type} 03 0003 87");
        await client.PublishAsync("b", "4", qos, packetId: 4, retain: true);
        await client.ExpectAsync($"{type} 03 0004 97");
    }

    [Theory]
    [MemberData(nameof(PublishCodes))]
    [Statement("MQTT-3.4.2-1")]
    [Statement("MQTT-4.4.0-2")]
    public async Task PubAck_WithAnyListedCode_FreesTheWindow(byte code)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("s", receiveMaximum: 1);
        await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        broker.Broker.Publish("a", "1"u8, QualityOfService.AtLeastOnce);
        broker.Broker.Publish("a", "2"u8, QualityOfService.AtLeastOnce);
        Assert.Equal("1", (await client.ReceivePublishAsync()).Payload);
        await client.ExpectNothingAsync();
        await client.SendAsync($"40 03 0001 {code:X2}");
        Assert.Equal(("2", (ushort)2), await ContentAsync(client));
    }

    [Theory]
    [MemberData(nameof(PublishCodes))]
    [Statement("MQTT-3.5.2-1")]
    [Statement("MQTT-4.3.3-4")]
    [Statement("MQTT-4.4.0-2")]
    public async Task PubRec_WithAnyListedCode_IsReleasedOrEndsTheHandshake(byte code)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("s", receiveMaximum: 1);
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "1"u8, QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "2"u8, QualityOfService.ExactlyOnce);
        Assert.Equal("1", (await client.ReceivePublishAsync()).Payload);
        await client.SendAsync($"50 03 0001 {code:X2}");
        if (code < 0x80)
        {
            await client.ExpectAsync("62 02 0001");
            await client.ExpectNothingAsync();
            await client.SendAsync("70 02 0001");
        }

        Assert.Equal(("2", (ushort)2), await ContentAsync(client));
    }

    [Theory]
    [MemberData(nameof(OtherThanPublishCodes))]
    [Statement("MQTT-3.4.2-1")]
    [Statement("MQTT-3.5.2-1")]
    public async Task PubAckOrPubRec_WithAnotherCode_IsAProtocolError(byte code)
    {
        await using var broker = await TestBroker.StartAsync();
        foreach (var (qos, type) in new[] { (QualityOfService.AtLeastOnce, "40"), (QualityOfService.ExactlyOnce, "50") })
        {
            var client = await broker.ConnectAsync("s");
            await client.SubscribeAsync("a", qos);
            broker.Broker.Publish("a", "1"u8, qos);
            await client.ReceivePublishAsync();
            await client.SendAsync($"{type} 03 0001 {code:X2}");
            await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
        }
    }

    [Theory]
    [InlineData("62 02 0001")]
    [InlineData("62 03 0001 00")]
    [InlineData("62 03 0001 92")]
    [InlineData("62 04 0001 92 00")]
    [Statement("MQTT-3.6.2-1")]
    [Statement("MQTT-3.7.2-1")]
    public async Task PubRel_WithAListedCode_IsCompleted(string release)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("p");
        await client.PublishAsync("a", "1", QualityOfService.ExactlyOnce);
        await client.ExpectAsync("50 03 0001 10");
        await client.SendAsync(release);
        await client.ExpectAsync("70 02 0001");
        await client.SendAsync(release);
        await client.ExpectAsync("70 03 0001 92");
    }

    [Theory]
    [MemberData(nameof(OtherThanReleaseCodes))]
    [Statement("MQTT-3.6.2-1")]
    [Statement("MQTT-3.7.2-1")]
    public async Task PubRelOrPubComp_WithAnotherCode_IsAProtocolError(byte code)
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("a", "1", QualityOfService.ExactlyOnce);
        await publisher.ReceiveAsync();
        await publisher.SendAsync($"62 03 0001 {code:X2}");
        await publisher.ExpectDisconnectAsync(ReasonCode.ProtocolError);

        var subscriber = await broker.ConnectAsync("s");
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "1"u8, QualityOfService.ExactlyOnce);
        await subscriber.ReceivePublishAsync();
        await subscriber.SendAsync("50 02 0001");
        await subscriber.ExpectAsync("62 02 0001");
        await subscriber.SendAsync($"70 03 0001 {code:X2}");
        await subscriber.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData("00")]
    [InlineData("92")]
    [Statement("MQTT-3.7.2-1")]
    public async Task PubComp_WithAListedCode_FreesTheWindow(string code)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("s", receiveMaximum: 1);
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "1"u8, QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "2"u8, QualityOfService.ExactlyOnce);
        await client.ReceivePublishAsync();
        await client.SendAsync("50 02 0001");
        await client.ExpectAsync("62 02 0001");
        await client.SendAsync($"70 03 0001 {code}");
        Assert.Equal(("2", (ushort)2), await ContentAsync(client));
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-3.6.1-1")]
    [Statement("MQTT-3.6.1-1 v3.1.1")]
    public async Task PubRel_WithOtherFlagsThan0010_IsMalformed(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        for (var flags = 0; flags < 16; flags++)
        {
            if (flags == 2) continue;
            var client = await broker.ConnectAsync("p", version);
            await client.PublishAsync("a", "1", QualityOfService.ExactlyOnce);
            await client.ReceiveAsync();
            await client.SendAsync($"6{flags:X} 02 0001");
            await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
        }
    }

    [Theory]
    [InlineData("40")]
    [InlineData("50")]
    [InlineData("70")]
    public async Task PubAckPubRecPubComp_WithFlags_IsMalformed(string type)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("p");
        await client.SendAsync($"{type[0]}2 02 0001");
        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
    }

    [Theory]
    [InlineData(QualityOfService.ExactlyOnce, "40 02 0001")]
    [InlineData(QualityOfService.AtLeastOnce, "50 02 0001")]
    [InlineData(QualityOfService.AtLeastOnce, "70 02 0001")]
    [InlineData(QualityOfService.ExactlyOnce, "70 02 0001")]
    public async Task Acknowledgement_ThatDoesNotBelongToTheQoS_IsAProtocolError(QualityOfService qos, string acknowledgement)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("s");
        await client.SubscribeAsync("a", qos);
        broker.Broker.Publish("a", "1"u8, qos);
        await client.ReceivePublishAsync();
        await client.SendAsync(acknowledgement);
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    [Statement("T3-11")]
    public async Task PubRelAndPubRec_ForAnUnknownId_AreAnsweredWith92()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.SendAsync("62 02 00FF");
        await client.ExpectAsync("70 03 00FF 92");
        await client.SendAsync("50 02 00FE");
        await client.ExpectAsync("62 03 00FE 92");
        // The same with messages in flight under other ids.
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "1"u8, QualityOfService.ExactlyOnce);
        await client.ReceivePublishAsync();
        await client.SendAsync("50 02 0011");
        await client.ExpectAsync("62 03 0011 92");
        await client.SendAsync("50 02 0001");
        await client.ExpectAsync("62 02 0001");
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task PubAckAndPubComp_ForAnUnknownId_AreIgnored(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SendAsync("40 02 00FF");
        await client.SendAsync("70 02 00FF");
        await client.ExpectNothingAsync();
    }

    private static async Task<(string Payload, ushort PacketId)> ContentAsync(WireClient client)
    {
        var publish = await client.ReceivePublishAsync();
        return (publish.Payload, publish.PacketId);
    }
}
