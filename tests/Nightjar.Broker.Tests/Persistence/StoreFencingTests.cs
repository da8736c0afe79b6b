using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Protocol;
using Nightjar.Storage;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>Who may write an in-memory store.</summary>
public sealed class StoreFencingTests
{
    private readonly InMemoryStore _store = InMemoryStore.Create();

    [Fact]
    public async Task Claims_OfOneOwner_NameTheSameSession()
    {
        var stores = Open();
        var first = await ClaimAsync(stores);
        stores.Sessions.Save(first, new SessionRecord("s", null, 10, null));
        var second = await ClaimAsync(stores);
        Assert.Equal(first, second);
        Assert.Equal(0, stores.Sessions.AddSubscription(first, "a"u8, 1, 0));
        Assert.Equal(0, stores.Sessions.Drop(second));
        Assert.Equal(0, stores.Sessions.Save(first, new SessionRecord("s", null, 10, null)));
        Assert.Equal(1, _store.SessionCount);
    }

    [Fact]
    public async Task EveryWrite_UnderAnOlderClaim_IsRefused()
    {
        var old = Open();
        var claim = await ClaimAsync(old);
        old.Sessions.Save(claim, new SessionRecord("s", null, 10, null));
        var message = Message("t", "x");
        old.Messages.Append(claim, message, new DeliveryRecord(1, QualityOfService.ExactlyOnce, false, 0, null, null, null));
        old.Messages.AddReceivedId(claim, 5);
        old.Sessions.AddSubscription(claim, "a"u8, 1, 0);
        old.Retained.Set(message);
        var before = Describe();

        var stores = Open();
        var newer = await ClaimAsync(stores);
        Assert.Equal(claim.Key, newer.Key);
        Assert.True(newer.Epoch > claim.Epoch);
        foreach (var writer in (BrokerStores[])[old, stores])
        {
            long[] tickets =
            [
                writer.Sessions.Save(claim, new SessionRecord("s", "u", 20, null)),
                writer.Sessions.AddSubscription(claim, "b"u8, 1, 0),
                writer.Sessions.RemoveSubscription(claim, "a"u8),
                writer.Sessions.SetWill(claim, message, 1, null),
                writer.Sessions.ClearWill(claim),
                writer.Messages.Append(claim, message, new DeliveryRecord(2, QualityOfService.AtLeastOnce, false, 0, null, null, null)),
                writer.Messages.MarkSent(claim, 1, 1),
                writer.Messages.MarkReceived(claim, 1, 1),
                writer.Messages.Complete(claim, 1),
                writer.Messages.AddReceivedId(claim, 6),
                writer.Messages.RemoveReceivedId(claim, 5),
                writer.Sessions.Drop(claim),
            ];
            Assert.All(tickets, ticket => Assert.Equal(IMessageStore.Refused, ticket));
            Assert.All(tickets, ticket => Assert.True(ticket > writer.Messages.DurableTicket));
        }

        Assert.Equal(IMessageStore.Refused, old.Retained.Set(message));
        Assert.Equal(IMessageStore.Refused, old.Retained.Clear("t"u8));
        Assert.Equal(before, Describe());
    }

    [Fact]
    public async Task Broker_WhoseStoreHasANewOwner_AcknowledgesNothingMore()
    {
        var clock = new FakeTimeProvider();
        await using var broker = await TestBroker.StartAsync(store: _store, clock: clock);
        var client = await broker.ConnectAsync("s", cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", QualityOfService.AtLeastOnce, packetId: 1);
        await publisher.ExpectAsync("40 02 00 01");
        Open();
        await publisher.PublishAsync("t", "2", QualityOfService.AtLeastOnce, packetId: 2);
        await publisher.ExpectNothingAsync();
        Assert.Equal(1, _store.MessageCount);
    }

    private static PublishedMessage Message(string topic, string payload)
    {
        var publication = new Publication(new MessagePool()) { TopicName = System.Text.Encoding.UTF8.GetBytes(topic), Payload = System.Text.Encoding.UTF8.GetBytes(payload) };
        return PublishedMessage.Unpooled(publication);
    }

    private BrokerStores Open() => _store.Open(new BrokerClock(new FakeTimeProvider()));

    private static async Task<SessionClaim> ClaimAsync(BrokerStores stores) => await stores.Sessions.ClaimAsync("s", CancellationToken.None);

    // What a broker that starts now would see; it becomes the owner by that.
    private string Describe()
    {
        var sink = new DescribingSink();
        Open().Recovery!.Recover(sink);
        return string.Join('\n', sink.Lines);
    }
}
