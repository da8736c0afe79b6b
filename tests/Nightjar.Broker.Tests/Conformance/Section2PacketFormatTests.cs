using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Fixed header, packet identifiers and property length of section 2.</summary>
public sealed class Section2PacketFormatTests
{
    private static readonly ProtocolVersion[] Standards = [ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50];

    public static TheoryData<ProtocolVersion, string> WrongFlags => Versions.With(
        Standards, "41 02 0001", "51 02 0001", "60 02 0001", "63 02 0001", "71 02 0001", "80 07 0001 00 0001 74 00", "83 07 0001 00 0001 74 00",
        "A0 06 0001 00 0001 74", "A3 06 0001 00 0001 74", "C1 00", "C8 00", "E1 00", "F1 00");

    public static TheoryData<ProtocolVersion, string> ZeroIds => Versions.With(
        Standards, "32 06 0001 74 0000 00", "34 06 0001 74 0000 00", "82 07 0000 00 0001 74 00", "A2 06 0000 00 0001 74");

    [Theory]
    [MemberData(nameof(WrongFlags))]
    [Statement("MQTT-2.1.3-1")]
    [Statement("MQTT-2.2.2-1 v3.1.1")]
    [Statement("MQTT-2.2.2-2 v3.1.1")]
    public async Task FixedHeader_WrongFlags_Closes(ProtocolVersion version, string packet)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SendAsync(packet);
        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
    }

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-2.1.3-1")]
    [Statement("MQTT-2.2.2-2 v3.1.1")]
    public async Task Connect_WrongFlags_IsRefused(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var connect = Raw.Connect(version, Raw.CleanStart, [], Raw.Field("c"));
        connect[0] |= 1;
        var client = await broker.OpenAsync(version, connect);
        await client.ExpectRefusedAsync(ReasonCode.MalformedPacket);
    }

    [Fact]
    [Statement("MQTT-2.2.1-2")]
    [Statement("MQTT-2.2.2-1")]
    public async Task PublishQoS0_Version5_HasNoPacketIdAndAPropertyLength()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.SendAsync("82 08 1234 00 0002 742F 02");
        await client.ExpectAsync("90 04 1234 00 02");
        await client.SendAsync("30 06 0002 742F 00 01");
        await client.ExpectAsync("30 06 0002 742F 00 01");
        await client.SendAsync("32 08 0002 742F 4321 00 01");
        await client.ExpectAsync("32 08 0002 742F 0001 00 01");
        await client.ExpectAsync("40 02 4321");
        await client.SendAsync("A2 07 1235 00 0002 742F");
        await client.ExpectAsync("B0 04 1235 00 00");
    }

    [Fact]
    [Statement("MQTT-2.3.1-5 v3.1.1")]
    public async Task PublishQoS0_Version311_HasNoPacketId()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", ProtocolVersion.Mqtt311);
        await client.SubscribeAsync("t/", QualityOfService.ExactlyOnce);
        await client.SendAsync("30 06 0002 742F 00 01");
        await client.ExpectAsync("30 06 0002 742F 00 01");
    }

    [Theory]
    [InlineData("30 03 0001 74")]
    [InlineData("32 05 0001 74 0001")]
    [InlineData("82 02 0001")]
    [InlineData("A2 02 0001")]
    [Statement("MQTT-2.2.2-1")]
    public async Task Packet_WithoutPropertyLength_IsMalformed(string packet)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.SendAsync(packet);
        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
    }

    [Theory]
    [MemberData(nameof(ZeroIds))]
    [Statement("MQTT-2.2.1-3")]
    [Statement("MQTT-2.3.1-1 v3.1.1")]
    public async Task PacketId_Zero_Closes(ProtocolVersion version, string packet)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SendAsync(version == ProtocolVersion.Mqtt50 ? Raw.Hex(packet) : WithoutPropertyLength(packet));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-2.2.1-3")]
    [Statement("MQTT-2.3.1-2 v3.1.1")]
    public async Task PacketId_InUse_IsTheSameMessage(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("t");

        await client.PublishAsync("t", "one", QualityOfService.ExactlyOnce, 9);
        Assert.Equal("one", (await client.ReceivePublishAsync()).Payload);
        await client.ExpectAsync("50 02 0009");
        await client.PublishAsync("t", "two", QualityOfService.ExactlyOnce, 9);
        await client.ExpectAsync("50 02 0009");
        await client.SendAsync("62 02 0009");
        await client.ExpectAsync("70 02 0009");
        await client.PublishAsync("t", "three", QualityOfService.ExactlyOnce, 9);
        Assert.Equal("three", (await client.ReceivePublishAsync()).Payload);
        await client.ExpectAsync("50 02 0009");
    }

    [Fact]
    [Statement("MQTT-2.3.1-3 v3.1.1")]
    public async Task PacketId_OfAResend_IsRecognisedOnTheNextConnection()
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await broker.ConnectAsync("w", ProtocolVersion.Mqtt311);
        await witness.SubscribeAsync("t");
        var client = await broker.ConnectAsync("c", ProtocolVersion.Mqtt311, cleanStart: false);
        await client.PublishAsync("t", "m", QualityOfService.ExactlyOnce, 9);
        await client.ExpectAsync("50 02 0009");
        client.Abort();
        await broker.WaitForConnectionsAsync(1);

        client = await broker.ConnectAsync("c", ProtocolVersion.Mqtt311, cleanStart: false);
        await client.PublishAsync("t", "m", QualityOfService.ExactlyOnce, 9, dup: true);
        await client.ExpectAsync("50 02 0009");

        await witness.ReceivePublishAsync();
        await witness.ExpectNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-2.2.1-4")]
    [Statement("MQTT-2.3.1-4 v3.1.1")]
    public async Task PacketIdsOfTheBroker_AfterTheLast_SkipZeroAndThoseInUse(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumInflightMessages = 1001 });
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        broker.Broker.Publish("t", "kept"u8, QualityOfService.AtLeastOnce);
        Assert.Equal(1, (await client.ReceivePublishAsync()).PacketId);

        var last = 1;
        var wraps = 0;
        for (var round = 0; round < 67; round++)
        {
            var acknowledgements = new List<byte>();
            var inUse = new HashSet<int> { 0, 1 };
            for (var i = 0; i < 1000; i++) broker.Broker.Publish("t", "m"u8, QualityOfService.AtLeastOnce);
            for (var i = 0; i < 1000; i++)
            {
                var id = (await client.ReceivePublishAsync()).PacketId;
                Assert.True(inUse.Add(id), $"Packet id {id} is 0 or in use.");
                if (id < last) wraps++;
                last = id;
                acknowledgements.AddRange([0x40, 2, (byte)(id >> 8), (byte)id]);
            }

            await client.SendAsync(acknowledgements.ToArray());
            await client.ExpectNothingAsync();
        }

        Assert.Equal(1, wraps);
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-2.2.1-5")]
    [Statement("MQTT-2.3.1-6 v3.1.1")]
    public async Task Acknowledgements_EchoThePacketId(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("s", version);
        await subscriber.SubscribeAsync("t");
        var client = await broker.ConnectAsync("c", version);
        foreach (var id in (ushort[])[1, 0x1234, 65_535])
        {
            await client.PublishAsync("t", "m", QualityOfService.AtLeastOnce, id);
            await client.ExpectAsync($"40 02 {id:X4}");
            await client.PublishAsync("t", "m", QualityOfService.ExactlyOnce, id);
            await client.ExpectAsync($"50 02 {id:X4}");
            await client.SendAsync($"62 02 {id:X4}");
            await client.ExpectAsync($"70 02 {id:X4}");
        }
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-2.2.1-5")]
    [Statement("MQTT-2.3.1-6 v3.1.1")]
    public async Task PubRelOfTheBroker_EchoesThePacketId(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        for (var i = 1; i <= 3; i++) broker.Broker.Publish("t", "m"u8, QualityOfService.ExactlyOnce);
        for (var i = 1; i <= 3; i++) Assert.Equal(i, (await client.ReceivePublishAsync()).PacketId);

        await client.SendAsync("50 02 0003");
        await client.ExpectAsync("62 02 0003");
        await client.SendAsync("50 02 0001");
        await client.ExpectAsync("62 02 0001");
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-2.2.1-6")]
    [Statement("MQTT-2.3.1-7 v3.1.1")]
    public async Task SubAckAndUnsubAck_EchoThePacketId(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        foreach (var id in (ushort[])[1, 0x1234, 65_535])
        {
            await client.SendAsync(WirePackets.Subscribe(version, id, "t", QualityOfService.AtMostOnce));
            await client.ExpectAsync(version == ProtocolVersion.Mqtt50 ? $"90 04 {id:X4} 00 00" : $"90 03 {id:X4} 00");
            await client.SendAsync(WirePackets.Unsubscribe(version, id, "t"));
            await client.ExpectAsync(version == ProtocolVersion.Mqtt50 ? $"B0 04 {id:X4} 00 00" : $"B0 02 {id:X4}");
        }
    }

    // The property length of PUBLISH stands behind topic and id, that of SUBSCRIBE and UNSUBSCRIBE behind the id.
    private static byte[] WithoutPropertyLength(string packet)
    {
        var bytes = Raw.Hex(packet);
        var at = bytes[0] >> 4 == (int)PacketType.Publish ? 7 : 4;
        bytes[1]--;
        return [.. bytes[..at], .. bytes[(at + 1)..]];
    }
}
