using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Keep alive and what a client asks for in the properties of CONNECT, section 3.1.</summary>
public sealed class Section31LimitsTests
{
    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-22")]
    [Statement("MQTT-3.2.2-22")]
    [Statement("MQTT-3.1.2-24 v3.1.1")]
    public async Task KeepAlive_SilenceOfOneAndAHalf_ClosesAndFiresTheWill(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await broker.ConnectAsync("witness", version);
        await witness.SubscribeAsync("will");
        var client = await broker.ConnectAsync("c", version, keepAlive: 10, will: new TestWill("will", "gone"));

        broker.Advance(TimeSpan.FromMilliseconds(14_900));
        await client.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromMilliseconds(14_900));
        await witness.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromMilliseconds(300));

        await client.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
        Assert.Equal("gone", (await witness.ReceivePublishAsync()).Payload);
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-22")]
    public async Task KeepAlive_Zero_NeverCloses(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        for (var i = 0; i < 30; i++) broker.Advance(TimeSpan.FromHours(1));
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    public async Task ServerKeepAlive_MoreAskedThanGranted_IsToldAndHolds(ushort keepAlive)
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumKeepAlive = 20 });
        var client = await broker.ConnectAsync("c", keepAlive: keepAlive);
        Assert.Equal(Raw.Hex("20 11 00 00 0E 22 000A 13 0014 27 001E8480 21 0014"), client.ConnAck);
        broker.Advance(TimeSpan.FromMilliseconds(29_900));
        await client.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromMilliseconds(30_200));
        await client.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
    }

    [Fact]
    [Statement("MQTT-3.2.2-22")]
    public async Task ServerKeepAlive_LessAsked_IsNotSentAndTheClientsHolds()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumKeepAlive = 20 });
        var client = await broker.ConnectAsync("c", keepAlive: 10);
        Assert.Equal(Raw.Hex("20 0E 00 00 0B 22 000A 27 001E8480 21 0014"), client.ConnAck);
        broker.Advance(TimeSpan.FromMilliseconds(15_200));
        await client.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    public async Task MaximumKeepAlive_Version3AsksForMore_IsRefusedWithReturnCode2(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumKeepAlive = 20 });
        await broker.ConnectAsync("fine", version, keepAlive: 20);
        var client = await broker.OpenAsync(version, WirePackets.Connect(version, "c", keepAlive: 21));
        await client.ExpectRefusedAsync(ReasonCode.ClientIdentifierNotValid, ConnectReturnCode.IdentifierRejected);
    }

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    [Statement("MQTT-3.1.2-24")]
    [Statement("MQTT-3.1.2-25")]
    public async Task MaximumPacketSize_LargerMessage_IsDroppedAsIfDelivered(QualityOfService qos)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", receiveMaximum: 1, maximumPacketSize: 30);
        await client.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        var other = await broker.ConnectAsync("other");
        await other.SubscribeAsync("t", QualityOfService.AtMostOnce);
        // Fixed header 2, topic 3, packet id 2 above QoS 0, property length 1.
        var largest = new string('x', 30 - (qos == QualityOfService.AtMostOnce ? 6 : 8));

        broker.Broker.Publish("t", Raw.Utf8(largest + "x"), qos);
        broker.Broker.Publish("t", Raw.Utf8(largest), qos);
        broker.Broker.Publish("t", Raw.Utf8(largest + "x"), qos);
        broker.Broker.Publish("t", "last"u8, qos);

        Assert.Equal(largest, (await client.ReceiveAndAcknowledgeAsync()).Payload);
        Assert.Equal("last", (await client.ReceiveAndAcknowledgeAsync()).Payload);
        await client.ExpectNothingAsync();
        for (var i = 0; i < 4; i++) await other.ReceivePublishAsync();
    }

    [Fact]
    [Statement("MQTT-3.1.2-24")]
    public async Task MaximumPacketSize_CountsPropertiesAndIdentifiers()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", maximumPacketSize: 30);
        await client.SubscribeAsync("t", identifier: 200);
        var publisher = await broker.ConnectAsync("p");
        // 2 + 3 + 1 + user property (5 + 4) + subscription identifier 3 + payload.
        await publisher.PublishAsync("t", new string('x', 13), properties: Raw.UserProperty("ab", "cd"));
        await publisher.PublishAsync("t", new string('y', 12), properties: Raw.UserProperty("ab", "cd"));
        Assert.Equal(new string('y', 12), (await client.ReceivePublishAsync()).Payload);
    }

    [Fact]
    [Statement("MQTT-3.1.2-24")]
    [Statement("MQTT-3.1.2-25")]
    public async Task MaximumPacketSize_RetainedAndQueued_AreDroppedToo()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        broker.Broker.Publish("t", new byte[50], QualityOfService.AtLeastOnce, retain: true);
        broker.Broker.Publish("t", "small"u8, QualityOfService.AtLeastOnce);

        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100, maximumPacketSize: 30);
        Assert.Equal("small", (await client.ReceiveAndAcknowledgeAsync()).Payload);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await client.ExpectNothingAsync();
        Assert.Equal(1, broker.Broker.RetainedCount);
    }

    [Theory]
    [InlineData(16, true)]
    [InlineData(15, false)]
    [InlineData(5, false)]
    [InlineData(4, false)]
    [Statement("MQTT-3.1.2-24")]
    public async Task MaximumPacketSize_TooSmallForConnAck_IsRefusedOrClosed(uint maximum, bool accepted)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.OpenAsync(ProtocolVersion.Mqtt50, WirePackets.Connect(ProtocolVersion.Mqtt50, "c", maximumPacketSize: maximum));
        if (accepted)
        {
            await client.ExpectAsync("20 0E 00 00 0B 22 000A 27 001E8480 21 0014");
            return;
        }

        if (maximum >= 5) await client.ExpectAsync("20 03 00 95 00");
        await client.ExpectClosedAsync();
        Assert.Equal(0, broker.Broker.SessionCount);
    }

    [Fact]
    [Statement("MQTT-3.1.2-24")]
    public async Task MaximumPacketSize_TooSmallForSubAck_ClosesInsteadOfSendingIt()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", maximumPacketSize: 16);
        byte[] filter = [.. Raw.Field("t"), 0];
        await client.SendAsync(Raw.Packet(0x82, [Raw.Hex("0001 00"), .. Enumerable.Repeat(filter, 11)]));
        await client.ExpectAsync("90 0E 0001 00 00 00 00 00 00 00 00 00 00 00 00");
        await client.SendAsync(Raw.Packet(0x82, [Raw.Hex("0002 00"), .. Enumerable.Repeat(filter, 12)]));
        await client.ExpectDisconnectAsync(ReasonCode.PacketTooLarge);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 2)]
    [InlineData(65_535, 10)]
    [Statement("MQTT-3.1.2-26")]
    [Statement("MQTT-3.1.2-27")]
    [Statement("MQTT-3.3.2-11")]
    [Statement("MQTT-3.3.2-8")]
    public async Task TopicAliasMaximum_OfTheClient_BoundsTheAliasesSent(ushort maximum, int expected)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", topicAliasMaximum: maximum);
        await client.SubscribeAsync("#");
        var aliases = new Dictionary<ushort, string>();
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 15; i++)
            {
                broker.Broker.Publish($"t/{i}", [(byte)('a' + i)]);
                var received = await client.ReceivePublishAsync();
                Assert.Equal($"{(char)('a' + i)}", received.Payload);
                if (received.TopicAlias is not { } alias)
                {
                    Assert.Equal($"t/{i}", received.Topic);
                    continue;
                }

                Assert.InRange(alias, 1, expected);
                if (round == 0) Assert.True(received.Topic == $"t/{i}" && aliases.TryAdd(alias, received.Topic));
                else Assert.Equal(("", $"t/{i}"), (received.Topic, aliases[alias]));
            }
        }

        Assert.Equal(expected, aliases.Count);
    }

    [Fact]
    [Statement("MQTT-3.1.2-28")]
    public async Task ResponseInformation_NotAskedFor_IsNotReturned()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, ResponseInformation = "r/" });
        var absent = await broker.ConnectWithAsync("a", "");
        var zero = await broker.ConnectWithAsync("b", "19 00");
        var one = await broker.ConnectWithAsync("c", "19 01");
        Assert.Equal(Raw.Hex("20 0E 00 00 0B 22 000A 27 001E8480 21 0014"), absent.ConnAck);
        Assert.Equal(absent.ConnAck, zero.ConnAck);
        Assert.Equal(Raw.Hex("20 13 00 00 10 22 000A 1A 0002 722F 27 001E8480 21 0014"), one.ConnAck);
    }

    [Fact]
    [Statement("MQTT-3.1.2-29")]
    public async Task RequestProblemInformationZero_NothingButPublishConnAckAndDisconnectExplains()
    {
        var denial = new DenyingAuthorizer("denied");
        var authenticator = new RecordingAuthenticator { Refusals = { ["bad"] = (ReasonCode.NotAuthorized, "why") } };
        await using var broker = await TestBroker.StartAsync(authenticator: authenticator, authorizer: denial);
        var refused = await broker.ConnectWithAsync("bad", "17 00");
        Assert.Equal(Raw.Hex("20 09 00 87 06 1F 0003 776879"), refused.ConnAck);

        var client = await broker.ConnectWithAsync("c", "17 00");
        await client.PublishAsync("denied", "m", QualityOfService.AtLeastOnce, 1);
        await client.ExpectAsync("40 03 0001 87");
        await client.PublishAsync("denied", "m", QualityOfService.ExactlyOnce, 2);
        await client.ExpectAsync("50 03 0002 87");
        await client.SendAsync("62 02 0003");
        await client.ExpectAsync("70 03 0003 92");
        await client.SendAsync("50 02 0004");
        await client.ExpectAsync("62 03 0004 92");
        await client.SendAsync(WirePackets.Subscribe(ProtocolVersion.Mqtt50, 5, "denied", QualityOfService.AtMostOnce));
        await client.ExpectAsync("90 04 0005 00 87");
        await client.SendAsync(WirePackets.Unsubscribe(ProtocolVersion.Mqtt50, 6, "nothing"));
        await client.ExpectAsync("B0 04 0006 00 11");
        await client.SubscribeAsync("t");
        await client.PublishAsync("t", "m", properties: Raw.UserProperty("a", "b"));
        Assert.Equal(Raw.UserProperty("a", "b"), (await client.ReceivePublishAsync()).Properties);
        Assert.True(broker.Broker.Disconnect("c", "why"));
        await client.ExpectAsync("E0 08 98 06 1F 0003 776879");
    }

    [Theory]
    [InlineData("21 0000")]
    [InlineData("27 00000000")]
    [InlineData("17 02")]
    [InlineData("19 02")]
    [InlineData("16 0001 61")]
    [InlineData("11 00000001 11 00000001")]
    [InlineData("22 0001 22 0001")]
    [InlineData("01 01")]
    [InlineData("24 01")]
    [Statement("T3-01")]
    [Statement("T3-02")]
    [Statement("T3-04")]
    [Statement("T3-10")]
    [Statement("MQTT-3.1.4-1")]
    public async Task Properties_AgainstTheProtocol_AreRefused(string properties)
    {
        await using var broker = await TestBroker.StartAsync();
        var connect = Raw.Connect(ProtocolVersion.Mqtt50, Raw.CleanStart, Raw.Hex(properties), Raw.Field("c"));
        var client = await broker.OpenAsync(ProtocolVersion.Mqtt50, connect);
        await client.ExpectRefusedAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData("05 11 0000")]
    [InlineData("7F 11 00000001")]
    [InlineData("02 60 00")]
    [InlineData("80 80 80 80 01")]
    [Statement("T3-02")]
    [Statement("T3-03")]
    public async Task PropertyBlock_ThatCannotBeParsed_IsMalformed(string block)
    {
        await using var broker = await TestBroker.StartAsync();
        var connect = Raw.Packet(0x10, Raw.ConnectHeader(ProtocolVersion.Mqtt50, Raw.CleanStart, 0), Raw.Hex(block));
        var client = await broker.OpenAsync(ProtocolVersion.Mqtt50, connect);
        await client.ExpectRefusedAsync(ReasonCode.MalformedPacket);
    }
}
