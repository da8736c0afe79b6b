using Nightjar.Protocol;
using Xunit;

namespace Nightjar.Client.Tests;

public sealed class ClientPublishTests
{
    private static readonly MqttClientOptions s_options = new() { ClientId = "c", KeepAlive = 0 };

    [Fact]
    public async Task Publish_AtMostOnce_WritesAndAllocatesNothing()
    {
        (MqttClient client, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options);
        await using ScriptedServer closing = server;
        Assert.True(client.TryPublish("a"u8, "x"u8));
        await server.ExpectAsync("30 05 0001 61 00 78");
        Assert.True(await DrainWhileMeasuringAsync(client, server) < 64);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Batch_OfPublishes_IsSentAtItsEnd()
    {
        (MqttClient client, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options);
        await using ScriptedServer closing = server;
        using (client.BeginBatch())
        {
            using (client.BeginBatch()) Assert.True(client.TryPublish("a"u8, "x"u8));
            Task<PublishResult> publish = client.PublishAsync("a", "y"u8.ToArray(), QualityOfService.AtLeastOnce).AsTask();
            Assert.False(publish.IsCompleted);
            Assert.False(server.Connection.Input.TryRead(out _));
        }

        await server.ExpectAsync("30 05 0001 61 00 78");
        await server.ExpectAsync("32 07 0001 61 0001 00 79");
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Publish_AtLeastOnce_CompletesWithPubAck()
    {
        (MqttClient client, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options);
        await using ScriptedServer closing = server;
        Task<PublishResult> publish = client.PublishAsync("a", "x"u8.ToArray(), QualityOfService.AtLeastOnce).AsTask();
        await server.ExpectAsync("32 07 0001 61 0001 00 78");
        server.Send("40 03 0001 10");
        Assert.Equal(new PublishResult(PublishOutcome.Acknowledged, ReasonCode.NoMatchingSubscribers), await publish.WaitAsync(ScriptedServer.Guard));
        Assert.Equal(0, client.UnacknowledgedCount);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Publish_ExactlyOnce_GoesThroughTheHandshake()
    {
        (MqttClient client, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options);
        await using ScriptedServer closing = server;
        Task<PublishResult> publish = client.PublishAsync("a", default, QualityOfService.ExactlyOnce).AsTask();
        await server.ExpectAsync("34 06 0001 61 0001 00");
        server.Send("50 02 0001");
        await server.ExpectAsync("62 02 0001");
        Assert.False(publish.IsCompleted);
        server.Send("70 02 0001");
        Assert.True((await publish.WaitAsync(ScriptedServer.Guard)).IsSuccess);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Publish_ServerReceiveMaximumReached_WaitsForAnAcknowledgement()
    {
        (MqttClient client, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options, "20 06 00 00 03 21 0001");
        await using ScriptedServer closing = server;
        Task<PublishResult> first = client.PublishAsync("a", default, QualityOfService.AtLeastOnce).AsTask();
        Task<PublishResult> second = client.PublishAsync("b", default, QualityOfService.AtLeastOnce).AsTask();
        Assert.True(client.TryPing());
        await server.ExpectAsync("32 06 0001 61 0001 00");
        await server.ExpectAsync("C0 00"); // Other packets go on at quota 0 [MQTT-4.9.0-3].
        server.Send("40 02 0001");
        await server.ExpectAsync("32 06 0001 62 0002 00");
        server.Send("40 02 0002");
        Assert.True((await first.WaitAsync(ScriptedServer.Guard)).IsSuccess);
        Assert.True((await second.WaitAsync(ScriptedServer.Guard)).IsSuccess);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Publish_PubRecWithError_Refuses()
    {
        (MqttClient client, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options);
        await using ScriptedServer closing = server;
        Task<PublishResult> publish = client.PublishAsync("a", default, QualityOfService.ExactlyOnce).AsTask();
        await server.ExpectAsync(PacketType.Publish);
        server.Send("50 03 0001 87");
        Assert.Equal(new PublishResult(PublishOutcome.Refused, ReasonCode.NotAuthorized), await publish.WaitAsync(ScriptedServer.Guard));
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Publish_ConnectionLost_IsSentAgainWithDupOnResume()
    {
        var options = s_options with { CleanStart = false, SessionExpiryInterval = 60 };
        (MqttClient client, ScriptedServer server) = await ScriptedServer.ConnectAsync(options);
        Task<PublishResult> released = client.PublishAsync("r", default, QualityOfService.ExactlyOnce).AsTask();
        Task<PublishResult> sent = client.PublishAsync("a", "x"u8.ToArray(), QualityOfService.AtLeastOnce).AsTask();
        await server.ExpectAsync(PacketType.Publish);
        await server.ExpectAsync(PacketType.Publish);
        server.Send("50 02 0001");
        await server.ExpectAsync("62 02 0001");
        await server.DisposeAsync();
        Assert.Equal(PublishOutcome.ConnectionLost, (await sent.WaitAsync(ScriptedServer.Guard)).Outcome);
        Assert.Equal(PublishOutcome.ConnectionLost, (await released.WaitAsync(ScriptedServer.Guard)).Outcome);
        await client.Disconnection.WaitAsync(ScriptedServer.Guard);
        (_, ScriptedServer again) = await ScriptedServer.ConnectAsync(options, "20 03 01 00 00", client);
        await again.ExpectAsync("62 02 0001");
        await again.ExpectAsync("3A 07 0001 61 0002 00 78");
        await client.DisposeAsync();
        await again.DisposeAsync();
    }

    [Fact]
    public async Task Publish_SessionLostByServer_IsNotSentAgain()
    {
        var options = s_options with { CleanStart = false, SessionExpiryInterval = 60, CompletePublishesOnDisconnect = false };
        (MqttClient client, ScriptedServer server) = await ScriptedServer.ConnectAsync(options);
        Task<PublishResult> sent = client.PublishAsync("a", default, QualityOfService.AtLeastOnce).AsTask();
        await server.ExpectAsync(PacketType.Publish);
        await server.DisposeAsync();
        await client.Disconnection.WaitAsync(ScriptedServer.Guard);
        Assert.False(sent.IsCompleted);
        (_, ScriptedServer again) = await ScriptedServer.ConnectAsync(options, "20 03 00 00 00", client);
        Assert.Equal(PublishOutcome.SessionLost, (await sent.WaitAsync(ScriptedServer.Guard)).Outcome);
        Assert.True(client.TryPing());
        await again.ExpectAsync("C0 00");
        await client.DisposeAsync();
        await again.DisposeAsync();
    }

    [Fact]
    public async Task Publish_TopicAliases_LeaveTheTopicOutTheSecondTime()
    {
        (MqttClient client, ScriptedServer server) = await ScriptedServer.ConnectAsync(s_options with { UseTopicAliases = true }, "20 06 00 00 03 22 0001");
        await using ScriptedServer closing = server;
        client.TryPublish("a"u8, default);
        client.TryPublish("a"u8, default);
        client.TryPublish("b"u8, default);
        await server.ExpectAsync("30 07 0001 61 03 23 0001");
        await server.ExpectAsync("30 06 0000 03 23 0001");
        await server.ExpectAsync("30 04 0001 62 00");
        await client.DisposeAsync();
    }

    private static async Task<long> DrainWhileMeasuringAsync(MqttClient client, ScriptedServer server)
    {
        const int count = 200;
        long worst = 0;
        for (int round = 0; round < 3; round++)
        {
            worst = PublishMeasured(client, count);
            for (int i = 0; i < count; i++) await server.ExpectAsync(PacketType.Publish);
        }

        return worst / count;
    }

    private static long PublishMeasured(MqttClient client, int count)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < count; i++) client.TryPublish("a"u8, "x"u8);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
