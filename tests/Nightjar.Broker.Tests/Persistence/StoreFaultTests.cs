using Microsoft.Extensions.Logging;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Tests.Conformance;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>A store that cannot write: nothing is acknowledged that is not kept, what needs no store goes on, and all is well again without a restart.</summary>
public sealed class StoreFaultTests
{
    private readonly FaultyStore _store = FaultyStore.Create();

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce, PacketType.PubAck)]
    [InlineData(QualityOfService.ExactlyOnce, PacketType.PubRec)]
    public async Task Publish_ForADurableSession_IsRefusedWhileFailedAndTakenAfterwards(QualityOfService qos, PacketType answer)
    {
        await using var broker = await StartAsync();
        await LeaveDurableAsync(broker, "s");
        var publisher = await broker.ConnectAsync("p");
        _store.Fail();
        await publisher.PublishAsync("a", "1", qos, packetId: 7);
        var refusal = await publisher.ReceiveAsync();
        Assert.Equal((answer, ReasonCode.QuotaExceeded), ((PacketType)(refusal[0] >> 4), (ReasonCode)refusal[4]));
        Assert.Contains("the broker cannot write to its store", System.Text.Encoding.UTF8.GetString(refusal), StringComparison.Ordinal);
        // The same packet id is free again.
        _store.Recover();
        await publisher.PublishAsync("a", "2", qos, packetId: 7);
        var taken = await publisher.ReceiveAsync();
        Assert.Equal((answer, 4), ((PacketType)(taken[0] >> 4), taken.Length));
        var subscriber = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        Assert.Equal("2", (await subscriber.ReceivePublishAsync()).Payload);
        await subscriber.ExpectNothingAsync();
        broker.ExpectError("The store cannot be written: database or disk is full.");
        Assert.Contains(broker.Log.Lines, line => line.Text.StartsWith("The store is written again; 0 clients", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Publish_OfAV3Client_HasNoAnswerWhileFailedAndIsSentAgainAfterwards(QualityOfService qos)
    {
        await using var broker = await StartAsync();
        await LeaveDurableAsync(broker, "s");
        var publisher = await broker.ConnectAsync("p", ProtocolVersion.Mqtt311);
        _store.Fail();
        await publisher.PublishAsync("a", "1", qos, packetId: 7);
        await publisher.ExpectNothingAsync();
        // Nothing overtakes what it will send again, nor the answer to that, even where no store is needed.
        var other = await broker.ConnectAsync("o");
        await other.SubscribeAsync("live", QualityOfService.AtLeastOnce);
        await publisher.PublishAsync("live", "2", QualityOfService.AtLeastOnce, packetId: 8);
        await publisher.ExpectNothingAsync();
        await other.ExpectNothingAsync();
        // It stays connected, and all else goes on.
        await publisher.PublishAsync("live", "3");
        Assert.Equal("3", (await other.ReceivePublishAsync()).Payload);
        await publisher.SendAsync("C0 00");
        await publisher.ExpectAsync("D0 00");
        _store.Recover();
        await publisher.ExpectClosedAsync();
        publisher = await broker.ConnectAsync("p", ProtocolVersion.Mqtt311);
        await publisher.PublishAsync("a", "1", qos, packetId: 7, dup: true);
        await publisher.ExpectAsync(qos == QualityOfService.AtLeastOnce ? "40 02 0007" : "50 02 0007");
        var subscriber = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        Assert.Equal("1", (await subscriber.ReceivePublishAsync()).Payload);
        await subscriber.ExpectNothingAsync();
        broker.ExpectError("The store cannot be written");
    }

    [Fact]
    public async Task Acknowledgement_OfWhatWasTakenBefore_ComesWhenItIsDurable()
    {
        await using var broker = await StartAsync();
        var subscriber = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        await subscriber.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        await subscriber.SubscribeAsync("b", QualityOfService.ExactlyOnce);
        var durable = await broker.ConnectAsync("d", cleanStart: false, sessionExpiry: 100);
        await durable.PublishAsync("b", "0", QualityOfService.ExactlyOnce, packetId: 3);
        await durable.ExpectAsync("50 02 0003");
        Assert.Equal("0", (await subscriber.ReceivePublishAsync()).Payload);
        _store.Fail();
        // PUBREL of a message that is known, PUBREC of one that was delivered: both are over, and both answers promise something.
        await durable.SendAsync("62 02 0003");
        await durable.ExpectNothingAsync();
        await subscriber.SendAsync("50 02 0001");
        await subscriber.ExpectNothingAsync();
        _store.Recover();
        await durable.ExpectAsync("70 02 0003");
        await subscriber.ExpectAsync("62 02 0001");
        await subscriber.SendAsync("70 02 0001");
        await subscriber.ExpectNothingAsync();
        Assert.Equal(0, _store.MessageCount);
        broker.ExpectError("The store cannot be written");
    }

    [Fact]
    public async Task WhatNeedsNoStore_WhileFailed_GoesOn()
    {
        await using var broker = await StartAsync();
        var durable = await broker.ConnectAsync("d", cleanStart: false, sessionExpiry: 100);
        await durable.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        _store.Fail();
        // On its way when the disk failed: it waits, and nothing else of its client does.
        broker.Broker.Publish("a", "0"u8, QualityOfService.ExactlyOnce);
        await durable.ExpectNothingAsync();
        var live = await broker.ConnectAsync("l");
        await live.SubscribeAsync("b", QualityOfService.ExactlyOnce);
        await live.PublishAsync("b", "1", QualityOfService.AtLeastOnce, packetId: 1);
        Assert.Equal("1", (await live.ReceivePublishAsync()).Payload);
        await live.ExpectAsync("40 02 0001");
        await live.PublishAsync("a", "2");
        var publish = await durable.ReceivePublishAsync();
        Assert.Equal(("2", QualityOfService.AtMostOnce), (publish.Payload, publish.QoS));
        Assert.Equal(0, await live.SubscribeAsync("c"));
        await durable.ExpectNothingAsync();
        _store.Recover();
        Assert.Equal("0", (await durable.ReceiveAndAcknowledgeAsync()).Payload);
        broker.ExpectError("The store cannot be written");
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task Connect_ThatWouldHaveToBeKept_IsRefusedWhileFailed(ProtocolVersion version)
    {
        await using var broker = await StartAsync();
        await LeaveDurableAsync(broker, "s", version);
        _store.Fail();
        // A session that is there, one that is not, and one that would have to be forgotten.
        await RefuseAsync("s", clean: false, 100);
        await RefuseAsync("new", clean: false, 100);
        await RefuseAsync("s", clean: true, 0);
        var live = await broker.ConnectAsync("live", version);
        await live.ExpectNothingAsync();
        _store.Recover();
        var back = await broker.ConnectAsync("s", version, cleanStart: false, sessionExpiry: 100);
        Assert.True(back.SessionPresent);
        broker.ExpectError("The store cannot be written");

        async Task RefuseAsync(string clientId, bool clean, uint expiry)
        {
            var client = await broker.OpenAsync(version);
            await client.SendAsync(WirePackets.Connect(version, clientId, clean, expiry));
            if (version == ProtocolVersion.Mqtt50) await client.ExpectAsync("20 03 00 88 00");
            else await client.ExpectAsync("20 02 00 03");
            await client.ExpectClosedAsync();
        }
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, 0x80)]
    [InlineData(ProtocolVersion.Mqtt50, 0x97)]
    public async Task Subscribe_OfADurableSession_IsRefusedWhileFailed(ProtocolVersion version, byte code)
    {
        await using var broker = await StartAsync();
        var client = await broker.ConnectAsync("s", version, cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("old", QualityOfService.AtLeastOnce);
        _store.Fail();
        Assert.Equal(code, await client.SubscribeAsync("a", QualityOfService.AtLeastOnce));
        broker.Broker.Publish("a", "no"u8);
        await client.ExpectNothingAsync();
        // UNSUBSCRIBE makes the store no larger: it holds, and is said when it is kept.
        await client.SendAsync(WirePackets.Unsubscribe(version, 9, "old"));
        await client.ExpectNothingAsync();
        _store.Recover();
        await client.ExpectAsync(version == ProtocolVersion.Mqtt50 ? "B0 04 0009 00 00" : "B0 02 0009");
        Assert.Equal(1, await client.SubscribeAsync("a", QualityOfService.AtLeastOnce));
        broker.ExpectError("The store cannot be written");
    }

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task PublisherOfSomethingTheFullStoreDidNotTake_IsDisconnectedWhenItHasRoom(QualityOfService qos)
    {
        await using var broker = await StartAsync();
        await LeaveDurableAsync(broker, "s");
        var publisher = await broker.ConnectAsync("p");
        _store.Condition.SetBusy(true);
        _store.IsFull = true;
        await publisher.PublishAsync("a", "1", qos, packetId: 3);
        await publisher.ExpectNothingAsync();
        _store.IsFull = false;
        _store.Condition.SetBusy(false);
        await publisher.ExpectDisconnectAsync(ReasonCode.ImplementationSpecificError);
        publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("a", "1", qos, packetId: 3, dup: true);
        await publisher.ExpectAsync(qos == QualityOfService.AtLeastOnce ? "40 02 0003" : "50 02 0003");
        var subscriber = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        Assert.Equal("1", (await subscriber.ReceivePublishAsync()).Payload);
        await subscriber.ExpectNothingAsync();
    }

    [Fact]
    public async Task Publisher_WhoFeedsAStoreThatDoesNotKeepUp_IsNotReadUntilItHas()
    {
        await using var broker = await StartAsync();
        await LeaveDurableAsync(broker, "s");
        var publisher = await broker.ConnectAsync("p", keepAlive: 10);
        await publisher.PublishAsync("a", "1", QualityOfService.AtLeastOnce, packetId: 1);
        await publisher.ExpectAsync("40 02 0001");
        _store.Condition.SetBusy(true);
        // QoS 0 goes on, and so does who has given the store nothing.
        await publisher.PublishAsync("x", "0");
        await publisher.ExpectNothingAsync();
        var other = await broker.ConnectAsync("o");
        await other.PublishAsync("x", "1", QualityOfService.AtLeastOnce, packetId: 1);
        await other.ExpectAsync("40 03 0001 10");
        var last = _store.Last;
        // In one read: nothing behind the message that waits is looked at.
        await publisher.SendAsync((byte[])[.. WirePackets.Publish(ProtocolVersion.Mqtt50, "a", "2", QualityOfService.AtLeastOnce, 2), .. WirePackets.Publish(ProtocolVersion.Mqtt50, "a", "3", QualityOfService.AtLeastOnce, 3), 0xC0, 0]);
        var answer = publisher.ReceiveAsync();
        var session = broker.Broker.Session("p");
        await Wait.UntilAsync(() => ((Connections.ClientConnection)session.Link!.Owner).IsPaused, "the publisher to be paused");
        // It is not silent, although nothing of it is read.
        broker.Advance(TimeSpan.FromSeconds(60));
        Assert.False(answer.IsCompleted);
        Assert.Equal(last, _store.Last);
        _store.Condition.SetBusy(false);
        Assert.Equal("40020002", Convert.ToHexString(await answer));
        await publisher.ExpectAsync("40 02 0003");
        await publisher.ExpectAsync("D0 00");
        Assert.Contains(broker.Log.Lines, line => line.Text.StartsWith("The store has caught up; 0 clients", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Publisher_ThatWaitsForTheStore_CanBeClosed()
    {
        await using var broker = await StartAsync();
        await LeaveDurableAsync(broker, "s");
        var publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("a", "1", QualityOfService.AtLeastOnce, packetId: 1);
        await publisher.ExpectAsync("40 02 0001");
        _store.Condition.SetBusy(true);
        await publisher.PublishAsync("a", "2", QualityOfService.AtLeastOnce, packetId: 2);
        var connection = (Connections.ClientConnection)broker.Broker.Session("p").Link!.Owner;
        await Wait.UntilAsync(() => connection.IsPaused, "the publisher to be paused");
        await broker.ConnectAsync("p");
        await publisher.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        await broker.WaitForConnectionsAsync(1);
        _store.Condition.SetBusy(false);
    }

    [Fact]
    public async Task MessagesInTheStore_WhileItCannotBeRead_ComeWhenItCan()
    {
        await using var broker = await StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, QueuedMessagesInMemory = 2, MaximumInflightMessages = 1 });
        await LeaveDurableAsync(broker, "s");
        for (var i = 1; i <= 6; i++) broker.Broker.Publish("a", System.Text.Encoding.UTF8.GetBytes($"{i}"), QualityOfService.AtLeastOnce);
        var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        await client.ReceivePublishAsync();
        await PagedQueues.WaitAsync(broker.Broker);
        _store.Fail();
        await client.SendAsync("40 02 0001");
        await client.ReceiveAndAcknowledgeAsync();
        // The last in memory. That it comes says that the second has been acknowledged, and the page asked for then, and it fails as the first did.
        Assert.Equal("3", (await client.ReceivePublishAsync()).Payload);
        await Wait.UntilAsync(() => broker.Log.Lines.Any(line => line.Text.StartsWith("Messages that wait for client s cannot be read", StringComparison.Ordinal)), "a page that fails");
        var session = broker.Broker.Session("s");
        var left = session.BacklogCount;
        Assert.Equal(3, left);
        _store.Recover();
        await Wait.UntilAsync(
            () =>
            {
                broker.Advance(TimeSpan.FromMilliseconds(250));
                return session.BacklogCount < left;
            },
            "another try");
        await client.SendAsync("40 02 0003");
        for (var i = 4; i <= 6; i++) Assert.Equal($"{i}", (await client.ReceiveAndAcknowledgeAsync()).Payload);

        await client.ExpectNothingAsync();
        Assert.Equal(0, broker.Broker.Session("s").QueuedCount);
        broker.ExpectError("The store cannot be written");
    }

    [Fact]
    public async Task SysTopics_OfAStore_SayHowItIs()
    {
        await using var broker = await StartAsync(new BrokerOptions { SysInterval = TimeSpan.FromSeconds(10) });
        Assert.Equal("ok", await StateAsync(broker));
        _store.Condition.SetBusy(true);
        Assert.Equal("busy", await StateAsync(broker));
        _store.Condition.SetBusy(false);
        _store.Fail();
        Assert.Equal("failed", await StateAsync(broker));
        var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("$SYS/broker/persistence/failure");
        Assert.Equal("database or disk is full.", (await watcher.ReceivePublishAsync()).Payload);
        _store.Recover();
        Assert.Equal("ok", await StateAsync(broker));
        Assert.Equal("", (await watcher.ReceivePublishAsync()).Payload);
        broker.ExpectError("The store cannot be written");
    }

    // The state comes with the next tick, not with the next interval.
    private static async Task<string> StateAsync(TestBroker broker)
    {
        broker.Advance(TimeSpan.FromMilliseconds(250));
        var client = await broker.ConnectAsync("state");
        await client.SubscribeAsync("$SYS/broker/persistence/state");
        var payload = (await client.ReceivePublishAsync()).Payload;
        await client.DisconnectAsync();
        return payload;
    }

    private static async Task LeaveDurableAsync(TestBroker broker, string clientId, ProtocolVersion version = ProtocolVersion.Mqtt50)
    {
        var subscriber = await broker.ConnectAsync(clientId, version, cleanStart: false, sessionExpiry: 100);
        await subscriber.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        await subscriber.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
    }

    private Task<TestBroker> StartAsync(BrokerOptions? options = null) => TestBroker.StartAsync(options, store: _store);
}
