using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>What reaches a store, and what does not.</summary>
public sealed class StoreTrafficTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task Traffic_BetweenSessionsThatEndWithTheirConnections_MakesNoCall(ProtocolVersion version)
    {
        var store = new CountingStore();
        await using var broker = await TestBroker.StartAsync(store: store);
        var subscriber = await broker.ConnectAsync("s", version, will: new TestWill("w", "x"));
        var publisher = await broker.ConnectAsync("p", version);
        await subscriber.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        foreach (var qos in Enum.GetValues<QualityOfService>())
        {
            await publisher.PublishAsync("t", "x", qos, packetId: 3);
            if (qos != QualityOfService.AtMostOnce) await publisher.ReceiveAsync();
            if (qos == QualityOfService.ExactlyOnce) await publisher.SendAsync("62 02 00 03");
            await subscriber.ReceiveAndAcknowledgeAsync();
        }

        await publisher.ExpectAsync("70 02 00 03");
        await subscriber.UnsubscribeAsync("t");
        await subscriber.DisconnectAsync();
        await broker.WaitForConnectionsAsync(1);
        Assert.Empty(store.Calls);
    }

    [Fact]
    public async Task Messages_ForADurableSession_AreWrittenStepByStep()
    {
        var store = new CountingStore();
        await using var broker = await TestBroker.StartAsync(store: store);
        var subscriber = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 9);
        var publisher = await broker.ConnectAsync("p");
        await subscriber.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        await publisher.PublishAsync("t", "x", QualityOfService.ExactlyOnce, packetId: 3);
        await subscriber.ReceiveAndAcknowledgeAsync();
        await subscriber.ExpectNothingAsync();
        await subscriber.PublishAsync("$nothing", "x", QualityOfService.ExactlyOnce, packetId: 4);
        await subscriber.ReceiveAsync();
        await subscriber.SendAsync("62 02 00 04");
        await subscriber.ReceiveAsync();
        Assert.Equal(
            ["Claim", "Save", "AddSubscription", "Append", "MarkSent", "MarkReceived", "Complete", "AddReceivedId", "RemoveReceivedId"], store.Calls);
    }

    // Marks out of order would be a restart that sends the later message before the earlier one.
    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Marks_OfMessagesThatWaitedInTheQueue_BecomeDurableInTheOrderOfTheMessages(QualityOfService qos)
    {
        var store = new ManualStore { GivesPlaces = true };
        await using var broker = await TestBroker.StartAsync(store: store);
        var subscriber = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 9, receiveMaximum: 1);
        await subscriber.SubscribeAsync("t", qos);
        foreach (var payload in (string[])["1", "2", "3"])
        {
            if (payload == "3") store.ClosePlaces();
            broker.Broker.Publish("t", System.Text.Encoding.UTF8.GetBytes(payload), qos);
        }

        foreach (var payload in (string[])["1", "2", "3"]) Assert.Equal(payload, (await subscriber.ReceiveAndAcknowledgeAsync()).Payload);
        await subscriber.ExpectNothingAsync();
        Assert.Equal([1, 2, 3], store.Marks.Select(mark => mark.Number));
        Assert.Equal(store.Marks.Select(mark => mark.Ticket).Order(), store.Marks.Select(mark => mark.Ticket));
    }
}
