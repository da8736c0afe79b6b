using System.Net;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Security;
using Nightjar.Protocol;
using Nightjar.Storage;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Security;

public sealed class IdentityTests
{
    private static readonly Identity Client = new("c", "u", new IPEndPoint(IPAddress.Parse("10.1.2.3"), 5000), "1884");

    [Fact]
    public void Rights_OfTwoIdentities_AreThoseOfUserDomainAndAddressWithoutPort()
    {
        Assert.True(Client.HasRightsOf(Client with { Address = new IPEndPoint(IPAddress.Parse("10.1.2.3"), 6000) }));
        Assert.False(Client.HasRightsOf(Client with { Address = new IPEndPoint(IPAddress.Parse("10.1.2.4"), 5000) }));
        Assert.False(Client.HasRightsOf(Client with { Address = null }));
        Assert.False(Client.HasRightsOf(Client with { UserName = null }));
        Assert.False(Client.HasRightsOf(Client with { SecurityDomain = "" }));
        Assert.True(new Identity("c", null, null).HasRightsOf(new Identity("c", null, null)));
    }

    [Fact]
    public async Task Session_ThatWasRecovered_HasTheDomainAndAddressItLastUsed()
    {
        var clock = new FakeTimeProvider();
        var store = InMemoryStore.Create();
        var stores = store.Open(new BrokerClock(clock));
        var claim = await stores.Sessions.ClaimAsync("c", CancellationToken.None);
        stores.Sessions.Save(claim, new SessionRecord("c", "u", uint.MaxValue, null, "1884", IPAddress.Parse("10.1.2.3")));
        stores.Retained.Set(Retained());

        await using var broker = await TestBroker.StartAsync(store: store, clock: clock);
        Assert.True(broker.Broker.Core.Sessions.Table.TryGet("c"u8, out var session));
        Assert.True(Client.HasRightsOf(session.Identity));
        Assert.True(Client.HasRightsOf(Identity.PublisherOf(broker.Broker.Core.Router.Retained.Get("t"u8)!)!));
    }

    private static PublishedMessage Retained()
    {
        var publication = new Publication(new MessagePool())
        {
            TopicName = "t"u8,
            Payload = "x"u8,
            Retain = true,
            QoS = QualityOfService.AtLeastOnce,
            Origin = Client,
        };
        return PublishedMessage.Unpooled(publication);
    }
}
