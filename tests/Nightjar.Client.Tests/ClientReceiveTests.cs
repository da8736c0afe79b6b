using System.Threading.Channels;
using Nightjar.Protocol;
using Xunit;

namespace Nightjar.Client.Tests;

public sealed class ClientReceiveTests
{
    private static readonly MqttClientOptions s_options = new() { ClientId = "c", KeepAlive = 0 };

    [Fact]
    public async Task Subscribe_Answered_TellsTheCodes()
    {
        (MqttClient client, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options);
        await using ScriptedServer closing = server;
        Task<SubscribeResult> subscribing = client.SubscribeAsync(
            new[] { new SubscriptionRequest("a/#"u8.ToArray(), QualityOfService.AtLeastOnce, NoLocal: true), new SubscriptionRequest("b"u8.ToArray(), QualityOfService.AtMostOnce) }, 5);
        await server.ExpectAsync("82 0F 0001 02 0B 05 0003 612F23 05 0001 62 00");
        server.Send("90 05 0001 00 01 87");
        SubscribeResult result = await subscribing.WaitAsync(ScriptedServer.Guard);
        Assert.Equal([ReasonCode.GrantedQoS1, ReasonCode.NotAuthorized], result.ReasonCodes);
        Assert.False(result.IsSuccess);
        Task<SubscribeResult> unsubscribing = client.UnsubscribeAsync("b");
        await server.ExpectAsync("A2 06 0002 00 0001 62");
        server.Send("B0 04 0002 00 11");
        Assert.Equal([ReasonCode.NoSubscriptionExisted], (await unsubscribing.WaitAsync(ScriptedServer.Guard)).ReasonCodes);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Receive_EachQoS_IsDeliveredOnceAndAnswered()
    {
        (MqttClient client, Channel<MqttMessage> messages) = NewClient();
        (_, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options, client: client);
        await using ScriptedServer closing = server;
        server.Send("30 05 0001 61 00 78");
        server.Send("33 07 0001 62 0007 00 79");
        await server.ExpectAsync("40 02 0007");
        server.Send("34 07 0001 63 0008 00 7A");
        await server.ExpectAsync("50 02 0008");
        server.Send("3C 07 0001 63 0008 00 7A"); // A repeat: answered, not delivered [MQTT-4.3.3-10].
        await server.ExpectAsync("50 02 0008");
        server.Send("62 02 0008");
        await server.ExpectAsync("70 02 0008");
        server.Send("62 02 0009");
        await server.ExpectAsync("70 03 0009 92");
        Assert.Equal(["a x q0 r0", "b y q1 r1", "c z q2 r0"], Describe(messages));
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Receive_ManualAcknowledgement_LeavesInOrderOfReceipt()
    {
        (MqttClient client, Channel<MqttMessage> messages) = NewClient();
        (_, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options with { ManualAcknowledgement = true }, client: client);
        await using ScriptedServer closing = server;
        server.Send("32 06 0001 61 0001 00 32 06 0001 61 0002 00");
        await messages.Reader.ReadAsync().AsTask().WaitAsync(ScriptedServer.Guard);
        await messages.Reader.ReadAsync().AsTask().WaitAsync(ScriptedServer.Guard);
        Assert.True(client.Acknowledge(2));
        Assert.True(client.TryPing());
        await server.ExpectAsync("C0 00");
        Assert.True(client.Acknowledge(1, ReasonCode.QuotaExceeded));
        Assert.False(client.Acknowledge(1));
        await server.ExpectAsync("40 03 0001 97");
        await server.ExpectAsync("40 02 0002");
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Receive_MoreThanReceiveMaximum_Disconnects93()
    {
        (MqttClient client, _) = NewClient();
        (_, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options with { ManualAcknowledgement = true, ReceiveMaximum = 1 }, client: client);
        await using ScriptedServer closing = server;
        server.Send("32 06 0001 61 0001 00 32 06 0001 61 0002 00");
        await server.ExpectAsync("E0 01 93");
        await server.DisposeAsync();
        Assert.Equal(ReasonCode.ReceiveMaximumExceeded, (await client.Disconnection.WaitAsync(ScriptedServer.Guard)).ReasonCode);
    }

    [Theory]
    [InlineData("30 06 0000 03 23 0001", "E0 01 82")] // An alias that was never set.
    [InlineData("30 07 0001 61 03 23 0003", "E0 01 94")] // Above Topic Alias Maximum.
    [InlineData("36 06 0001 61 0001 00", "E0 01 81")] // QoS 3.
    [InlineData("82 06 0001 00 0001 61 00", "E0 01 82")] // A packet that servers do not send.
    public async Task Receive_BrokenRule_Disconnects(string packet, string disconnect)
    {
        (MqttClient client, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options with { TopicAliasMaximum = 2 });
        server.Send(packet);
        await server.ExpectAsync(disconnect);
        await server.DisposeAsync();
        Assert.Equal(DisconnectKind.ProtocolError, (await client.Disconnection.WaitAsync(ScriptedServer.Guard)).Kind);
    }

    [Fact]
    public async Task Receive_TopicAlias_IsResolved()
    {
        (MqttClient client, Channel<MqttMessage> messages) = NewClient();
        (_, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options with { TopicAliasMaximum = 2 }, client: client);
        await using ScriptedServer closing = server;
        server.Send("30 07 0001 61 03 23 0002 30 06 0000 03 23 0002");
        Assert.Equal("a", (await messages.Reader.ReadAsync().AsTask().WaitAsync(ScriptedServer.Guard)).Topic);
        Assert.Equal("a", (await messages.Reader.ReadAsync().AsTask().WaitAsync(ScriptedServer.Guard)).Topic);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Receive_ByteByByte_IsTheSame()
    {
        (MqttClient client, Channel<MqttMessage> messages) = NewClient();
        (_, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options, client: client);
        await using ScriptedServer closing = server;
        foreach (byte b in Convert.FromHexString("3207000162000700793005000161" + "0078")) server.Send(b.ToString("X2", null));
        await server.ExpectAsync("40 02 0007");
        Assert.Equal("b", (await messages.Reader.ReadAsync().AsTask().WaitAsync(ScriptedServer.Guard)).Topic);
        Assert.Equal("a", (await messages.Reader.ReadAsync().AsTask().WaitAsync(ScriptedServer.Guard)).Topic);
        await client.DisposeAsync();
    }

    private static (MqttClient Client, Channel<MqttMessage> Messages) NewClient()
    {
        var messages = Channel.CreateUnbounded<MqttMessage>();
        var client = new MqttClient { MessageReceived = (MqttClient _, scoped in ReceivedMessage message) => messages.Writer.TryWrite(message.ToMessage()) };
        return (client, messages);
    }

    private static List<string> Describe(Channel<MqttMessage> messages)
    {
        var list = new List<string>();
        while (messages.Reader.TryRead(out MqttMessage? m)) list.Add($"{m.Topic} {m.PayloadText} q{(int)m.QoS} r{(m.Retain ? 1 : 0)}");
        return list;
    }
}
