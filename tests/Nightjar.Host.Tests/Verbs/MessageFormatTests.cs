using System.Buffers;
using System.Text;
using Nightjar.Client;
using Nightjar.Host.Verbs.Output;
using Nightjar.Protocol;
using Xunit;

namespace Nightjar.Host.Tests.Verbs;

public sealed class MessageFormatTests
{
    private static readonly DateTimeOffset s_time = new DateTimeOffset(2026, 11, 20, 14, 4, 5, TimeSpan.FromHours(1)).AddTicks(1_879_130);

    // Expected texts are what mosquitto_sub 2.0.11 prints for the same message.
    [Theory]
    [InlineData("%t %p %q %r %l %m %%", "lab/topic he\"l\nlo 1 0 7 1 %")]
    [InlineData("[%10t][%-10t][%.3t][%10.2t]", "[ lab/topic][lab/topic ][lab][        la]")]
    [InlineData("[%010l][%-10l][%4m][%04m]", "[0000000007][7         ][   1][0001]")]
    [InlineData("[%x][%X][%5x][%05x][%2.1x][%8X]", "[6865226c0a6c6f][6865226C0A6C6F][ 6865][06865][68][  686522]")]
    [InlineData("[%3p][%03p][%10p]", "[he\"][he\"][   he\"l\nlo]")]
    [InlineData("[%A][%6A][%06E][%3F][%5S][%8R][%C][%P][%D]", "[][      ][000060][  1][     ][  resp/x][text][a:b a:c][corr]")]
    [InlineData("@@ \\\\ \\t@Y-@m-@d @H:@M:@S.@N @j @z @s", "@ \\ \t2026-11-20 14:04:05.187913000 324 +0100 1795179845")]
    [InlineData("%I %U", "2026-11-20T14:04:05+0100 1795179845.187913000")]
    [InlineData(
        "%j",
        "{\"tst\":\"2026-11-20T14:04:05.187913Z+0100\",\"topic\":\"lab/topic\",\"qos\":1,\"retain\":0,\"payloadlen\":7,\"mid\":1,\"properties\":{\"content-type\":\"text\",\"correlation-data\":\"corr\",\"payload-format-indicator\":1,\"response-topic\":\"resp/x\",\"user-properties\":{\"a\":\"b\",\"a\":\"c\"},\"message-expiry-interval\":60},\"payload\":\"he\\\"l\\nlo\"}")]
    public void Format_Message_PrintsAsMosquitto(string format, string expected) => Assert.Equal(expected, Print(format, NewMessage("he\"l\nlo"), false).Text);

    [Fact]
    public void Format_JsonPayload_IsPrintedAgain()
    {
        MqttMessage message = NewMessage("{\"a\":1,\"b\":[1.50,null,\"x/y\"]}");
        Assert.EndsWith("\"payload\":{\"a\":1,\"b\":[1.5,null,\"x/y\"]}}", Print("%J", message, false).Text, StringComparison.Ordinal);
        Assert.EndsWith(
            "\t\"payload\":\t{\n\t\t\"a\":\t1,\n\t\t\"b\":\t[1.5, null, \"x/y\"]\n\t}\n}", Print("%J", message, true).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Format_PayloadThatIsNotJson_IsLeftOut() => Assert.Equal(("xy", false), Print("x%Jy", NewMessage("notjson"), false));

    private static (string Text, bool IsValid) Print(string format, MqttMessage message, bool pretty)
    {
        var buffer = new ArrayBufferWriter<byte>();
        bool valid = new MessageFormat(MessageFormat.Check(format), pretty).Write(buffer, message, s_time);
        return (Encoding.UTF8.GetString(buffer.WrittenSpan), valid);
    }

    private static MqttMessage NewMessage(string payload)
    {
        byte[] properties = new PropertyBlockBuilder()
            .ContentType("text").CorrelationData("corr"u8).PayloadFormatIndicator(1).ResponseTopic("resp/x")
            .UserProperty("a", "b").UserProperty("a", "c").AddUInt32(PropertyId.MessageExpiryInterval, 60).ToArray();
        var writer = new PublishWriter
        {
            Version = ProtocolVersion.Mqtt50,
            QoS = QualityOfService.AtLeastOnce,
            TopicName = "lab/topic"u8,
            PacketId = 1,
            ForwardableProperties = properties,
            Payload = Encoding.UTF8.GetBytes(payload),
        };
        byte[] bytes = new byte[writer.Measure()];
        writer.Write(bytes);
        FrameReader.TryRead(bytes, int.MaxValue, out Frame frame, out _);
        PublishPacket.TryRead(in frame, ProtocolVersion.Mqtt50, PacketDirection.ToClient, out PublishPacket packet, out _);
        return new ReceivedMessage
        {
            TopicName = packet.TopicName,
            Payload = packet.Payload,
            QoS = packet.QoS,
            PacketId = packet.PacketId,
            Properties = packet.Properties,
        }.ToMessage();
    }
}
