using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>What a restart keeps of sessions and their subscriptions.</summary>
public abstract class RestartSessionTests(StoreKind kind)
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt31, false)]
    [InlineData(ProtocolVersion.Mqtt311, false)]
    [InlineData(ProtocolVersion.Mqtt311, true)]
    [InlineData(ProtocolVersion.Mqtt50, false)]
    [InlineData(ProtocolVersion.Mqtt50, true)]
    public async Task DurableSession_AfterRestart_IsPresentWithItsSubscriptions(ProtocolVersion version, bool crash)
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var client = await broker.ConnectAsync("s", version);
        await client.SubscribeAsync("a/+", QualityOfService.AtLeastOnce);
        await client.SubscribeAsync("b/#", QualityOfService.AtMostOnce);
        await client.SubscribeAsync("gone", QualityOfService.AtLeastOnce);
        await client.UnsubscribeAsync("gone");
        await client.SubscribeAsync("a/+", QualityOfService.ExactlyOnce);

        await broker.RestartAsync(crash);

        Assert.Equal(1, broker.Current.Broker.SessionCount);
        Assert.Equal(2, broker.Current.Broker.Core.Router.Subscriptions.Count);
        client = await broker.ConnectAsync("s", version);
        Assert.Equal(version != ProtocolVersion.Mqtt31, client.SessionPresent);
        var publisher = await broker.ConnectAsync("p", clean: true, expiry: 0);
        await publisher.PublishAsync("gone", "0", QualityOfService.AtMostOnce);
        await publisher.PublishAsync("a/1", "1", QualityOfService.ExactlyOnce, packetId: 9);
        var first = await client.ReceiveAndAcknowledgeAsync();
        await publisher.PublishAsync("b", "2", QualityOfService.ExactlyOnce, packetId: 10);
        var second = await client.ReceiveAndAcknowledgeAsync();
        Assert.Equal(("1", QualityOfService.ExactlyOnce), (first.Payload, first.QoS));
        Assert.Equal(("2", QualityOfService.AtMostOnce), (second.Payload, second.QoS));
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SubscriptionOptions_AfterRestart_Hold(bool crash)
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var client = await broker.ConnectAsync("s");
        await client.SubscribeAsync("own", QualityOfService.AtLeastOnce, noLocal: true, identifier: 268_435_455);
        await client.SubscribeAsync("kept", QualityOfService.AtLeastOnce, retainAsPublished: true, identifier: 7);
        await client.SubscribeAsync("plain", QualityOfService.AtLeastOnce, retainHandling: RetainHandling.DoNotSend);

        await broker.RestartAsync(crash);

        client = await broker.ConnectAsync("s");
        var other = await broker.ConnectAsync("p", clean: true, expiry: 0);
        await client.PublishAsync("own", "mine");
        await client.ExpectNothingAsync();
        foreach (var topic in (string[])["own", "kept", "plain"]) await other.PublishAsync(topic, "x", retain: true);
        var own = await client.ReceivePublishAsync();
        var kept = await client.ReceivePublishAsync();
        var plain = await client.ReceivePublishAsync();
        Assert.Equal(("own", false, 268_435_455u), (own.Topic, own.Retain, Assert.Single(own.SubscriptionIdentifiers)));
        Assert.Equal(("kept", true, 7u), (kept.Topic, kept.Retain, Assert.Single(kept.SubscriptionIdentifiers)));
        Assert.Equal(("plain", false), (plain.Topic, plain.Retain));
        Assert.Empty(plain.SubscriptionIdentifiers);
        var retainHandling = broker.Current.Broker.Core.Sessions.Table.ToArray().Single(session => session.ClientId == "s")
            .Subscriptions.ToArray().Single(subscription => subscription.TopicFilter.SequenceEqual("plain"u8.ToArray())).RetainHandling;
        Assert.Equal(RetainHandling.DoNotSend, retainHandling);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SharedSubscription_AfterRestart_GivesEachMessageToOneMember(bool crash)
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        foreach (var id in (string[])["m1", "m2"]) await (await broker.ConnectAsync(id)).SubscribeAsync("$share/g/t/+", QualityOfService.AtLeastOnce);
        await broker.RestartAsync(crash);

        Assert.Equal(2, broker.Current.Broker.Core.Router.Subscriptions.SharedCount);
        var members = new[] { await broker.ConnectAsync("m1"), await broker.ConnectAsync("m2") };
        var publisher = await broker.ConnectAsync("p", clean: true, expiry: 0);
        for (ushort i = 1; i <= 4; i++)
        {
            await publisher.PublishAsync("t/x", $"{i}", QualityOfService.AtLeastOnce, packetId: i);
            await publisher.ReceiveAsync();
        }

        foreach (var member in members)
        {
            await member.ReceiveAndAcknowledgeAsync();
            await member.ReceiveAndAcknowledgeAsync();
            await member.ExpectNothingAsync();
        }
    }

    [Fact]
    public async Task SharedDelivery_OfAMemberThatEndsAfterRestart_GoesToAnotherMember()
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var member = await broker.ConnectAsync("m1");
        await member.SubscribeAsync("$share/g/t", QualityOfService.AtLeastOnce);
        var publisher = await broker.ConnectAsync("p", clean: true, expiry: 0);
        await publisher.PublishAsync("t", "x", QualityOfService.AtLeastOnce);
        await publisher.ReceiveAsync();
        Assert.Equal("x", (await member.ReceivePublishAsync()).Payload);
        var other = await broker.ConnectAsync("m2");
        await other.SubscribeAsync("$share/g/t", QualityOfService.AtLeastOnce);
        await broker.RestartAsync(crash: true);

        other = await broker.ConnectAsync("m2");
        await other.ExpectNothingAsync();
        await broker.ConnectAsync("m1", clean: true, expiry: 0);
        Assert.Equal("x", (await other.ReceiveAndAcknowledgeAsync()).Payload);
        await other.ExpectNothingAsync();
        Assert.Equal(0, broker.Store.MessageCount);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, false)]
    [InlineData(ProtocolVersion.Mqtt50, true)]
    public async Task CleanSession_AfterRestart_IsGone(ProtocolVersion version, bool crash)
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var client = await broker.ConnectAsync("s", version, clean: true, expiry: 0);
        await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
        Assert.Equal(0, broker.Store.SessionCount);
        await broker.RestartAsync(crash);

        Assert.Equal(0, broker.Current.Broker.SessionCount);
        Assert.False((await broker.ConnectAsync("s", version)).SessionPresent);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DroppedSession_AfterRestart_IsGone(bool crash)
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        foreach (var id in (string[])["ended", "cleaned", "expired", "stays"])
        {
            var client = await broker.ConnectAsync(id, expiry: id == "expired" ? 10u : uint.MaxValue);
            await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
            if (id == "ended") await client.SendAsync("E0 07 00 05 11 00 00 00 00");
            if (id == "expired") await client.DisconnectAsync();
        }

        await broker.Current.WaitForConnectionsAsync(2);
        broker.Advance(TimeSpan.FromSeconds(11));
        await broker.ConnectAsync("cleaned", clean: true);
        Assert.Equal(2, broker.Store.SessionCount);
        await broker.RestartAsync(crash);

        Assert.Equal(2, broker.Current.Broker.SessionCount);
        Assert.Equal(1, broker.Current.Broker.Core.Router.Subscriptions.Count);
        Assert.True((await broker.ConnectAsync("stays")).SessionPresent);
        Assert.True((await broker.ConnectAsync("cleaned")).SessionPresent);
        Assert.False((await broker.ConnectAsync("ended")).SessionPresent);
        Assert.False((await broker.ConnectAsync("expired")).SessionPresent);
    }

    [Fact]
    public async Task SessionExpiry_AcrossRestarts_CountsFromTheEndOfTheConnection()
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        await (await broker.ConnectAsync("s", expiry: 100)).DisconnectAsync();
        await broker.Current.WaitForConnectionsAsync(0);
        broker.Advance(TimeSpan.FromSeconds(30));
        await broker.RestartAsync(crash: false, down: TimeSpan.FromSeconds(30));
        broker.Advance(TimeSpan.FromSeconds(20));
        await broker.RestartAsync(crash: true);
        broker.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(1, broker.Current.Broker.SessionCount);
        broker.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, broker.Current.Broker.SessionCount);
        Assert.Equal(0, broker.Store.SessionCount);
    }

    [Fact]
    public async Task SessionExpiry_PassedWhileNoBrokerRan_EndsTheSessionBeforeAnybodyConnects()
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        await (await broker.ConnectAsync("s", expiry: 100)).DisconnectAsync();
        await broker.RestartAsync(crash: false, down: TimeSpan.FromSeconds(101));

        Assert.Equal(0, broker.Current.Broker.SessionCount);
        Assert.Equal(0, broker.Store.SessionCount);
    }

    [Fact]
    public async Task SessionExpiry_OfAClientThatWasConnectedAtTheCrash_CountsFromTheNextStart()
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        await broker.ConnectAsync("s", expiry: 100);
        await broker.RestartAsync(crash: true, down: TimeSpan.FromHours(1));
        broker.Advance(TimeSpan.FromSeconds(60));
        // The second start goes on with the first one's time.
        await broker.RestartAsync(crash: true);
        Assert.Equal(1, broker.Current.Broker.SessionCount);
        broker.Advance(TimeSpan.FromSeconds(41));
        Assert.Equal(0, broker.Current.Broker.SessionCount);
    }

    [Fact]
    public async Task DurableSession_ThatTakesOverAShortOne_IsKeptWithoutItsState()
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var client = await broker.ConnectAsync("s", expiry: 0);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        Assert.False((await broker.ConnectAsync("s", expiry: 50)).SessionPresent);
        await broker.RestartAsync(crash: true);

        Assert.Equal(0, broker.Current.Broker.Core.Router.Subscriptions.Count);
        Assert.True((await broker.ConnectAsync("s")).SessionPresent);
    }

    [Fact]
    public async Task SessionThatCeasesToBeDurable_AfterRestart_IsGone()
    {
        await using var broker = await RestartingBroker.StartAsync(kind);
        var client = await broker.ConnectAsync("s");
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        var resumed = await broker.ConnectAsync("s", expiry: 0);
        Assert.True(resumed.SessionPresent);
        Assert.Equal(0, broker.Store.SessionCount);
        await broker.RestartAsync(crash: true);

        Assert.Equal(0, broker.Current.Broker.SessionCount);
    }
}
