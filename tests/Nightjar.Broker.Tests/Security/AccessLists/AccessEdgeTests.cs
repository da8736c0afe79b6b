using Nightjar.Broker.Configuration;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.AccessLists;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Security.AccessLists;

/// <summary>The one gate: each edge at which a message could get past the rules, one by one, most of them after the right has gone.</summary>
public sealed class AccessEdgeTests : IDisposable
{
    private const string Everything = "topic #";
    private SteppedBroker? _made;

    // Made by the test and not with it: the broker takes away the synchronisation context that it is made under.
    private SteppedBroker Broker => _made ??= new SteppedBroker(new BrokerOptions { SysInterval = TimeSpan.Zero }, Rules(Everything));

    public void Dispose() => _made?.Dispose();

    [Fact]
    public void LiveDelivery_AfterARevocation_StopsAndComesBackWithTheRight()
    {
        var reader = Reader("r");
        Assert.True(reader.Subscribe("a/b"));
        Publish("a/b", "1");
        Assert.Equal([("a/b", "1")], reader.Take());
        Replace("topic write #");
        Publish("a/b", "2");
        Assert.Empty(reader.Take());
        Replace(Everything);
        Publish("a/b", "3");
        Assert.Equal([("a/b", "3")], reader.Take());
    }

    [Fact]
    public void Publish_OnAConnectionThatMight_IsDeniedFromTheReloadOn()
    {
        var reader = Reader("r");
        reader.Subscribe("a");
        var publisher = Broker.Connect("p");
        publisher.Feed(WirePackets.Publish(publisher.Version, "a", "1", QualityOfService.AtLeastOnce));
        Assert.Equal(0, CodeOf(publisher));
        Replace("topic read #");
        publisher.Feed(WirePackets.Publish(publisher.Version, "a", "2", QualityOfService.AtLeastOnce));
        Assert.Equal(0x87, CodeOf(publisher));
        Assert.Equal([("a", "1")], reader.Take());
    }

    [Fact]
    public void Publish_ByTopicAlias_IsJudgedAsItsTopic()
    {
        var reader = Reader("r");
        reader.Subscribe("a");
        var publisher = Broker.Connect("p");
        publisher.Feed(WirePackets.Publish(publisher.Version, "a", "1", QualityOfService.AtLeastOnce, properties: [0x23, 0, 1]));
        Replace("topic read #");
        publisher.Connection.ClearSent();
        publisher.Feed(WirePackets.Publish(publisher.Version, "", "2", QualityOfService.AtLeastOnce, properties: [0x23, 0, 1]));
        Assert.Equal(0x87, CodeOf(publisher));
        Assert.Equal([("a", "1")], reader.Take());
    }

    [Fact]
    public void PubRel_AfterARevocation_EndsTheHandshakeOfAMessageThatWentOnAtPublish()
    {
        var reader = Reader("r");
        reader.Subscribe("a");
        var publisher = Broker.Connect("p");
        publisher.Feed(WirePackets.Publish(publisher.Version, "a", "1", QualityOfService.ExactlyOnce, 7));
        Assert.Equal([("a", "1")], reader.Take());
        Replace("topic read #");
        publisher.Connection.ClearSent();
        publisher.Feed(WirePackets.Ack(PacketType.PubRel, 7, publisher.Version));
        Assert.Equal([0x70, 2, 0, 7], publisher.Connection.Sent.ToArray());
        Assert.Empty(reader.Take());
    }

    [Fact]
    public void Will_WithoutTheRightAtConnect_IsRefusedWithTheConnect()
    {
        Replace("topic read #", "topic write b");
        var connect = WirePackets.Connect(ProtocolVersion.Mqtt50, "w", will: new TestWill("a", "gone", QualityOfService.AtMostOnce));
        Broker.TryConnect(connect, ProtocolVersion.Mqtt50, out var code);
        Assert.Equal(ReasonCode.NotAuthorized, code);
        Assert.Equal(0, Broker.Broker.SessionCount);
    }

    [Fact]
    public void Will_WhoseRightHasGone_DoesNotFire()
    {
        var reader = Reader("r");
        reader.Subscribe("a");
        var first = Broker.Connect("w1", will: new TestWill("a", "1", QualityOfService.AtLeastOnce));
        var second = Broker.Connect("w2", will: new TestWill("a", "2", QualityOfService.AtLeastOnce));
        first.Connection.End();
        Replace("topic read #");
        second.Connection.End();
        Assert.Equal([("a", "1")], reader.Take());
    }

    [Fact]
    public void Will_WithADelay_IsJudgedWhenItFires()
    {
        var reader = Reader("r");
        reader.Subscribe("a");
        var client = Broker.Connect("w", sessionExpiry: 100, will: new TestWill("a", "1", QualityOfService.AtLeastOnce, Properties: [0x18, 0, 0, 0, 10]));
        client.Connection.End();
        Replace("topic read #");
        Broker.Advance(TimeSpan.FromSeconds(11));
        Assert.Empty(reader.Take());
    }

    [Fact]
    public void Retained_AtSubscribe_ComesOnlyToWhoMayReadIt()
    {
        Publish("a/b", "kept", retain: true);
        Publish("a/c", "too", retain: true);
        Replace("topic write #", "topic read a/c");
        var reader = Reader("r");
        Assert.True(reader.Subscribe("a/#"));
        Assert.Equal([("a/c", "too")], reader.Take());
    }

    [Fact]
    public void Retained_OfAWriterWhoseRightHasGone_IsNotShown()
    {
        Publish("a", "kept", retain: true);
        Replace("topic read #");
        var reader = Reader("r");
        Assert.True(reader.Subscribe("a"));
        Assert.Empty(reader.Take());
        Replace(Everything);
        Assert.True(reader.Subscribe("a"));
        Assert.Equal([("a", "kept")], reader.Take());
    }

    [Fact]
    public void Queue_OfAnOfflineSession_GivesNothingThatMayNoLongerBeRead()
    {
        var reader = Reader("r", 1000);
        reader.Subscribe("#");
        reader.End();
        Publish("a", "1");
        Publish("b", "2");
        Replace("topic write #", "topic read b");
        Publish("a", "3");
        Replace("topic write #", "topic read b");
        reader.Connect(cleanStart: false);
        Assert.Equal([("b", "2")], reader.Take());
    }

    [Fact]
    public void Queue_OfAConnectedClient_IsJudgedWhenItIsSent()
    {
        var reader = Broker.Connect("r", receiveMaximum: 1);
        reader.Subscribe("a", QualityOfService.AtLeastOnce);
        Publish("a", "sent");
        Publish("a", "waits");
        Replace("topic write #");
        Assert.True(reader.Answer());
        Assert.False(reader.Answer());
        Assert.Equal(1, reader.Received);
        Replace(Everything);
        Publish("a", "new");
        Assert.True(reader.Answer());
        Assert.Equal(2, reader.Received);
    }

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public void InFlight_AtReconnect_IsNotSentAgainWhenItMayNoLongerBeRead(QualityOfService qos)
    {
        var reader = Broker.Connect("r", sessionExpiry: 1000);
        reader.Subscribe("#", qos);
        Publish("a", "1", qos: qos);
        Publish("b", "2", qos: qos);
        Assert.NotEqual(0, reader.Connection.Sent.Length);
        reader.Connection.End();
        Replace("topic write #", "topic read b");
        var again = Broker.TryConnect(WirePackets.Connect(ProtocolVersion.Mqtt50, "r", cleanStart: false, sessionExpiry: 1000), ProtocolVersion.Mqtt50, out _);
        SteppedBroker.Settle(again);
        Assert.Equal(1, again.Received);
        // The places are free again: what comes next is not held up.
        Publish("b", "3", qos: qos);
        SteppedBroker.Settle(again);
        Assert.Equal(2, again.Received);
    }

    [Fact]
    public void SharedSubscription_IsJudgedByItsFilterAndChoosesAMemberThatMayRead()
    {
        Replace("topic write #", "topic read other", "user bob", "topic read a");
        var anonymous = Reader("s1");
        var bob = new AccessReader(Broker, new Identity("s2", "bob", null), 0);
        bob.Connect();
        Assert.False(anonymous.Subscribe("$share/g/a"));
        Assert.True(bob.Subscribe("$share/g/a"));
        Replace(Everything, "user bob", "topic read a");
        Assert.True(anonymous.Subscribe("$share/g/a"));
        Replace("topic write #", "user bob", "topic read a");
        for (var i = 0; i < 4; i++) Publish("a", $"{i}");
        Assert.Equal(4, bob.Take().Count);
        Assert.Empty(anonymous.Take());
        Replace("topic write #");
        Publish("a", "nobody");
        Assert.Empty(bob.Take());
        Assert.Empty(anonymous.Take());
    }

    [Fact]
    public void SharedSubscription_WhoseMemberEnds_GivesItsMessageToNobodyWhoMayNotRead()
    {
        var first = Broker.Connect("s1");
        first.Subscribe("$share/g/a", QualityOfService.AtLeastOnce);
        Publish("a", "1");
        var second = Reader("s2");
        second.Subscribe("$share/g/a");
        Replace("topic write #");
        first.Connection.End();
        Assert.Empty(second.Take());
    }

    [Fact]
    public void Session_ResumedWithoutTheUserName_IsJudgedAsWhoResumesIt()
    {
        Replace("topic write #", "user bob", "topic a", "topic read b");
        var reader = new AccessReader(Broker, new Identity("r", "bob", null), 1000);
        reader.Connect();
        reader.Subscribe("a");
        reader.Subscribe("b");
        Publish("a", "1");
        Assert.Single(reader.Take());
        reader.End();
        Publish("b", "waits");
        reader.Identity = reader.Identity with { UserName = null };
        reader.Connect(cleanStart: false);
        Publish("a", "2");
        Assert.Empty(reader.Take());
        reader.End();
        reader.Identity = reader.Identity with { UserName = "bob" };
        reader.Connect(cleanStart: false);
        Publish("a", "3");
        Assert.Equal([("a", "3")], reader.Take());
    }

    [Fact]
    public void Subscription_GrantedBefore_StaysAndMayBeGivenBack()
    {
        var reader = Broker.Connect("r");
        reader.Subscribe("a", QualityOfService.AtMostOnce);
        Replace("topic write #");
        reader.Feed(WirePackets.Unsubscribe(reader.Version, 3, "a"));
        Assert.Equal([0xB0, 4, 0, 3, 0, 0], reader.Connection.Sent.ToArray());
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt50, 0x87)]
    [InlineData(ProtocolVersion.Mqtt311, 0x80)]
    public void Subscribe_ToWhatCanNeverCome_IsRefused(ProtocolVersion version, byte code)
    {
        Replace("topic read a/+");
        var client = Broker.Connect("r", version);
        client.Feed(WirePackets.Subscribe(version, 1, "b/#", QualityOfService.AtLeastOnce));
        Assert.Equal(code, client.Connection.Sent[^1]);
        client.Feed(WirePackets.Subscribe(version, 2, "#", QualityOfService.AtLeastOnce));
        Assert.Equal(1, client.Connection.Sent[^1]);
        Broker.Broker.ReplaceAuthorizer(AccessList.Parse(["topic read a/+"], "f", strict: true).Compile());
        client.Feed(WirePackets.Subscribe(version, 3, "b/#", QualityOfService.AtLeastOnce));
        Assert.Equal(1, client.Connection.Sent[^1]);
    }

    [Theory]
    [InlineData("$SYS/broker/uptime", 0x87)]
    [InlineData("$CONTROL/dynamic-security/v1", 0x87)]
    [InlineData("$SYS/broker/connection/c/state", 0x10)]
    [InlineData("$SYS/broker/connection/c/x/state", 0x87)]
    [InlineData("$else", 0x10)]
    public void Publish_BelowTheBrokersOwnTopics_IsDeniedWhateverTheFileSays(string topic, int code)
    {
        Replace("topic $SYS/#", "topic $CONTROL/#", "topic $else");
        var client = Broker.Connect("p");
        client.Feed(WirePackets.Publish(client.Version, topic, "x", QualityOfService.AtLeastOnce));
        Assert.Equal(code, CodeOf(client));
    }

    [Fact]
    public void Application_InTheSameProcess_IsNotAsked()
    {
        Replace();
        var seen = 0;
        using (Broker.Broker.Subscribe("a", (in Nightjar.Broker.Sessions.ReceivedMessage _) => seen++))
            Broker.Broker.Publish("a", "x"u8);
        Assert.Equal(1, seen);
    }

    private static IAuthorizer Rules(params string[] lines) => AccessList.Parse(lines, "f").Compile();

    private void Replace(params string[] lines) => Broker.Broker.ReplaceAuthorizer(Rules(lines));

    private AccessReader Reader(string clientId, uint expiry = 0)
    {
        var reader = new AccessReader(Broker, new Identity(clientId, null, null), expiry);
        reader.Connect();
        return reader;
    }

    private void Publish(string topic, string payload, bool retain = false, QualityOfService qos = QualityOfService.AtLeastOnce)
    {
        var publisher = Broker.Connect("publisher");
        publisher.Feed(WirePackets.Publish(publisher.Version, topic, payload, qos, retain: retain));
        publisher.Connection.End();
    }

    // PUBACK without a reason code is success.
    private static int CodeOf(SteppedClient client)
    {
        var sent = client.Connection.Sent;
        Assert.Equal(PacketType.PubAck, (PacketType)(sent[0] >> 4));
        var code = sent.Length > 4 ? sent[4] : 0;
        client.Connection.ClearSent();
        return code;
    }
}
