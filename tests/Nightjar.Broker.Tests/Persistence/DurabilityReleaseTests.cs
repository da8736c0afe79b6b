using Nightjar.Broker.Configuration;
using Nightjar.Broker.Tests.Conformance;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>What is promised leaves when the store is durable that far, in order; what promises nothing does not wait.</summary>
public abstract class DurabilityReleaseTests
{
    private readonly ManualStore _store;

    private protected DurabilityReleaseTests(ManualStore store) => _store = store;

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.3.2-4")]
    [Statement("MQTT-4.3.2-2 v3.1.1")]
    public async Task PubAck_OfAMessageForADurableSession_WaitsForTheStore(ProtocolVersion version)
    {
        await using var broker = await StartAsync();
        var subscriber = await DurableAsync(broker, "s", version);
        await subscriber.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        var publisher = await broker.ConnectAsync("p", version);
        _store.Hold();
        await publisher.PublishAsync("a", "m", QualityOfService.AtLeastOnce, packetId: 7);
        // The answer to PINGREQ does not wait, and PUBACK was not before it.
        await publisher.ExpectNothingAsync();
        Assert.Equal("m", (await subscriber.ReceivePublishAsync()).Payload);
        _store.Release();
        await publisher.ExpectAsync("40 02 0007");
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-4.3.3-8")]
    [Statement("MQTT-4.3.3-2 v3.1.1")]
    public async Task PubRecAndPubComp_OfADurablePublisher_WaitForTheStore(ProtocolVersion version)
    {
        await using var broker = await StartAsync();
        var subscriber = await broker.ConnectAsync("s", version);
        await subscriber.SubscribeAsync("a");
        var publisher = await DurableAsync(broker, "p", version);
        _store.Hold();
        await publisher.PublishAsync("a", "m", QualityOfService.ExactlyOnce, packetId: 7);
        await publisher.ExpectNothingAsync();
        // A repetition waits behind the first answer.
        await publisher.PublishAsync("a", "m", QualityOfService.ExactlyOnce, packetId: 7, dup: true);
        await publisher.ExpectNothingAsync();
        _store.Commit();
        await publisher.ExpectAsync("50 02 0007");
        await publisher.ExpectAsync("50 02 0007");
        await publisher.SendAsync("62 02 0007");
        await publisher.ExpectNothingAsync();
        _store.Release();
        await publisher.ExpectAsync("70 02 0007");
        Assert.Equal("m", (await subscriber.ReceivePublishAsync()).Payload);
        await subscriber.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task QoS2Messages_ToADurableSession_WaitForTheirPacketIds(ProtocolVersion version)
    {
        await using var broker = await StartAsync();
        var subscriber = await DurableAsync(broker, "s", version);
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        var publisher = await broker.ConnectAsync("p", version);
        _store.Hold();
        var tickets = new List<long>();
        for (ushort id = 1; id <= 3; id++)
        {
            await publisher.PublishAsync("a", $"{id}", QualityOfService.ExactlyOnce, packetId: id);
            await publisher.ExpectNothingAsync();
            tickets.Add(_store.Last);
        }

        await subscriber.ExpectNothingAsync();
        _store.Commit(tickets[0]);
        Assert.Equal("1", (await subscriber.ReceivePublishAsync()).Payload);
        await subscriber.ExpectNothingAsync();
        _store.Commit(tickets[2]);
        Assert.Equal(("2", "3"), ((await subscriber.ReceivePublishAsync()).Payload, (await subscriber.ReceivePublishAsync()).Payload));
        for (var id = 1; id <= 3; id++) await publisher.ExpectAsync($"50 02 000{id}");
        _store.Release();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task WhatNeedsNoStore_GoesPastQoS2MessagesThatWait_AndQoS1DoesNot(ProtocolVersion version)
    {
        await using var broker = await StartAsync();
        var subscriber = await DurableAsync(broker, "s", version);
        await subscriber.SubscribeAsync("#", QualityOfService.ExactlyOnce);
        _store.Hold();
        broker.Broker.Publish("a", "2"u8, QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "1"u8, QualityOfService.AtLeastOnce);
        broker.Broker.Publish("a", "0"u8);
        Assert.Equal("0", (await subscriber.ReceivePublishAsync()).Payload);
        // Its own messages and subscriptions are answered as those of others are.
        await subscriber.PublishAsync("$nobody", "x", QualityOfService.AtLeastOnce, packetId: 4);
        Assert.Equal(PacketType.PubAck, (PacketType)((await subscriber.ReceiveAsync())[0] >> 4));
        await subscriber.ExpectNothingAsync();
        _store.Release();
        Assert.Equal(("2", "1"), ((await subscriber.ReceivePublishAsync()).Payload, (await subscriber.ReceivePublishAsync()).Payload));
        await subscriber.ExpectNothingAsync();
    }

    [Fact]
    public async Task QoS2Message_ThatWaits_ExpiresAndMakesRoomForTheNext()
    {
        await using var broker = await StartAsync(maximumInflight: 1);
        var subscriber = await DurableAsync(broker, "s");
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        _store.Hold();
        broker.Broker.Publish("a", "1"u8, QualityOfService.ExactlyOnce, retain: false, TimeSpan.FromSeconds(5));
        broker.Broker.Publish("a", "2"u8, QualityOfService.ExactlyOnce);
        broker.Advance(TimeSpan.FromSeconds(6));
        await subscriber.ExpectNothingAsync();
        _store.Release();
        Assert.Equal("2", (await subscriber.ReceiveAndAcknowledgeAsync()).Payload);
        await subscriber.ExpectNothingAsync();
        Assert.Equal(0, broker.Broker.Session("s").InflightCount);
    }

    [Fact]
    public async Task QoS2Message_AcknowledgedBeforeItWasSent_IsNotSent()
    {
        await using var broker = await StartAsync();
        var subscriber = await DurableAsync(broker, "s", ProtocolVersion.Mqtt311);
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        _store.Hold();
        broker.Broker.Publish("a", "1"u8, QualityOfService.ExactlyOnce);
        await subscriber.SendAsync("50 02 0001");
        await subscriber.SendAsync("70 02 0001");
        await subscriber.ExpectNothingAsync();
        broker.Broker.Publish("a", "2"u8, QualityOfService.ExactlyOnce);
        await subscriber.ExpectNothingAsync();
        _store.Release();
        await subscriber.ExpectAsync("62 02 0001");
        Assert.Equal("2", (await subscriber.ReceiveAndAcknowledgeAsync()).Payload);
        await subscriber.ExpectNothingAsync();
    }

    [Fact]
    public async Task QoS2Message_WhoseClientLeavesWhileItWaits_ComesWithTheNextConnection()
    {
        await using var broker = await StartAsync();
        var subscriber = await DurableAsync(broker, "s");
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        _store.Hold();
        broker.Broker.Publish("a", "1"u8, QualityOfService.ExactlyOnce);
        subscriber.Abort();
        await broker.WaitForConnectionsAsync(0);
        _store.Release();
        subscriber = await DurableAsync(broker, "s");
        Assert.Equal("1", (await subscriber.ReceiveAndAcknowledgeAsync()).Payload);
        await subscriber.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task ConnAck_OfACleanStart_WaitsForTheEndOfTheSessionBefore(ProtocolVersion version)
    {
        await using var broker = await StartAsync();
        await (await DurableAsync(broker, "c", version)).DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        var other = await broker.ConnectAsync("o", version);
        _store.Hold();
        var before = _store.Last;
        var client = await broker.OpenAsync(version);
        await client.SendAsync(WirePackets.Connect(version, "c"));
        var answer = client.ReceiveAsync();
        await Wait.UntilAsync(() => _store.Last > before, "the session to be dropped");
        await other.ExpectNothingAsync();
        Assert.False(answer.IsCompleted);
        _store.Release();
        Assert.Equal(0, (await answer)[2]);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task WhatBelongsTogether_IsSaidInOneGroup(ProtocolVersion version)
    {
        await using var broker = await StartAsync();
        var subscriber = await DurableAsync(broker, "s", version);
        await subscriber.SubscribeAsync("#", QualityOfService.AtLeastOnce);
        var publisher = await DurableAsync(broker, "p", version);
        _store.Grouped.Clear();
        await publisher.PublishAsync("a", "m", QualityOfService.ExactlyOnce, packetId: 7);
        await publisher.ExpectAsync("50 02 0007");
        Assert.Equal(["Append AddReceivedId"], _store.Grouped);
        await subscriber.ReceiveAndAcknowledgeAsync();

        // The will of a connection that is taken over, and what takes its place.
        var first = await broker.ConnectAsync("w", version, cleanStart: false, sessionExpiry: 100, will: new TestWill("w", "1"));
        await first.ExpectNothingAsync();
        _store.Grouped.Clear();
        await broker.ConnectAsync("w", version, cleanStart: false, sessionExpiry: 100, will: new TestWill("w", "2", QualityOfService.AtLeastOnce));
        await broker.ConnectAsync("w", version, cleanStart: false, sessionExpiry: 100);
        Assert.Equal(["ClearWill SetWill", "ClearWill Append"], _store.Grouped);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task SubAckAndUnsubAck_OfADurableSession_WaitForTheStore(ProtocolVersion version)
    {
        await using var broker = await StartAsync();
        var client = await DurableAsync(broker, "c", version);
        _store.Hold();
        await client.SendAsync(WirePackets.Subscribe(version, 5, "a", QualityOfService.AtMostOnce));
        await client.ExpectNothingAsync();
        _store.Commit();
        await client.ExpectAsync(version == ProtocolVersion.Mqtt50 ? "90 04 0005 00 00" : "90 03 0005 00");
        await client.SendAsync(WirePackets.Unsubscribe(version, 6, "a"));
        await client.ExpectNothingAsync();
        _store.Release();
        await client.ExpectAsync(version == ProtocolVersion.Mqtt50 ? "B0 04 0006 00 00" : "B0 02 0006");
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task ConnAck_OfADurableSession_WaitsForTheStoreWithAllThatFollows(ProtocolVersion version)
    {
        await using var broker = await StartAsync();
        var client = await DurableAsync(broker, "c", version);
        await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        broker.Broker.Publish("a", "queued"u8, QualityOfService.AtLeastOnce);
        var other = await broker.ConnectAsync("o", version);
        _store.Hold();
        var before = _store.Last;
        client = await broker.OpenAsync(version);
        await client.SendAsync(WirePackets.Connect(version, "c", cleanStart: false, sessionExpiry: 100));
        var answer = client.ReceiveAsync();
        // Attached, saved, the queue written behind CONNACK; still nothing comes.
        await Wait.UntilAsync(() => _store.Last >= before + 2, "the session to be saved and the message to be marked as sent");
        await client.SendAsync("C0 00");
        await other.ExpectNothingAsync();
        Assert.False(answer.IsCompleted);
        _store.Release();
        Assert.Equal(("20", 1), (Convert.ToHexString(await answer, 0, 1), (await answer)[2]));
        Assert.Equal("queued", (await client.ReceivePublishAsync()).Payload);
        await client.ExpectAsync("D0 00");
    }

    [Fact]
    [Statement("MQTT-4.6.0-2 v3.1.1")]
    [Statement("MQTT-4.6.0-3 v3.1.1")]
    public async Task Answers_OfOneConnection_LeaveInOrderAsFarAsTheStoreIs()
    {
        await using var broker = await StartAsync();
        var subscriber = await DurableAsync(broker, "s", ProtocolVersion.Mqtt311);
        await subscriber.SubscribeAsync("a", QualityOfService.AtMostOnce);
        await subscriber.SubscribeAsync("b", QualityOfService.AtLeastOnce);
        await subscriber.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        var publisher = await broker.ConnectAsync("p", ProtocolVersion.Mqtt311);
        _store.Hold();
        var tickets = new List<long>();
        await publisher.PublishAsync("b", "1", QualityOfService.AtLeastOnce, packetId: 1);
        await publisher.ExpectNothingAsync();
        tickets.Add(_store.Last);
        // Neither of these waits for the store; the first does for the one before it, of its type.
        await publisher.PublishAsync("nobody", "2", QualityOfService.AtLeastOnce, packetId: 2);
        Assert.Equal(0, await publisher.SubscribeAsync("x", packetId: 3));
        await publisher.PublishAsync("b", "4", QualityOfService.ExactlyOnce, packetId: 4);
        await publisher.ExpectNothingAsync();
        tickets.Add(_store.Last);
        await publisher.UnsubscribeAsync("x", packetId: 5);
        await publisher.PublishAsync("b", "6", QualityOfService.AtLeastOnce, packetId: 6);
        await publisher.ExpectNothingAsync();
        Assert.True(tickets[0] < tickets[1] && tickets[1] < _store.Last);

        _store.Commit(tickets[0] - 1);
        await publisher.ExpectNothingAsync();
        _store.Commit(tickets[0]);
        await publisher.ExpectAsync("40 02 0001");
        await publisher.ExpectAsync("40 02 0002");
        await publisher.ExpectNothingAsync();
        _store.Commit(tickets[1]);
        await publisher.ExpectAsync("50 02 0004");
        await publisher.ExpectNothingAsync();
        _store.Release();
        await publisher.ExpectAsync("40 02 0006");
        await publisher.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    [Statement("MQTT-3.3.4-7")]
    public async Task ReceiveMaximum_CountsWhatWaitsForTheStore(QualityOfService qos)
    {
        await using var broker = await StartAsync(3);
        var subscriber = await DurableAsync(broker, "s");
        await subscriber.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        var publisher = await broker.ConnectAsync("p");
        _store.Hold();
        for (ushort id = 1; id <= 3; id++) await publisher.PublishAsync("a", "m", qos, id);
        await publisher.ExpectNothingAsync();
        await publisher.PublishAsync("a", "m", qos, 4);
        await publisher.ExpectDisconnectAsync(ReasonCode.ReceiveMaximumExceeded);
        _store.Release();
    }

    /// <summary>Of one batch too, whose acknowledgements are gathered until its end.</summary>
    [Fact]
    [Statement("MQTT-3.3.4-7")]
    public async Task ReceiveMaximum_CountsWhatOneBatchHasForTheStore()
    {
        await using var broker = await StartAsync(3);
        var subscriber = await DurableAsync(broker, "s");
        await subscriber.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        var publisher = await broker.ConnectAsync("p");
        _store.Hold();
        await publisher.SendAsync("32 07 0001 61 0001 00 6D 32 07 0001 61 0002 00 6D 32 07 0001 61 0003 00 6D");
        await publisher.ExpectNothingAsync();
        _store.Commit();
        for (var id = 1; id <= 3; id++) await publisher.ExpectAsync($"40 02 {id:X4}");
        await publisher.SendAsync("32 07 0001 61 0004 00 6D 32 07 0001 61 0005 00 6D 32 07 0001 61 0006 00 6D 32 07 0001 61 0007 00 6D");
        await publisher.ExpectDisconnectAsync(ReasonCode.ReceiveMaximumExceeded);
        _store.Release();
    }

    [Fact]
    public async Task ReceiveMaximum_AfterTheStoreCaughtUp_IsFreeAgain()
    {
        await using var broker = await StartAsync(3);
        var subscriber = await DurableAsync(broker, "s");
        await subscriber.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        var publisher = await broker.ConnectAsync("p");
        _store.Hold();
        for (var round = 0; round < 3; round++)
        {
            for (ushort id = 1; id <= 3; id++) await publisher.PublishAsync("a", "m", QualityOfService.AtLeastOnce, id);
            await publisher.ExpectNothingAsync();
            _store.Commit();
            for (var id = 1; id <= 3; id++) await publisher.ExpectAsync($"40 02 {id:X4}");
        }

        _store.Release();
    }

    [Theory]
    [InlineData("kept")]
    [InlineData("")]
    public async Task PubAck_OfARetainedMessage_WaitsForTheStore(string payload)
    {
        await using var broker = await StartAsync();
        broker.Broker.Publish("a", "before"u8, retain: true);
        var publisher = await broker.ConnectAsync("p", ProtocolVersion.Mqtt311);
        _store.Hold();
        await publisher.PublishAsync("a", payload, QualityOfService.AtLeastOnce, packetId: 7, retain: true);
        await publisher.ExpectNothingAsync();
        _store.Release();
        await publisher.ExpectAsync("40 02 0007");
    }

    [Fact]
    public async Task Answers_WithoutADurableSession_WaitForNothing()
    {
        await using var broker = await StartAsync();
        _store.Hold();
        var subscriber = await broker.ConnectAsync("s");
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        var publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("a", "1", QualityOfService.AtLeastOnce);
        await publisher.ExpectAsync("40 02 0001");
        await publisher.PublishAsync("a", "2", QualityOfService.ExactlyOnce);
        await publisher.ExpectAsync("50 02 0001");
        await publisher.SendAsync("62 02 0001");
        await publisher.ExpectAsync("70 02 0001");
        await subscriber.ReceiveAndAcknowledgeAsync();
        await subscriber.ReceiveAndAcknowledgeAsync();
        await subscriber.UnsubscribeAsync("a");
        Assert.Equal(0, _store.Last);
    }

    [Fact]
    public async Task Connection_ThatEndsWhileAnswersWait_LosesThemAndHoldsNobodyUp()
    {
        await using var broker = await StartAsync();
        var subscriber = await DurableAsync(broker, "s");
        await subscriber.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        var gone = await broker.ConnectAsync("gone");
        var stays = await broker.ConnectAsync("stays");
        _store.Hold();
        foreach (var client in new[] { gone, stays })
        {
            await client.PublishAsync("a", "m", QualityOfService.AtLeastOnce, packetId: 7);
            await client.ExpectNothingAsync();
        }

        gone.Abort();
        await broker.WaitForConnectionsAsync(2);
        _store.Release();
        await stays.ExpectAsync("40 02 0007");
    }

    [Fact]
    public async Task Connection_ThatBreaksWhileItsConnAckWaits_GivesEverythingBack()
    {
        await using var broker = await StartAsync();
        _store.Hold();
        var client = await broker.OpenAsync();
        await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "c", cleanStart: false, sessionExpiry: 100));
        await Wait.UntilAsync(() => _store.Last == 1, "the session to be saved");
        client.Abort();
        await broker.WaitForConnectionsAsync(0);
        _store.Release();
    }

    [Fact]
    public async Task Connection_ThatIsTakenOverWhileItsConnAckWaits_GetsNone()
    {
        await using var broker = await StartAsync();
        _store.Hold();
        var first = await broker.OpenAsync();
        await first.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "c", cleanStart: false, sessionExpiry: 100));
        await Wait.UntilAsync(() => _store.Last == 1, "the first session to be saved");
        var second = await broker.OpenAsync();
        await second.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "c", cleanStart: false, sessionExpiry: 100));
        // Nothing that the store does not hold yet was promised to the first.
        await first.ExpectClosedAsync();
        _store.Release();
        Assert.Equal(0x20, (await second.ReceiveAsync())[0]);
        await second.ExpectNothingAsync();
    }

    private static Task<WireClient> DurableAsync(TestBroker broker, string clientId, ProtocolVersion version = ProtocolVersion.Mqtt50) =>
        broker.ConnectAsync(clientId, version, cleanStart: false, sessionExpiry: 100);

    private Task<TestBroker> StartAsync(int maximumInflight = 20) =>
        TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumInflightMessages = maximumInflight }, store: _store);
}
