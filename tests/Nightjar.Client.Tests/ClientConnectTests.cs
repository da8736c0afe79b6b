using Nightjar.Protocol;
using Xunit;

namespace Nightjar.Client.Tests;

public sealed class ClientConnectTests
{
    private static readonly MqttClientOptions s_options = new() { ClientId = "c", KeepAlive = 0 };

    [Fact]
    public async Task Connect_Version311_SendsTheExactBytes()
    {
        var options = s_options with { Version = ProtocolVersion.Mqtt311, KeepAlive = 60 };
        (MqttClient client, ScriptedServer server, Task<ConnectResult> connecting) = ScriptedServer.Begin(options);
        await using ScriptedServer closing = server;
        await server.ExpectAsync("10 0D 0004 4D515454 04 02 003C 0001 63");
        server.Send("20 02 01 00");
        ConnectResult refused = await connecting.WaitAsync(ScriptedServer.Guard);
        Assert.False(refused.IsAccepted); // Session Present with Clean Session 1 [MQTT-3.2.2-4].
        Assert.Equal(DisconnectKind.ProtocolError, refused.Cause!.Kind);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Connect_Accepted_TellsTheFactsOfConnAck()
    {
        (MqttClient client, ScriptedServer server, Task<ConnectResult> connecting) = ScriptedServer.Begin(s_options);
        await using ScriptedServer closing = server;
        await server.ExpectAsync(PacketType.Connect);
        server.Send("20 13 00 00 10 22 000A 13 001E 21 0014 27 0000FFFF 24 01");
        ConnectResult result = await connecting.WaitAsync(ScriptedServer.Guard);
        Assert.True(result.IsAccepted);
        Assert.Equal((10, 30, 20, 65535u), (result.TopicAliasMaximum, result.KeepAlive, result.ReceiveMaximum, result.MaximumPacketSize));
        Assert.Equal(QualityOfService.AtLeastOnce, result.MaximumQoS);
        PublishResult publish = await client.PublishAsync("a", default, QualityOfService.ExactlyOnce);
        Assert.Equal(new PublishResult(PublishOutcome.NotAllowed, ReasonCode.QoSNotSupported), publish);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Connect_Refused_IsAResult()
    {
        (MqttClient client, ScriptedServer server, Task<ConnectResult> connecting) = ScriptedServer.Begin(s_options);
        await using ScriptedServer closing = server;
        await server.ExpectAsync(PacketType.Connect);
        server.Send("20 03 00 87 00");
        ConnectResult result = await connecting.WaitAsync(ScriptedServer.Guard);
        Assert.Equal((false, true, (byte)0x87), (result.IsAccepted, result.HasConnAck, result.Code));
        Assert.Equal(DisconnectKind.Refused, result.Cause!.Kind);
        Assert.False(client.IsConnected);
    }

    [Fact]
    public async Task Connect_ConnectionEnds_IsAResult()
    {
        (MqttClient client, ScriptedServer server, Task<ConnectResult> connecting) = ScriptedServer.Begin(s_options);
        await server.ExpectAsync(PacketType.Connect);
        await server.DisposeAsync();
        ConnectResult result = await connecting.WaitAsync(ScriptedServer.Guard);
        Assert.Equal((false, false), (result.IsAccepted, result.HasConnAck));
        Assert.Equal(DisconnectKind.ConnectionLost, result.Cause!.Kind);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Connect_PacketBeforeConnAck_IsAProtocolError()
    {
        (MqttClient client, ScriptedServer server, Task<ConnectResult> connecting) = ScriptedServer.Begin(s_options);
        await using ScriptedServer closing = server;
        await server.ExpectAsync(PacketType.Connect);
        server.Send("D0 00");
        Assert.Equal(DisconnectKind.ProtocolError, (await connecting.WaitAsync(ScriptedServer.Guard)).Cause!.Kind);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Connect_AuthExchange_AnswersWithTheSameMethod()
    {
        var options = s_options with
        {
            AuthenticationMethod = "m",
            AuthenticationHandler = static (challenge, _) => new(new ReadOnlyMemory<byte>([(byte)(challenge.AuthenticationData.Span[0] + 1)])),
        };
        (MqttClient client, ScriptedServer server, Task<ConnectResult> connecting) = ScriptedServer.Begin(options);
        await using ScriptedServer closing = server;
        await server.ExpectAsync(PacketType.Connect);
        server.Send("F0 0A 18 08 15 0001 6D 16 0001 07");
        await server.ExpectAsync("F0 0A 18 08 15 0001 6D 16 0001 08");
        server.Send("20 07 00 00 04 15 0001 6D");
        Assert.True((await connecting.WaitAsync(ScriptedServer.Guard)).IsAccepted);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Disconnect_Requested_SendsDisconnectAndCloses()
    {
        (MqttClient client, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options);
        Task disconnecting = client.DisconnectAsync(ReasonCode.DisconnectWithWillMessage);
        await server.ExpectAsync("E0 01 04");
        Assert.Null(await server.ReceiveAsync());
        await server.DisposeAsync();
        await disconnecting.WaitAsync(ScriptedServer.Guard);
        Assert.Equal(DisconnectKind.Requested, (await client.Disconnection).Kind);
    }

    [Fact]
    public async Task Disconnect_ByServer_TellsTheReason()
    {
        (MqttClient client, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options);
        var seen = new TaskCompletionSource<DisconnectCause>();
        client.Disconnected += (_, cause) => seen.SetResult(cause);
        server.Send("E0 01 8E");
        Assert.Null(await server.ReceiveAsync());
        await server.DisposeAsync();
        Assert.Equal(new DisconnectCause(DisconnectKind.ServerDisconnect, ReasonCode.SessionTakenOver), await seen.Task.WaitAsync(ScriptedServer.Guard));
    }
}
