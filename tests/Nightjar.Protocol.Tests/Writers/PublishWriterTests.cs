using Nightjar.Testing.Conformance;
using Nightjar.Testing.WireLiterals;
using Xunit;

namespace Nightjar.Protocol.Tests.Writers;

public sealed class PublishWriterTests
{
    [Theory]
    [Statement("MQTT-2.2.1-2")]
    [Statement("MQTT-2.2.2-1")]
    [Statement("MQTT-2.3.1-5 v3.1.1")]
    [InlineData(ProtocolVersion.Mqtt31, QualityOfService.AtMostOnce, false, false, "30 [ 'a/b' \"hi\" ]")]
    [InlineData(ProtocolVersion.Mqtt311, QualityOfService.AtMostOnce, false, true, "31 [ 'a/b' \"hi\" ]")]
    [InlineData(ProtocolVersion.Mqtt311, QualityOfService.AtLeastOnce, true, false, "3A [ 'a/b' 0102 \"hi\" ]")]
    [InlineData(ProtocolVersion.Mqtt311, QualityOfService.ExactlyOnce, false, false, "34 [ 'a/b' 0102 \"hi\" ]")]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.AtMostOnce, false, false, "30 [ 'a/b' [] \"hi\" ]")]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.ExactlyOnce, true, true, "3D [ 'a/b' 0102 [] \"hi\" ]")]
    public void Publish_AnyFlags_Written(ProtocolVersion version, QualityOfService qos, bool dup, bool retain, string literal)
    {
        var writer = new PublishWriter
        {
            Version = version,
            QoS = qos,
            Dup = dup,
            Retain = retain,
            TopicName = "a/b"u8,
            PacketId = 0x0102,
            Payload = "hi"u8,
        };
        AssertWritten(literal, in writer);
        if (qos != QualityOfService.AtMostOnce) Assert.Equal(7, writer.PacketIdOffset);
    }

    [Fact]
    public void Publish_Properties_WrittenInOrder()
    {
        var writer = new PublishWriter
        {
            Version = ProtocolVersion.Mqtt50,
            TopicName = ""u8,
            TopicAlias = 7,
            HasMessageExpiryInterval = true,
            MessageExpiryInterval = 0,
            ForwardableProperties = [0x01, 0x01],
            SubscriptionIdentifiers = [1, 128, 268_435_455],
            Payload = "hi"u8,
        };
        AssertWritten("30 [ '' [ 23 0007 02 00000000 01 01 0B 01 0B 8001 0B FFFFFF7F ] \"hi\" ]", in writer);
    }

    [Fact]
    public void Publish_PropertiesBefore5_LeftOut()
    {
        var writer = new PublishWriter
        {
            Version = ProtocolVersion.Mqtt311,
            TopicName = "a"u8,
            TopicAlias = 7,
            HasMessageExpiryInterval = true,
            MessageExpiryInterval = 5,
            ForwardableProperties = [0x01, 0x01],
            SubscriptionIdentifiers = [1],
        };
        AssertWritten("30 [ 'a' ]", in writer);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(123)]
    [InlineData(124)]
    [InlineData(16_379)]
    [InlineData(16_380)]
    [InlineData(2_097_147)]
    [InlineData(2_097_148)]
    public void Publish_PayloadAtLengthBounds_ReadBack(int payloadLength)
    {
        byte[] payload = new byte[payloadLength];
        Array.Fill(payload, (byte)0x5A);
        foreach (ProtocolVersion version in (ProtocolVersion[])[ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50])
        {
            var writer = new PublishWriter
            {
                Version = version,
                QoS = QualityOfService.AtLeastOnce,
                PacketId = 9,
                TopicName = "ab"u8,
                Payload = payload,
            };
            byte[] buffer = new byte[writer.Measure()];
            Assert.Equal(buffer.Length, writer.Write(buffer));
            Assert.Equal([0, 9], buffer.AsSpan(writer.PacketIdOffset, 2).ToArray());
            Assert.Equal(ReadStatus.Complete, FrameReader.TryRead(buffer, buffer.Length, out Frame frame, out _));
            Assert.True(PublishPacket.TryRead(in frame, version, PacketDirection.ToClient, out PublishPacket packet, out _));
            Assert.True(packet.Payload.SequenceEqual(payload));
        }
    }

    [Fact]
    public void PublishHead_BeforeItsPayload_IsTheSamePacket()
    {
        var writer = new PublishWriter { Version = ProtocolVersion.Mqtt50, TopicName = "a"u8, TopicAlias = 1, Payload = "payload"u8 };
        byte[] whole = new byte[writer.Measure()];
        writer.Write(whole);
        byte[] head = new byte[writer.MeasureHead()];
        Assert.Equal(head.Length, writer.WriteHead(head));
        Assert.Equal(whole, head.Concat(writer.Payload.ToArray()));
    }

    [Fact]
    public void Publish_TopicTooLong_Throws()
    {
        byte[] topic = new byte[65_536];
        byte[] buffer = new byte[70_000];
        Assert.Throws<ArgumentException>(() => new PublishWriter { Version = ProtocolVersion.Mqtt311, TopicName = topic }.Write(buffer));
    }

    [Fact]
    public void Publish_DestinationTooSmall_Throws()
    {
        for (int length = 0; length < 9; length++)
        {
            byte[] buffer = new byte[length];
            Assert.ThrowsAny<ArgumentException>(
                () => new PublishWriter { Version = ProtocolVersion.Mqtt311, TopicName = "abc"u8, Payload = "hi"u8 }.Write(buffer));
        }
    }

    private static void AssertWritten(string literal, in PublishWriter writer)
    {
        byte[] buffer = new byte[writer.Measure()];
        Assert.Equal(buffer.Length, writer.Write(buffer));
        Assert.Equal(Convert.ToHexString(WireLiteral.Parse(literal)), Convert.ToHexString(buffer));
    }
}
