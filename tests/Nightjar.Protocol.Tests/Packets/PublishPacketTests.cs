using Nightjar.Testing.Conformance;
using Nightjar.Testing.WireLiterals;
using Xunit;
using static Nightjar.Protocol.Tests.Packets.PacketReading;

namespace Nightjar.Protocol.Tests.Packets;

public sealed class PublishPacketTests
{
    private const ReasonCode Malformed = ReasonCode.MalformedPacket;
    private const ReasonCode Forbidden = ReasonCode.ProtocolError;

    [Theory]
    [Statement("MQTT-3.3.2-1")]
    [Statement("MQTT-3.3.2-1 v3.1.1")]
    [Statement("MQTT-2.2.1-2")]
    [Statement("MQTT-2.3.1-5 v3.1.1")]
    [InlineData("30 [ 'a/b' \"payload\" ]", ProtocolVersion.Mqtt311, false, 0, false, 0)]
    [InlineData("31 [ 'a/b' \"payload\" ]", ProtocolVersion.Mqtt31, false, 0, true, 0)]
    [InlineData("32 [ 'a/b' 1234 \"payload\" ]", ProtocolVersion.Mqtt311, false, 1, false, 0x1234)]
    [InlineData("3D [ 'a/b' FFFF \"payload\" ]", ProtocolVersion.Mqtt311, true, 2, true, 0xFFFF)]
    [InlineData("30 [ 'a/b' [] \"payload\" ]", ProtocolVersion.Mqtt50, false, 0, false, 0)]
    [InlineData("3B [ 'a/b' 0001 [] \"payload\" ]", ProtocolVersion.Mqtt50, true, 1, true, 1)]
    [InlineData("34 [ 'a/b' 0001 [ 26 'n' 'v' ] \"payload\" ]", ProtocolVersion.Mqtt50, false, 2, false, 1)]
    public void Publish_AnyFlags_Read(string literal, ProtocolVersion version, bool dup, int qos, bool retain, int packetId)
    {
        WireFrames.Run(literal, (in Frame frame) =>
        {
            Assert.True(
                PublishPacket.TryRead(in frame, version, PacketDirection.ToServer, out PublishPacket packet, out ProtocolError error),
                error.ToString());
            Assert.Equal((dup, (QualityOfService)qos, retain, packetId), (packet.Dup, packet.QoS, packet.Retain, packet.PacketId));
            Assert.True(packet.TopicName.SequenceEqual("a/b"u8));
            Assert.True(packet.Payload.SequenceEqual("payload"u8));
        });
    }

    [Fact]
    [Statement("MQTT-3.3.2-4")]
    [Statement("MQTT-3.3.2-15")]
    [Statement("MQTT-3.3.2-16")]
    [Statement("MQTT-3.3.2-17")]
    [Statement("MQTT-3.3.2-18")]
    [Statement("MQTT-3.3.2-20")]
    public void Publish_AllProperties_ReadAndForwardedUnchangedInOrder()
    {
        const string literal =
            "30 [ 'a' [ 26 'b' '1' 23 0007 01 01 02 00000E10 0B 05 08 'reply' 26 'a' '2' "
            + "0B FFFFFF7F 09 000300FF01 03 'mime' 26 'b' '1' ] \"x\" ]";
        WireFrames.Run(literal, (in Frame frame) =>
        {
            Assert.True(
                PublishPacket.TryRead(
                    in frame, ProtocolVersion.Mqtt50, PacketDirection.ToClient, out PublishPacket packet, out ProtocolError error),
                error.ToString());
            PublishProperties properties = packet.Properties;
            Assert.True(properties.HasTopicAlias && properties.HasMessageExpiryInterval && properties.HasPayloadFormatIndicator);
            Assert.True(properties.HasResponseTopic && properties.HasCorrelationData && properties.HasContentType);
            Assert.Equal((7, 3600u, 1), (properties.TopicAlias, properties.MessageExpiryInterval, (int)properties.PayloadFormatIndicator));
            Assert.True(properties.ResponseTopic.SequenceEqual("reply"u8));
            Assert.True(properties.ContentType.SequenceEqual("mime"u8));
            Assert.Equal([0, 0xFF, 1], properties.CorrelationData.ToArray());

            List<string> pairs = [];
            foreach (UserProperty pair in properties.UserProperties)
                pairs.Add(System.Text.Encoding.UTF8.GetString(pair.Name) + "=" + System.Text.Encoding.UTF8.GetString(pair.Value));
            Assert.Equal(["b=1", "a=2", "b=1"], pairs);
            Assert.Equal(3, properties.UserPropertyCount);

            List<uint> identifiers = [];
            foreach (uint identifier in properties.SubscriptionIdentifiers) identifiers.Add(identifier);
            Assert.Equal([5u, 268_435_455u], identifiers);
            Assert.Equal(2, properties.SubscriptionIdentifierCount);

            byte[] forwarded = new byte[properties.ForwardableLength];
            Assert.Equal(forwarded.Length, properties.CopyForwardable(forwarded));
            Assert.Equal(WireLiteral.Parse("26 'b' '1' 01 01 08 'reply' 26 'a' '2' 09 000300FF01 03 'mime' 26 'b' '1'"), forwarded);
        });
    }

    [Fact]
    public void Publish_NoProperties_HasNone()
    {
        WireFrames.Run("30 [ 'a' [] ]", (in Frame frame) =>
        {
            Assert.True(PublishPacket.TryRead(in frame, ProtocolVersion.Mqtt50, PacketDirection.ToServer, out PublishPacket packet, out _));
            PublishProperties properties = packet.Properties;
            Assert.False(properties.HasTopicAlias || properties.HasMessageExpiryInterval || properties.HasPayloadFormatIndicator);
            Assert.False(properties.HasResponseTopic || properties.HasCorrelationData || properties.HasContentType);
            Assert.True(properties.ResponseTopic.IsEmpty && properties.CorrelationData.IsEmpty && properties.ContentType.IsEmpty);
            Assert.Equal((0, 0), (properties.ForwardableLength, properties.CopyForwardable(default)));
            Assert.True(packet.Payload.IsEmpty);
        });
    }

    [Theory]
    [Statement("MQTT-3.3.1-4")]
    [Statement("MQTT-3.3.1-4 v3.1.1")]
    [InlineData("36")]
    [InlineData("37")]
    [InlineData("3E")]
    [InlineData("3F")]
    public void Publish_QoS3_Malformed(string header) =>
        AssertRefusedInEveryVersion(header + " [ 'a' 0001 00 ]", Malformed, "MQTT-3.3.1-4");

    [Theory]
    [Statement("MQTT-3.3.1-2")]
    [Statement("MQTT-3.3.1-2 v3.1.1")]
    [InlineData("38")]
    [InlineData("39")]
    public void Publish_DupAtQoS0_Malformed(string header) =>
        AssertRefusedInEveryVersion(header + " [ 'a' 00 ]", Malformed, "MQTT-3.3.1-2");

    [Theory]
    [Statement("MQTT-2.2.1-3")]
    [Statement("MQTT-2.3.1-1 v3.1.1")]
    [InlineData("32 [ 'a' 0000 00 ]")]
    [InlineData("34 [ 'a' 0000 00 ]")]
    public void Publish_PacketId0_ProtocolError(string literal) => AssertRefusedInEveryVersion(literal, Forbidden, "MQTT-2.2.1-3");

    [Theory]
    [Statement("MQTT-3.3.2-2")]
    [Statement("MQTT-3.3.2-2 v3.1.1")]
    [Statement("MQTT-4.7.0-1")]
    [Statement("MQTT-4.7.1-1 v3.1.1")]
    [InlineData("30 [ 'a/+' 00 ]")]
    [InlineData("30 [ '#' 00 ]")]
    [InlineData("30 [ 'a#b' 00 ]")]
    [InlineData("30 [ 'a/topic/longer/than/sixteen/+' 00 ]")]
    [InlineData("32 [ '+/eleven/by' 0001 00 ]")]
    public void Publish_WildcardInTopic_TopicNameInvalid(string literal) =>
        AssertRefusedInEveryVersion(literal, ReasonCode.TopicNameInvalid, "MQTT-3.3.2-2");

    [Theory]
    [Statement("MQTT-1.5.4-1")]
    [Statement("MQTT-1.5.3-1 v3.1.1")]
    [Statement("MQTT-3.3.2-1")]
    [Statement("MQTT-3.3.2-1 v3.1.1")]
    [InlineData("30 [ 0001FF 00 ]")]
    [InlineData("30 [ 0003EDA080 00 ]")]
    [InlineData("30 [ 0002C0AF 00 ]")]
    [InlineData("32 [ 0004F4908080 0001 00 ]")]
    public void Publish_TopicNotUtf8_Malformed(string literal) => AssertRefusedInEveryVersion(literal, Malformed, "MQTT-1.5.4-1");

    [Theory]
    [Statement("MQTT-1.5.4-2")]
    [Statement("MQTT-1.5.3-2 v3.1.1")]
    [InlineData("30 [ 0003610062 00 ]")]
    public void Publish_NullInTopic_Malformed(string literal) => AssertRefusedInEveryVersion(literal, Malformed, "MQTT-1.5.4-2");

    [Theory]
    [InlineData("30 [ ]")]
    [InlineData("30 [ 00 ]")]
    [InlineData("30 [ 0002 61 ]")]
    [InlineData("32 [ 'a' ]")]
    [InlineData("32 [ 'a' 00 ]")]
    public void Publish_Cut_Malformed(string literal) => AssertRefusedInEveryVersion(literal, Malformed, "field longer than the packet");

    [Theory]
    [Statement("MQTT-2.2.2-1")]
    [InlineData("30 [ 'a' ]")]
    [InlineData("32 [ 'a' 0001 ]")]
    public void Publish_NoPropertyLengthIn5_Malformed(string literal) => AssertRefused(literal, Malformed, "field longer than the packet");

    [Theory]
    [Statement("T3-03")]
    [InlineData("30 [ 'a' 01 ]", "property length longer than the packet")]
    [InlineData("30 [ 'a' 7F 0101 ]", "property length longer than the packet")]
    [InlineData("30 [ 'a' FFFFFF7F ]", "property length longer than the packet")]
    [InlineData("30 [ 'a' FFFFFFFF 01 ]", "variable byte integer of more than four bytes")]
    [InlineData("30 [ 'a' 8080808001 ]", "variable byte integer of more than four bytes")]
    [InlineData("30 [ 'a' 80 ]", "field longer than the packet")]
    [InlineData("30 [ 'a' [ 01 ] 01 ]", "property longer than the property length")]
    [InlineData("30 [ 'a' [ 02 000000 ] 00 ]", "property longer than the property length")]
    [InlineData("30 [ 'a' [ 23 00 ] 01 ]", "property longer than the property length")]
    [InlineData("30 [ 'a' [ 03 00 ] 0000 ]", "property longer than the property length")]
    [InlineData("30 [ 'a' [ 03 000261 ] 6161 ]", "property longer than the property length")]
    [InlineData("30 [ 'a' [ 09 0001 ] 61 ]", "property longer than the property length")]
    [InlineData("30 [ 'a' [ 26 'n' ] 'v' ]", "property longer than the property length")]
    [InlineData("30 [ 'a' [ 26 'n' 0002 61 ] 61 ]", "property longer than the property length")]
    public void Publish_PropertiesCut_Malformed(string literal, string rule) => AssertRefused(literal, Malformed, rule);

    [Theory]
    [Statement("MQTT-1.5.5-1")]
    [InlineData("30 [ 'a' 8000 ]")]
    [InlineData("30 [ 'a' [ 0B 8100 ] ]")]
    [InlineData("30 [ 'a' [ A600 'n' 'v' ] ]")]
    public void Publish_VariableByteIntegerNotMinimal_Malformed(string literal) =>
        AssertRefused(literal, Malformed, "MQTT-1.5.5-1", direction: PacketDirection.ToClient);

    [Theory]
    [Statement("MQTT-3.3.2-8")]
    [Statement("T3-06")]
    [InlineData("30 [ 'a' [ 23 0000 ] ]")]
    [InlineData("30 [ '' [ 23 0000 ] ]")]
    public void Publish_TopicAlias0_TopicAliasInvalid(string literal) =>
        AssertRefused(literal, ReasonCode.TopicAliasInvalid, "MQTT-3.3.2-8");

    [Fact]
    [Statement("T3-06")]
    public void Publish_EmptyTopicWithoutAlias_ProtocolError()
    {
        AssertRefused("30 [ '' [] ]", Forbidden, "empty topic without alias");
        AssertRefused("30 [ '' [ 01 00 ] ]", Forbidden, "empty topic without alias");
        AssertAccepted("30 [ '' [ 23 0001 ] ]");
    }

    [Theory]
    [Statement("MQTT-4.7.3-1 v3.1.1")]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    public void Publish_EmptyTopicBefore5_ProtocolError(ProtocolVersion version) =>
        AssertRefused("30 [ '' \"x\" ]", Forbidden, "MQTT-4.7.3-1", version);

    [Fact]
    [Statement("MQTT-3.3.4-6")]
    public void Publish_SubscriptionIdentifierFromClient_ProtocolError()
    {
        AssertRefused("30 [ 'a' [ 0B 01 ] ]", Forbidden, "MQTT-3.3.4-6");
        AssertAccepted("30 [ 'a' [ 0B 01 0B 02 ] ]", direction: PacketDirection.ToClient);
    }

    [Theory]
    [Statement("T3-07")]
    [InlineData("30 [ 'a' [ 0B 00 ] ]", Forbidden, "Subscription Identifier 0")]
    [InlineData("30 [ 'a' [ 0B 8080808001 ] ]", Malformed, "variable byte integer of more than four bytes")]
    [InlineData("30 [ 'a' [ 0B 80 ] ]", Malformed, "property longer than the property length")]
    public void Publish_SubscriptionIdentifierOutOfRange_Refused(string literal, ReasonCode code, string rule) =>
        AssertRefused(literal, code, rule, direction: PacketDirection.ToClient);

    [Theory]
    [Statement("T3-09")]
    [InlineData("30 [ 'a' [ 01 02 ] ]")]
    [InlineData("30 [ 'a' [ 01 FF ] ]")]
    public void Publish_PayloadFormatIndicatorNot01_ProtocolError(string literal) =>
        AssertRefused(literal, Forbidden, "property neither 0 nor 1");

    [Theory]
    [Statement("MQTT-3.3.2-14")]
    [InlineData("30 [ 'a' [ 08 'b/+' ] ]", "MQTT-3.3.2-14")]
    [InlineData("30 [ 'a' [ 08 '#' ] ]", "MQTT-3.3.2-14")]
    [InlineData("30 [ 'a' [ 08 '' ] ]", "MQTT-4.7.3-1")]
    public void Publish_ResponseTopicNotATopicName_ProtocolError(string literal, string rule) => AssertRefused(literal, Forbidden, rule);

    [Theory]
    [Statement("MQTT-3.3.2-13")]
    [Statement("MQTT-3.3.2-19")]
    [Statement("MQTT-1.5.7-1")]
    [InlineData("30 [ 'a' [ 08 0001FF ] ]", "MQTT-1.5.4-1")]
    [InlineData("30 [ 'a' [ 03 0003EDBFBF ] ]", "MQTT-1.5.4-1")]
    [InlineData("30 [ 'a' [ 26 0001FF 'v' ] ]", "MQTT-1.5.4-1")]
    [InlineData("30 [ 'a' [ 26 'n' 0001FF ] ]", "MQTT-1.5.4-1")]
    [InlineData("30 [ 'a' [ 26 000100 'v' ] ]", "MQTT-1.5.4-2")]
    [InlineData("30 [ 'a' [ 26 'n' 000100 ] ]", "MQTT-1.5.4-2")]
    [InlineData("30 [ 'a' [ 03 000100 ] ]", "MQTT-1.5.4-2")]
    public void Publish_PropertyTextNotUtf8_Malformed(string literal, string rule) => AssertRefused(literal, Malformed, rule);

    private static void AssertRefusedInEveryVersion(string literal, ReasonCode code, string rule)
    {
        foreach (ProtocolVersion version in (ProtocolVersion[])[ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50])
            AssertRefused(literal, code, rule, version);
    }
}
