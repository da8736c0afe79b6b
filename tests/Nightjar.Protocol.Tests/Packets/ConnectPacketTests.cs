using Nightjar.Testing.Conformance;
using Nightjar.Testing.WireLiterals;
using Xunit;
using static Nightjar.Protocol.Tests.Packets.PacketReading;

namespace Nightjar.Protocol.Tests.Packets;

public sealed class ConnectPacketTests
{
    private const ReasonCode Malformed = ReasonCode.MalformedPacket;
    private const ReasonCode Forbidden = ReasonCode.ProtocolError;

    [Fact]
    [Statement("MQTT-3.1.3-1")]
    [Statement("MQTT-3.1.3-3")]
    [Statement("MQTT-3.1.2-9")]
    [Statement("MQTT-3.1.2-17")]
    [Statement("MQTT-3.1.2-19")]
    public void Connect_Everything_ReadInOrder()
    {
        const string literal = "10 [ 'MQTT' 05 F6 003C "
            + "[ 11 0000000A 21 0014 27 00001000 22 0005 19 01 17 00 26 'n' 'v' 15 'SCRAM' 16 0003AABBCC ] "
            + "'client' [ 18 00000007 01 01 02 00000064 03 'text' 08 'reply' 09 000201FF 26 'a' 'b' 26 'a' 'c' ] "
            + "'will/topic' '\u00FC' 'user' 'secret' ]";
        WireFrames.Run(literal, (in Frame frame) =>
        {
            Assert.True(ConnectPacket.TryRead(in frame, out ConnectPacket packet, out ProtocolError error), error.ToString());
            Assert.Equal((ProtocolVersion.Mqtt50, false, true, 60), (packet.Version, packet.IsBridge, packet.CleanStart, packet.KeepAlive));
            Assert.Equal(
                (10u, 20, 4096u, 5),
                (packet.SessionExpiryInterval, packet.ReceiveMaximum, packet.MaximumPacketSize, packet.TopicAliasMaximum));
            Assert.Equal((true, false), (packet.RequestResponseInformation, packet.RequestProblemInformation));
            Assert.Equal((true, true), (packet.HasAuthenticationMethod, packet.HasAuthenticationData));
            Assert.True(packet.AuthenticationMethod.SequenceEqual("SCRAM"u8));
            Assert.Equal([0xAA, 0xBB, 0xCC], packet.AuthenticationData.ToArray());
            Assert.True(packet.ClientId.SequenceEqual("client"u8));
            Assert.Equal((true, QualityOfService.ExactlyOnce, true), (packet.HasWill, packet.WillQoS, packet.WillRetain));
            Assert.True(packet.WillTopic.SequenceEqual("will/topic"u8));
            Assert.True(packet.WillPayload.SequenceEqual("\u00FC"u8));
            Assert.True(packet.HasUserName && packet.UserName.SequenceEqual("user"u8));
            Assert.True(packet.HasPassword && packet.Password.SequenceEqual("secret"u8));
            Assert.Equal(1, packet.UserPropertyCount);
            AssertWillProperties(in packet);
        });
    }

    [Fact]
    public void Connect_NothingOptional_HasTheDefaults()
    {
        WireFrames.Run("10 [ 'MQTT' 05 00 0000 [] '' ]", (in Frame frame) =>
        {
            Assert.True(ConnectPacket.TryRead(in frame, out ConnectPacket packet, out _));
            Assert.Equal(
                (0u, 65_535, uint.MaxValue, 0),
                (packet.SessionExpiryInterval, packet.ReceiveMaximum, packet.MaximumPacketSize, packet.TopicAliasMaximum));
            Assert.Equal((false, true), (packet.RequestResponseInformation, packet.RequestProblemInformation));
            Assert.False(packet.CleanStart || packet.HasWill || packet.HasUserName || packet.HasPassword || packet.HasAuthenticationMethod);
            Assert.True(packet.ClientId.IsEmpty);
            Assert.Equal(0u, packet.WillDelayInterval);
        });
    }

    [Theory]
    [InlineData("10 [ 'MQIsdp' 03 02 003C 'c' ]", ProtocolVersion.Mqtt31, false)]
    [InlineData("10 [ 'MQIsdp' 83 02 003C 'c' ]", ProtocolVersion.Mqtt31, true)]
    [InlineData("10 [ 'MQTT' 04 02 003C 'c' ]", ProtocolVersion.Mqtt311, false)]
    [InlineData("10 [ 'MQTT' 84 02 003C 'c' ]", ProtocolVersion.Mqtt311, true)]
    [InlineData("10 [ 'MQTT' 05 02 003C [] 'c' ]", ProtocolVersion.Mqtt50, false)]
    public void Connect_NameAndLevel_TellVersionAndBridge(string literal, ProtocolVersion version, bool isBridge)
    {
        WireFrames.Run(literal, (in Frame frame) =>
        {
            Assert.True(ConnectPacket.TryRead(in frame, out ConnectPacket packet, out _));
            Assert.Equal((version, isBridge), (packet.Version, packet.IsBridge));
        });
    }

    [Theory]
    [Statement("MQTT-3.1.2-1")]
    [Statement("MQTT-3.1.2-1 v3.1.1")]
    [InlineData("10 [ 'MQTT5' 05 02 003C [] 'c' ]")]
    [InlineData("10 [ 'mqtt' 04 02 003C 'c' ]")]
    [InlineData("10 [ '' 04 02 003C 'c' ]")]
    [InlineData("10 [ 'MQIsdpX' 03 02 003C 'c' ]")]
    [InlineData("10 [ 0002FFFF 03 02 003C 'c' ]")]
    public void Connect_UnknownName_UnsupportedVersion(string literal) =>
        AssertRefused(literal, ReasonCode.UnsupportedProtocolVersion, "MQTT-3.1.2-1");

    [Theory]
    [Statement("MQTT-3.1.2-2")]
    [Statement("MQTT-3.1.2-2 v3.1.1")]
    [InlineData("10 [ 'MQTT' 00 ]")]
    [InlineData("10 [ 'MQTT' 03 02 003C 'c' ]")]
    [InlineData("10 [ 'MQTT' 06 02 003C [] 'c' ]")]
    [InlineData("10 [ 'MQTT' 85 02 003C [] 'c' ]")]
    [InlineData("10 [ 'MQIsdp' 04 02 003C 'c' ]")]
    [InlineData("10 [ 'MQTT' FF ]")]
    public void Connect_UnknownLevel_UnsupportedVersion(string literal) =>
        AssertRefused(literal, ReasonCode.UnsupportedProtocolVersion, "MQTT-3.1.2-2");

    [Theory]
    [Statement("MQTT-3.1.2-3")]
    [Statement("MQTT-3.1.2-3 v3.1.1")]
    [InlineData("10 [ 'MQTT' 05 03 003C [] 'c' ]")]
    [InlineData("10 [ 'MQTT' 04 03 003C 'c' ]")]
    public void Connect_ReservedFlag_Malformed(string literal) => AssertRefused(literal, Malformed, "MQTT-3.1.2-3");

    [Fact]
    public void Connect_ReservedFlagIn31_Accepted() => AssertAccepted("10 [ 'MQIsdp' 03 03 003C 'c' ]");

    [Theory]
    [Statement("MQTT-3.1.2-11")]
    [Statement("MQTT-3.1.2-13 v3.1.1")]
    [Statement("MQTT-3.1.2-11 v3.1.1")]
    [InlineData("10 [ 'MQTT' 05 08 003C [] 'c' ]")]
    [InlineData("10 [ 'MQTT' 05 10 003C [] 'c' ]")]
    [InlineData("10 [ 'MQTT' 04 0A 003C 'c' ]")]
    public void Connect_WillQoSWithoutWill_Malformed(string literal) => AssertRefused(literal, Malformed, "MQTT-3.1.2-11");

    [Theory]
    [Statement("MQTT-3.1.2-12")]
    [Statement("MQTT-3.1.2-14 v3.1.1")]
    [InlineData("10 [ 'MQTT' 05 1C 003C [] 'c' [] 'w' '' ]")]
    [InlineData("10 [ 'MQTT' 04 1E 003C 'c' 'w' '' ]")]
    [InlineData("10 [ 'MQTT' 04 1A 003C 'c' ]")]
    public void Connect_WillQoS3_Malformed(string literal) => AssertRefused(literal, Malformed, "MQTT-3.1.2-12");

    [Theory]
    [Statement("MQTT-3.1.2-13")]
    [Statement("MQTT-3.1.2-15 v3.1.1")]
    [Statement("MQTT-3.1.2-11 v3.1.1")]
    [InlineData("10 [ 'MQTT' 05 20 003C [] 'c' ]")]
    [InlineData("10 [ 'MQTT' 04 22 003C 'c' ]")]
    public void Connect_WillRetainWithoutWill_Malformed(string literal) => AssertRefused(literal, Malformed, "MQTT-3.1.2-13");

    [Theory]
    [Statement("MQTT-3.1.2-22 v3.1.1")]
    [InlineData("10 [ 'MQTT' 04 42 003C 'c' 'p' ]")]
    [InlineData("10 [ 'MQIsdp' 03 42 003C 'c' 'p' ]")]
    public void Connect_PasswordWithoutUserNameBefore5_Malformed(string literal) =>
        AssertRefused(literal, Malformed, "MQTT-3.1.2-22 v3.1.1");

    [Fact]
    public void Connect_PasswordWithoutUserNameIn5_Accepted() => AssertAccepted("10 [ 'MQTT' 05 42 003C [] 'c' 'p' ]");

    [Theory]
    [Statement("MQTT-3.1.2-16")]
    [Statement("MQTT-3.1.2-18")]
    [Statement("MQTT-3.1.2-18 v3.1.1")]
    [Statement("MQTT-3.1.2-20 v3.1.1")]
    [Statement("MQTT-3.1.2-11 v3.1.1")]
    [InlineData("10 [ 'MQTT' 05 02 003C [] 'c' 'user' ]")]
    [InlineData("10 [ 'MQTT' 05 82 003C [] 'c' 'user' 'password' ]")]
    [InlineData("10 [ 'MQTT' 04 02 003C 'c' 'user' ]")]
    [InlineData("10 [ 'MQTT' 04 82 003C 'c' 'user' 'password' ]")]
    [InlineData("10 [ 'MQTT' 04 02 003C 'c' 'will' 'payload' ]")]
    public void Connect_FieldWithoutItsFlag_Malformed(string literal) => AssertRefused(literal, Malformed, "bytes after the last field");

    [Theory]
    [Statement("MQTT-3.1.2-9")]
    [Statement("MQTT-3.1.2-17")]
    [Statement("MQTT-3.1.2-19")]
    [Statement("MQTT-3.1.2-9 v3.1.1")]
    [Statement("MQTT-3.1.2-19 v3.1.1")]
    [Statement("MQTT-3.1.2-21 v3.1.1")]
    [Statement("MQTT-3.1.3-3")]
    [Statement("MQTT-3.1.3-3 v3.1.1")]
    [InlineData("10 [ 'MQTT' 05 06 003C [] 'c' ]")]
    [InlineData("10 [ 'MQTT' 05 06 003C [] 'c' [] 'w' ]")]
    [InlineData("10 [ 'MQTT' 05 82 003C [] 'c' ]")]
    [InlineData("10 [ 'MQTT' 05 C2 003C [] 'c' 'u' ]")]
    [InlineData("10 [ 'MQTT' 05 02 003C [] ]")]
    [InlineData("10 [ 'MQTT' 04 06 003C 'c' ]")]
    [InlineData("10 [ 'MQTT' 04 06 003C 'c' 'w' ]")]
    [InlineData("10 [ 'MQTT' 04 82 003C 'c' ]")]
    [InlineData("10 [ 'MQTT' 04 C2 003C 'c' 'u' ]")]
    [InlineData("10 [ 'MQTT' 04 02 003C ]")]
    public void Connect_FlagWithoutItsField_Malformed(string literal) => AssertRefused(literal, Malformed, "field longer than the packet");

    [Fact]
    public void Connect_CredentialsMissingIn31_CountAsAbsent()
    {
        WireFrames.Run("10 [ 'MQIsdp' 03 C2 003C 'c' 'u' ]", (in Frame frame) =>
        {
            Assert.True(ConnectPacket.TryRead(in frame, out ConnectPacket packet, out _));
            Assert.True(packet.HasUserName);
            Assert.False(packet.HasPassword);
        });
        WireFrames.Run("10 [ 'MQIsdp' 03 C2 003C 'c' ]", (in Frame frame) =>
        {
            Assert.True(ConnectPacket.TryRead(in frame, out ConnectPacket packet, out _));
            Assert.False(packet.HasUserName || packet.HasPassword);
        });
    }

    [Theory]
    [Statement("MQTT-3.1.3-4")]
    [Statement("MQTT-3.1.3-4 v3.1.1")]
    [InlineData("10 [ 'MQTT' 05 02 003C [] 0001FF ]")]
    [InlineData("10 [ 'MQTT' 04 02 003C 0003EDA080 ]")]
    [InlineData("10 [ 'MQIsdp' 03 02 003C 0002C080 ]")]
    public void Connect_ClientIdNotUtf8_Malformed(string literal) => AssertRefused(literal, Malformed, "MQTT-1.5.4-1");

    [Theory]
    [Statement("MQTT-3.1.3-11")]
    [Statement("MQTT-3.1.3-10 v3.1.1")]
    [InlineData("10 [ 'MQTT' 05 06 003C [] 'c' [] 0001FF '' ]")]
    [InlineData("10 [ 'MQTT' 04 06 003C 'c' 0001FF '' ]")]
    public void Connect_WillTopicNotUtf8_Malformed(string literal) => AssertRefused(literal, Malformed, "MQTT-1.5.4-1");

    [Theory]
    [Statement("MQTT-3.1.3-12")]
    [Statement("MQTT-3.1.3-11 v3.1.1")]
    [InlineData("10 [ 'MQTT' 05 82 003C [] 'c' 0001FF ]")]
    [InlineData("10 [ 'MQTT' 04 82 003C 'c' 0001FF ]")]
    public void Connect_UserNameNotUtf8_Malformed(string literal) => AssertRefused(literal, Malformed, "MQTT-1.5.4-1");

    [Theory]
    [Statement("MQTT-1.5.4-2")]
    [Statement("MQTT-1.5.3-2 v3.1.1")]
    [InlineData("10 [ 'MQTT' 05 02 003C [] 000100 ]")]
    [InlineData("10 [ 'MQTT' 05 82 003C [] 'c' 0003610062 ]")]
    [InlineData("10 [ 'MQTT' 05 06 003C [] 'c' [] 000100 '' ]")]
    [InlineData("10 [ 'MQTT' 04 02 003C 000100 ]")]
    public void Connect_NullInText_Malformed(string literal) => AssertRefused(literal, Malformed, "MQTT-1.5.4-2");

    [Fact]
    public void Connect_PasswordAndWillPayload_AreAnyBytes() =>
        AssertAccepted("10 [ 'MQTT' 05 C6 003C [] 'c' [] 'w' 000300FFC0 'u' 000300FF80 ]");

    [Theory]
    [Statement("MQTT-3.3.2-2")]
    [Statement("MQTT-4.7.0-1")]
    [InlineData("10 [ 'MQTT' 05 06 003C [] 'c' [] 'a/+' '' ]")]
    [InlineData("10 [ 'MQTT' 04 06 003C 'c' '#' '' ]")]
    public void Connect_WillTopicWithWildcard_TopicNameInvalid(string literal) =>
        AssertRefused(literal, ReasonCode.TopicNameInvalid, "MQTT-3.3.2-2");

    [Theory]
    [Statement("MQTT-4.7.3-1")]
    [InlineData("10 [ 'MQTT' 05 06 003C [] 'c' [] '' '' ]")]
    [InlineData("10 [ 'MQTT' 04 06 003C 'c' '' '' ]")]
    public void Connect_WillTopicEmpty_ProtocolError(string literal) => AssertRefused(literal, Forbidden, "MQTT-4.7.3-1");

    [Theory]
    [Statement("MQTT-2.1.3-1")]
    [Statement("MQTT-2.2.2-1 v3.1.1")]
    [Statement("MQTT-2.2.2-2 v3.1.1")]
    [InlineData("11")]
    [InlineData("12")]
    [InlineData("14")]
    [InlineData("18")]
    public void Connect_HeaderFlags_Malformed(string header)
    {
        AssertRefused($"{header} [ 'MQTT' 05 02 003C [] 'c' ]", Malformed, "MQTT-2.1.3-1");
        AssertRefused($"{header} [ 'MQTT' 04 02 003C 'c' ]", Malformed, "MQTT-2.1.3-1");
    }

    [Theory]
    [Statement("T3-04")]
    [InlineData("21 0000", "Receive Maximum 0")]
    [InlineData("27 00000000", "Maximum Packet Size 0")]
    [InlineData("17 02", "property neither 0 nor 1")]
    [InlineData("19 02", "property neither 0 nor 1")]
    [InlineData("17 FF", "property neither 0 nor 1")]
    public void Connect_PropertyOutOfRange_ProtocolError(string property, string rule) =>
        AssertRefused($"10 [ 'MQTT' 05 02 003C [ {property} ] 'c' ]", Forbidden, rule);

    [Fact]
    [Statement("T3-10")]
    public void Connect_AuthenticationDataAlone_ProtocolError()
    {
        AssertRefused("10 [ 'MQTT' 05 02 003C [ 16 000101 ] 'c' ]", Forbidden, "Authentication Data without Authentication Method");
        AssertAccepted("10 [ 'MQTT' 05 02 003C [ 16 000101 15 'm' ] 'c' ]");
    }

    [Theory]
    [Statement("MQTT-3.1.4-1")]
    [Statement("MQTT-3.1.4-1 v3.1.1")]
    [Statement("T3-03")]
    [InlineData("10 [ 'MQTT' 05 F6 003C [ 11 0000000A 26 'n' 'v' ] 'client' [ 18 00000007 09 000201FF ] 'will' 'p' 'user' 'secret' ]")]
    [InlineData("10 [ 'MQTT' 04 F6 003C 'client' 'will' 'p' 'user' 'secret' ]")]
    public void Connect_CutAnywhere_Malformed(string literal)
    {
        WireFrames.Run(literal, (in Frame whole) =>
        {
            for (int length = 0; length < whole.Body.Length; length++)
            {
                var cut = new Frame(whole.Header, whole.Body[..length], length + 2);
                Assert.False(ConnectPacket.TryRead(in cut, out ConnectPacket packet, out ProtocolError error), $"accepted {length} bytes");
                Assert.Equal(Malformed, error.ReasonCode);
                Assert.Equal(length > 6, packet.Version != ProtocolVersion.None);
            }
        });
    }

    private static void AssertWillProperties(in ConnectPacket packet)
    {
        PublishProperties properties = packet.WillProperties;
        Assert.Equal(7u, packet.WillDelayInterval);
        Assert.Equal(
            (true, 100u, 1),
            (properties.HasMessageExpiryInterval, properties.MessageExpiryInterval, (int)properties.PayloadFormatIndicator));
        Assert.True(properties.ContentType.SequenceEqual("text"u8));
        Assert.True(properties.ResponseTopic.SequenceEqual("reply"u8));
        Assert.Equal([1, 0xFF], properties.CorrelationData.ToArray());
        Assert.Equal(2, properties.UserPropertyCount);

        byte[] forwarded = new byte[properties.ForwardableLength];
        Assert.Equal(forwarded.Length, properties.CopyForwardable(forwarded));
        Assert.Equal(WireLiteral.Parse("01 01 03 'text' 08 'reply' 09 000201FF 26 'a' 'b' 26 'a' 'c'"), forwarded);
    }
}
