using System.Text;
using Nightjar.Testing.WireLiterals;
using Xunit;

namespace Nightjar.Protocol.Tests.Writers;

/// <summary>Bytes of what a client sends beside PUBLISH.</summary>
public sealed class ClientWriterTests
{
    private readonly byte[] _buffer = new byte[300];

    [Fact]
    public void Connect_Everything_Written()
    {
        var writer = new ConnectWriter
        {
            Version = ProtocolVersion.Mqtt50,
            CleanStart = true,
            KeepAlive = 60,
            ClientId = "client"u8,
            HasUserName = true,
            UserName = "user"u8,
            HasPassword = true,
            Password = "secret"u8,
            HasWill = true,
            WillQoS = QualityOfService.ExactlyOnce,
            WillRetain = true,
            WillTopic = "will"u8,
            WillPayload = "bye"u8,
            WillProperties = WireLiteral.Parse("18 00000007 01 01"),
            SessionExpiryInterval = 10,
            ReceiveMaximum = 20,
            MaximumPacketSize = 4096,
            TopicAliasMaximum = 5,
            RequestResponseInformation = true,
            RequestProblemInformation = false,
            AuthenticationMethod = "m"u8,
            AuthenticationData = [1],
            UserProperties = WireLiteral.Parse("26 'n' 'v'"),
        };
        Assert.Equal(writer.Measure(), writer.Write(_buffer));
        AssertWritten(
            "10 [ 'MQTT' 05 F6 003C [ 11 0000000A 21 0014 27 00001000 22 0005 19 01 17 00 15 'm' 16 000101 26 'n' 'v' ] "
            + "'client' [ 18 00000007 01 01 ] 'will' 'bye' 'user' 'secret' ]",
            writer.Measure());
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31, false, "10 [ 'MQIsdp' 03 2E 000A 'c' 'w' 'p' ]")]
    [InlineData(ProtocolVersion.Mqtt31, true, "10 [ 'MQIsdp' 83 2E 000A 'c' 'w' 'p' ]")]
    [InlineData(ProtocolVersion.Mqtt311, false, "10 [ 'MQTT' 04 2E 000A 'c' 'w' 'p' ]")]
    [InlineData(ProtocolVersion.Mqtt311, true, "10 [ 'MQTT' 84 2E 000A 'c' 'w' 'p' ]")]
    [InlineData(ProtocolVersion.Mqtt50, true, "10 [ 'MQTT' 05 2E 000A [] 'c' [] 'w' 'p' ]")]
    public void Connect_EachVersion_Written(ProtocolVersion version, bool isBridge, string literal)
    {
        var writer = new ConnectWriter
        {
            Version = version,
            IsBridge = isBridge,
            CleanStart = true,
            KeepAlive = 10,
            ClientId = "c"u8,
            HasWill = true,
            WillQoS = QualityOfService.AtLeastOnce,
            WillRetain = true,
            WillTopic = "w"u8,
            WillPayload = "p"u8,
        };
        Assert.Equal(writer.Measure(), writer.Write(_buffer));
        AssertWritten(literal, writer.Measure());
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, "82 [ 1234 'a/#' 01 'b' 02 ]")]
    [InlineData(ProtocolVersion.Mqtt50, "82 [ 1234 [ 0B 8001 26 'n' 'v' ] 'a/#' 01 'b' 2E ]")]
    public void Subscribe_EachVersion_Written(ProtocolVersion version, string literal)
    {
        var writer = new SubscribeWriter
        {
            Version = version,
            PacketId = 0x1234,
            SubscriptionIdentifier = 128,
            UserProperties = WireLiteral.Parse("26 'n' 'v'"),
            Subscriptions =
            [
                new SubscriptionRequest(Utf8("a/#"), QualityOfService.AtLeastOnce),
                new SubscriptionRequest(Utf8("b"), QualityOfService.ExactlyOnce, true, true, RetainHandling.DoNotSend),
            ],
        };
        Assert.Equal(writer.Measure(), writer.Write(_buffer));
        AssertWritten(literal, writer.Measure());
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, "A2 [ 1234 'a/#' 'b' ]")]
    [InlineData(ProtocolVersion.Mqtt50, "A2 [ 1234 [ 26 'n' 'v' ] 'a/#' 'b' ]")]
    public void Unsubscribe_EachVersion_Written(ProtocolVersion version, string literal)
    {
        var writer = new UnsubscribeWriter
        {
            Version = version,
            PacketId = 0x1234,
            UserProperties = WireLiteral.Parse("26 'n' 'v'"),
            TopicFilters = [Utf8("a/#"), Utf8("b")],
        };
        Assert.Equal(writer.Measure(), writer.Write(_buffer));
        AssertWritten(literal, writer.Measure());
    }

    [Fact]
    public void Properties_EachKind_Written()
    {
        var writer = new PropertyWriter(_buffer);
        writer.AddByte(PropertyId.PayloadFormatIndicator, 1);
        writer.AddUInt16(PropertyId.TopicAlias, 2);
        writer.AddUInt32(PropertyId.MessageExpiryInterval, 3);
        writer.AddVariable(PropertyId.SubscriptionIdentifier, 300);
        writer.AddBytes(PropertyId.ContentType, "t"u8);
        writer.AddUserProperty("n"u8, "v"u8);
        writer.AddEncoded([0x01, 0x00]);
        AssertWritten("01 01 23 0002 02 00000003 0B AC02 03 't' 26 'n' 'v' 01 00", writer.Length);
        Assert.Equal(4, PropertyWriter.MeasureBytes("t"u8));
        Assert.Equal(7, PropertyWriter.MeasureUserProperty("n"u8, "v"u8));
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private void AssertWritten(string literal, int length) =>
        Assert.Equal(Convert.ToHexString(WireLiteral.Parse(literal)), Convert.ToHexString(_buffer, 0, length));
}
