using System.Text;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Shared subscriptions (§4.8.2).</summary>
public sealed class SharedSubscriptionTests
{
    [Theory]
    [InlineData("$share//a")]
    [InlineData("$share/g")]
    [InlineData("$share/g/")]
    [InlineData("$share/g+/a")]
    [InlineData("$share/+/a")]
    [InlineData("$share/#/a")]
    [InlineData("$share/#")]
    [InlineData("$share/g#/a")]
    [InlineData("$share/g/a#")]
    [InlineData("$share/g/#/a")]
    [Statement("MQTT-4.8.2-1")]
    [Statement("MQTT-4.8.2-2")]
    public async Task Subscribe_WithAShareThatIsNotWellFormed_IsRefused(string filter)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.SendAsync(WirePackets.Subscribe(ProtocolVersion.Mqtt50, 1, filter, QualityOfService.AtMostOnce));
        await client.ExpectDisconnectAsync(ReasonCode.TopicFilterInvalid);
    }

    [Theory]
    [InlineData("$share/g/a", "a")]
    [InlineData("$share/x/#", "a/b")]
    [InlineData("$share/g//", "/")]
    [InlineData("$share/$x/+/b", "a/b")]
    [InlineData("$share/é ü/a", "a")]
    [Statement("MQTT-4.8.2-1")]
    [Statement("MQTT-4.8.2-2")]
    public async Task Subscribe_WithAWellFormedShare_ReceivesWhatTheFilterMatches(string filter, string topic)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        Assert.Equal(1, await client.SubscribeAsync(filter, QualityOfService.AtLeastOnce));
        broker.Broker.Publish(topic, "m"u8);
        Assert.Equal(topic, (await client.ReceivePublishAsync()).Topic);
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task Messages_ToReadyMembers_GoRoundRobinOneCopyEach(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var members = new List<WireClient>();
        foreach (var name in new[] { "m1", "m2", "m3" })
        {
            var member = await broker.ConnectAsync(name, version);
            await member.SubscribeAsync("$share/g/a/#");
            members.Add(member);
        }

        var plain = await broker.ConnectAsync("plain", version);
        await plain.SubscribeAsync("a/#");
        var otherGroup = await broker.ConnectAsync("other", version);
        await otherGroup.SubscribeAsync("$share/h/a/#");
        for (var i = 0; i < 9; i++) broker.Broker.Publish("a/b", Encoding.UTF8.GetBytes($"{i}"));
        for (var i = 0; i < 9; i++) Assert.Equal($"{i}", (await members[i % 3].ReceivePublishAsync()).Payload);
        for (var i = 0; i < 9; i++) Assert.Equal($"{i}", (await plain.ReceivePublishAsync()).Payload);
        for (var i = 0; i < 9; i++) Assert.Equal($"{i}", (await otherGroup.ReceivePublishAsync()).Payload);
        foreach (var client in members) await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-4.8.2-3")]
    public async Task Messages_ToMembersOfDifferentQoS_RespectTheGrantOfTheChosen()
    {
        await using var broker = await TestBroker.StartAsync();
        var granted = Enum.GetValues<QualityOfService>();
        var members = new List<WireClient>();
        foreach (var qos in granted)
        {
            var member = await broker.ConnectAsync($"m{qos}");
            await member.SubscribeAsync("$share/g/a", qos);
            members.Add(member);
        }

        for (var i = 0; i < 6; i++)
        {
            broker.Broker.Publish("a", "m"u8, QualityOfService.ExactlyOnce);
            Assert.Equal(granted[i % 3], (await members[i % 3].ReceiveAndAcknowledgeAsync()).QoS);
        }
    }

    [Fact]
    public async Task Messages_WithAStuckMember_GoToTheOthers()
    {
        await using var broker = await TestBroker.StartAsync();
        var stuck = await broker.ConnectAsync("stuck", receiveMaximum: 1);
        var quick = await broker.ConnectAsync("quick");
        await stuck.SubscribeAsync("$share/g/a", QualityOfService.AtLeastOnce);
        await quick.SubscribeAsync("$share/g/a", QualityOfService.AtLeastOnce);
        for (var i = 0; i < 10; i++)
        {
            broker.Broker.Publish("a", Encoding.UTF8.GetBytes($"{i}"), QualityOfService.AtLeastOnce);
            // The first goes to the one that never acknowledges; from then on its window is full.
            if (i == 0) Assert.Equal("0", (await stuck.ReceivePublishAsync()).Payload);
            else Assert.Equal($"{i}", (await quick.ReceiveAndAcknowledgeAsync()).Payload);
            await quick.ExpectNothingAsync();
        }

        await stuck.ExpectNothingAsync();
    }

    [Fact]
    public async Task Messages_WithAnOfflineMember_GoToTheOthersAndWaitWhenThereIsNone()
    {
        await using var broker = await TestBroker.StartAsync();
        var offline = await DurableAsync(broker, "offline");
        var online = await DurableAsync(broker, "online");
        await offline.SubscribeAsync("$share/g/a", QualityOfService.AtLeastOnce);
        await online.SubscribeAsync("$share/g/a", QualityOfService.AtLeastOnce);
        await offline.DisconnectAsync();
        await broker.WaitForConnectionsAsync(1);
        for (var i = 0; i < 4; i++)
        {
            broker.Broker.Publish("a", Encoding.UTF8.GetBytes($"{i}"), QualityOfService.AtLeastOnce);
            Assert.Equal($"{i}", (await online.ReceiveAndAcknowledgeAsync()).Payload);
        }

        await online.ExpectNothingAsync();
        await online.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        for (var i = 4; i < 6; i++) broker.Broker.Publish("a", Encoding.UTF8.GetBytes($"{i}"), QualityOfService.AtLeastOnce);
        broker.Broker.Publish("a", "lost at QoS 0"u8);
        offline = await DurableAsync(broker, "offline");
        online = await DurableAsync(broker, "online");
        var waited = new List<string> { (await offline.ReceiveAndAcknowledgeAsync()).Payload, (await online.ReceiveAndAcknowledgeAsync()).Payload };
        Assert.Equal(["4", "5"], waited.Order());
        await offline.ExpectNothingAsync();
        await online.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-4.8.2-4")]
    public async Task QoS2_WhoseChosenMemberGoesOffline_IsCompletedToItOnReconnect()
    {
        await using var broker = await TestBroker.StartAsync();
        var (chosen, other) = await PairAsync(broker);
        broker.Broker.Publish("a", "m"u8, QualityOfService.ExactlyOnce);
        Assert.Equal("m", (await chosen.ReceivePublishAsync()).Payload);
        chosen.Abort();
        await broker.WaitForConnectionsAsync(1);
        await other.ExpectNothingAsync();
        chosen = await DurableAsync(broker, "chosen");
        var again = await chosen.ReceivePublishAsync();
        Assert.Equal(("m", true, (ushort)1), (again.Payload, again.Dup, again.PacketId));
        await chosen.SendAsync("50 02 0001");
        await chosen.ExpectAsync("62 02 0001");
        chosen.Abort();
        await broker.WaitForConnectionsAsync(1);
        chosen = await DurableAsync(broker, "chosen");
        await chosen.ExpectAsync("62 02 0001");
        await chosen.SendAsync("70 02 0001");
        await chosen.ExpectNothingAsync();
        await other.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-4.8.2-5")]
    public async Task QoS2InFlight_WhenTheSessionOfTheChosenEnds_GoesToNobody()
    {
        await using var broker = await TestBroker.StartAsync();
        var (chosen, other) = await PairAsync(broker);
        broker.Broker.Publish("a", "m"u8, QualityOfService.ExactlyOnce);
        Assert.Equal("m", (await chosen.ReceivePublishAsync()).Payload);
        chosen.Abort();
        await broker.WaitForConnectionsAsync(1);
        broker.Advance(TimeSpan.FromSeconds(101));
        Assert.Equal(1, broker.Broker.SessionCount);
        await other.ExpectNothingAsync();
        chosen = await DurableAsync(broker, "chosen");
        Assert.False(chosen.SessionPresent);
        await chosen.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task QoS1InFlight_WhenTheSessionOfTheChosenEnds_GoesToAnotherMember(bool byTime)
    {
        await using var broker = await TestBroker.StartAsync();
        var (chosen, other) = await PairAsync(broker, byTime ? 100u : 0);
        broker.Broker.Publish("a", "m"u8, QualityOfService.AtLeastOnce);
        Assert.Equal("m", (await chosen.ReceivePublishAsync()).Payload);
        await other.ExpectNothingAsync();
        chosen.Abort();
        await broker.WaitForConnectionsAsync(1);
        if (byTime)
        {
            await other.ExpectNothingAsync();
            broker.Advance(TimeSpan.FromSeconds(101));
        }

        var publish = await other.ReceiveAndAcknowledgeAsync();
        Assert.Equal(("m", false, QualityOfService.AtLeastOnce), (publish.Payload, publish.Dup, publish.QoS));
    }

    [Fact]
    public async Task QueuedMessages_WhenTheSessionOfTheChosenEnds_GoToAnotherMember()
    {
        await using var broker = await TestBroker.StartAsync();
        var waiting = await DurableAsync(broker, "waiting");
        await waiting.SubscribeAsync("$share/g/a", QualityOfService.ExactlyOnce);
        await waiting.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        broker.Broker.Publish("a", "1"u8, QualityOfService.AtLeastOnce);
        broker.Broker.Publish("a", "2"u8, QualityOfService.ExactlyOnce);
        var other = await broker.ConnectAsync("other");
        await other.SubscribeAsync("$share/g/a", QualityOfService.ExactlyOnce);
        await other.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromSeconds(101));
        Assert.Equal("1", (await other.ReceiveAndAcknowledgeAsync()).Payload);
        // It was never sent, so the rule of QoS 2 in flight does not bind it.
        Assert.Equal("2", (await other.ReceiveAndAcknowledgeAsync()).Payload);
    }

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce, "40")]
    [InlineData(QualityOfService.ExactlyOnce, "50")]
    [Statement("MQTT-4.8.2-6")]
    public async Task Message_ThatTheChosenRefuses_IsDiscarded(QualityOfService qos, string type)
    {
        await using var broker = await TestBroker.StartAsync();
        var (chosen, other) = await PairAsync(broker);
        broker.Broker.Publish("a", "m"u8, qos);
        await chosen.ReceivePublishAsync();
        await chosen.SendAsync($"{type} 03 0001 80");
        await chosen.ExpectNothingAsync();
        await other.ExpectNothingAsync();

        // Nor does it come back when the session of the chosen ends.
        await chosen.DisconnectAsync();
        await broker.WaitForConnectionsAsync(1);
        broker.Advance(TimeSpan.FromSeconds(101));
        await other.ExpectNothingAsync();
    }

    private static Task<WireClient> DurableAsync(TestBroker broker, string clientId, uint expiry = 100) =>
        broker.ConnectAsync(clientId, cleanStart: false, sessionExpiry: expiry);

    /// <summary>Two members; the first message goes to the first.</summary>
    private static async Task<(WireClient Chosen, WireClient Other)> PairAsync(TestBroker broker, uint expiry = 100)
    {
        var chosen = await DurableAsync(broker, "chosen", expiry);
        var other = await broker.ConnectAsync("other");
        await chosen.SubscribeAsync("$share/g/a", QualityOfService.ExactlyOnce);
        await other.SubscribeAsync("$share/g/a", QualityOfService.ExactlyOnce);
        return (chosen, other);
    }
}
