using Xunit;

namespace Nightjar.Protocol.Tests.Packets;

public sealed class SmokeTests
{
    [Fact]
    public void Publish_RoundTrip_Equal()
    {
        byte[] buffer = new byte[100];
        var writer = new PublishWriter { Version = ProtocolVersion.Mqtt50, QoS = QualityOfService.AtLeastOnce, TopicName = "a/b"u8, PacketId = 7, TopicAlias = 3, Payload = "x"u8 };
        int n = writer.Write(buffer);
        Assert.Equal(writer.Measure(), n);
        Assert.Equal(ReadStatus.Complete, FrameReader.TryRead(buffer.AsSpan(0, n), 1000, out Frame frame, out _));
        Assert.True(PublishPacket.TryRead(in frame, ProtocolVersion.Mqtt50, PacketDirection.ToServer, out PublishPacket p, out ProtocolError e), e.ToString());
        Assert.Equal(7, p.PacketId);
        Assert.Equal(3, p.Properties.TopicAlias);
        Assert.True(p.TopicName.SequenceEqual("a/b"u8));
        n = new ConnectWriter { Version = ProtocolVersion.Mqtt31, HasWill = true, WillTopic = "w"u8, ClientId = "abc"u8 }.Write(buffer);
        FrameReader.TryRead(buffer.AsSpan(0, n), 1000, out frame, out _);
        Assert.True(ConnectPacket.TryRead(in frame, out ConnectPacket c, out e), e.ToString());
        Assert.Equal(ProtocolVersion.Mqtt31, c.Version);
        n = AcknowledgementWriter.Write(buffer, PacketType.PubRel, 0x1234, ProtocolVersion.Mqtt50, ReasonCode.PacketIdentifierNotFound);
        Assert.Equal("6203123492", Convert.ToHexString(buffer.AsSpan(0, n)));
    }
}
