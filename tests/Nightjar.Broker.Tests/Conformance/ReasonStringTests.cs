using System.Text;
using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Reason strings and user properties of the packets from §3.4 to §3.14: sent where they are wanted and fit, taken in any case.</summary>
public sealed class ReasonStringTests
{
    private const string Retained = "limit of retained messages reached";
    private const string Subscriptions = "limit of subscriptions reached";

    /// <summary>Length of a PUBACK with code and the reason string above: header 2, id 2, code 1, property length 1, property 3 + 34.</summary>
    private const int ExplainedLength = 9 + 34;

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce, 0, true, true)]
    [InlineData(QualityOfService.AtLeastOnce, ExplainedLength, true, true)]
    [InlineData(QualityOfService.AtLeastOnce, ExplainedLength - 1, true, false)]
    [InlineData(QualityOfService.AtLeastOnce, 0, false, false)]
    [InlineData(QualityOfService.ExactlyOnce, 0, true, true)]
    [InlineData(QualityOfService.ExactlyOnce, ExplainedLength, true, true)]
    [InlineData(QualityOfService.ExactlyOnce, ExplainedLength - 1, true, false)]
    [InlineData(QualityOfService.ExactlyOnce, 0, false, false)]
    [Statement("MQTT-3.4.2-2")]
    [Statement("MQTT-3.4.2-3")]
    [Statement("MQTT-3.5.2-2")]
    [Statement("MQTT-3.5.2-3")]
    [Statement("MQTT-3.1.2-29")]
    public async Task PubAckAndPubRec_OverALimit_SayWhyWhereItIsWantedAndFits(QualityOfService qos, int maximum, bool wanted, bool sent)
    {
        await using var broker = await StartAsync();
        var client = await ConnectAsync(broker, maximum, wanted);
        await client.PublishAsync("b", "m", qos, packetId: 9, retain: true);
        var header = (byte)(qos == QualityOfService.AtLeastOnce ? 0x40 : 0x50);
        await ExpectAsync(client, sent ? Bytes.Packet(header, Bytes.Hex("0009 97"), Bytes.Block(Bytes.Property(0x1F, Retained))) : Bytes.Packet(header, Bytes.Hex("0009 97")));
    }

    [Theory]
    [InlineData(0, true, true)]
    [InlineData(40, true, true)]
    [InlineData(39, true, false)]
    [InlineData(0, false, false)]
    [Statement("MQTT-3.9.2-1")]
    [Statement("MQTT-3.9.2-2")]
    [Statement("MQTT-3.1.2-29")]
    public async Task SubAck_OverALimit_SaysWhyWhereItIsWantedAndFits(int maximum, bool wanted, bool sent)
    {
        await using var broker = await StartAsync();
        var client = await ConnectAsync(broker, maximum, wanted);
        await client.SendAsync(Bytes.Subscribe(ProtocolVersion.Mqtt50, 9, ("x", 1), ("y", 1)));
        await ExpectAsync(client, Bytes.Packet(0x90, Bytes.Hex("0009"), Bytes.Block(sent ? Bytes.Property(0x1F, Subscriptions) : ""), Bytes.Hex("01 97")));
    }

    [Fact]
    [Statement("MQTT-3.4.2-2")]
    [Statement("MQTT-3.4.2-3")]
    [Statement("MQTT-3.5.2-2")]
    [Statement("MQTT-3.5.2-3")]
    [Statement("MQTT-3.6.2-2")]
    [Statement("MQTT-3.6.2-3")]
    [Statement("MQTT-3.7.2-2")]
    [Statement("MQTT-3.7.2-3")]
    [Statement("MQTT-3.9.2-2")]
    [Statement("MQTT-3.11.2-1")]
    [Statement("MQTT-3.11.2-2")]
    public async Task Answers_ToAClientThatTakesTwentyBytes_HaveNothingThatIsNotNeeded()
    {
        await using var broker = await StartAsync();
        var client = await ConnectAsync(broker, 20, wanted: true);
        await client.PublishAsync("nobody", "m", QualityOfService.AtLeastOnce, packetId: 1);
        await client.ExpectAsync("40 03 0001 10");
        await client.PublishAsync("b", "m", QualityOfService.AtLeastOnce, packetId: 2, retain: true);
        await client.ExpectAsync("40 03 0002 97");
        await client.PublishAsync("b", "m", QualityOfService.ExactlyOnce, packetId: 3, retain: true);
        await client.ExpectAsync("50 03 0003 97");
        await client.SendAsync("50 02 0009");
        await client.ExpectAsync("62 03 0009 92");
        await client.SendAsync("62 02 0009");
        await client.ExpectAsync("70 03 0009 92");
        await client.SendAsync(Bytes.Subscribe(ProtocolVersion.Mqtt50, 4, ("x", 2), ("y", 1)));
        await client.ExpectAsync("90 05 0004 00 02 97");
        await client.SendAsync(WirePackets.Unsubscribe(ProtocolVersion.Mqtt50, 5, "x", "y"));
        await client.ExpectAsync("B0 05 0005 00 00 11");
    }

    [Theory]
    [InlineData(0, 40, true)]
    [InlineData(47, 40, true)]
    [InlineData(46, 40, false)]
    [Statement("MQTT-3.14.2-3")]
    [Statement("MQTT-3.14.2-4")]
    public async Task Disconnect_ByTheAdministrator_HasItsReasonWhereItFits(int maximum, int length, bool sent)
    {
        await using var broker = await StartAsync();
        // Request Problem Information 0 does not concern DISCONNECT.
        var client = await ConnectAsync(broker, maximum, wanted: false);
        var reason = new string('r', length);
        broker.Broker.Disconnect("c", reason);
        await ExpectAsync(client, sent ? Bytes.Packet(0xE0, [0x98], Bytes.Block(Bytes.Property(0x1F, reason))) : Bytes.Hex("E0 01 98"));
        await client.ExpectClosedAsync();
    }

    [Fact]
    [Statement("MQTT-3.4.2-2")]
    [Statement("MQTT-3.5.2-2")]
    [Statement("MQTT-3.6.2-2")]
    [Statement("MQTT-3.7.2-2")]
    public async Task Acknowledgements_FromTheClientWithReasonAndUserProperties_AreTaken()
    {
        var properties = Bytes.Block(Bytes.Property(0x1F, "because") + Bytes.Property(0x26, "k") + Convert.ToHexString(Bytes.Text("v")) + Bytes.Property(0x26, "k") + Convert.ToHexString(Bytes.Text("w")));
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("s", receiveMaximum: 1);
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "1"u8, QualityOfService.AtLeastOnce);
        broker.Broker.Publish("a", "2"u8, QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "3"u8, QualityOfService.AtLeastOnce);
        await client.ReceivePublishAsync();
        await client.SendAsync(Bytes.Packet(0x40, Bytes.Hex("0001 00"), properties));
        Assert.Equal(2, (await client.ReceivePublishAsync()).PacketId);
        await client.SendAsync(Bytes.Packet(0x50, Bytes.Hex("0002 00"), properties));
        await client.ExpectAsync("62 02 0002");
        await client.SendAsync(Bytes.Packet(0x70, Bytes.Hex("0002 00"), properties));
        Assert.Equal(3, (await client.ReceivePublishAsync()).PacketId);
        await client.PublishAsync("b", "m", QualityOfService.ExactlyOnce, packetId: 7);
        await client.ExpectAsync("50 03 0007 10");
        await client.SendAsync(Bytes.Packet(0x62, Bytes.Hex("0007 00"), properties));
        await client.ExpectAsync("70 02 0007");
        await client.SendAsync(Bytes.Packet(0xE0, [0], properties));
        await client.ExpectClosedAsync();
    }

    private static async Task<TestBroker> StartAsync()
    {
        var broker = await TestBroker.StartAsync(
            new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumRetainedMessages = 1, MaximumSubscriptionsPerClient = 1 });
        broker.Broker.Publish("a", "kept"u8, retain: true);
        return broker;
    }

    private static async Task<WireClient> ConnectAsync(TestBroker broker, int maximum, bool wanted)
    {
        var client = await broker.OpenAsync();
        await client.SendAsync(Bytes.Connect5("c", (maximum > 0 ? $"27 {maximum:X8}" : "") + (wanted ? "" : "17 00")));
        await client.ReceiveAsync();
        return client;
    }

    private static async Task ExpectAsync(WireClient client, byte[] packet) => Assert.Equal(Convert.ToHexString(packet), Convert.ToHexString(await client.ReceiveAsync()));
}
