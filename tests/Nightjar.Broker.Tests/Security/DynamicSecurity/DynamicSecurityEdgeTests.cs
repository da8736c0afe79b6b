using Nightjar.Broker.Configuration;
using Nightjar.Broker.Security;
using Nightjar.Broker.Tests.Security.AccessLists;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>Each edge at which a message could get past a change of dynamic security, one by one: who is connected stays, and loses exactly what it lost.</summary>
public sealed class DynamicSecurityEdgeTests : IDisposable
{
    private static readonly string[] s_everything =
        ["publishClientSend allow #", "publishClientReceive allow #", "subscribePattern allow #"];

    private readonly DynamicSecurityWorld _world = new(s_everything);
    private SteppedBroker? _made;

    // Made by the test and not with it: the broker takes away the synchronisation context that it is made under.
    private SteppedBroker Broker => _made ??= new SteppedBroker(new BrokerOptions { SysInterval = TimeSpan.Zero }, _world.Service.CreateAuthorizer());

    public void Dispose() => _made?.Dispose();

    [Fact]
    public void LiveDelivery_AfterAChange_StopsForTheTopicAndGoesOnForTheOthers()
    {
        var reader = Reader("r");
        Assert.True(reader.Subscribe("#"));
        Publish("a", "1");
        Publish("b", "1");
        Assert.Equal([("a", "1"), ("b", "1")], reader.Take());
        _world.SetRules([.. s_everything, "publishClientReceive deny a 1"]);
        Publish("a", "2");
        Publish("b", "2");
        Assert.Equal([("b", "2")], reader.Take());
        _world.SetRules(s_everything);
        Publish("a", "3");
        Assert.Equal([("a", "3")], reader.Take());
        Assert.True(reader.IsConnected);
    }

    [Fact]
    public void LiveDelivery_AfterTheClientChanges_IsJudgedByTheClientAsItIsNow()
    {
        var reader = Reader("r");
        Assert.True(reader.Subscribe("#"));
        _world.SetClient("bob", bob => bob with { Roles = [] });
        Publish("a", "1");
        Assert.Empty(reader.Take());
        _world.SetClient("bob", bob => bob with { Roles = [new("r", -1)] });
        Publish("a", "2");
        Assert.Equal([("a", "2")], reader.Take());
    }

    [Fact]
    public void Publish_OnAConnectionThatMight_IsDeniedFromTheChangeOn()
    {
        var publisher = Connect("p", "bob");
        Assert.Equal(0x10, Send(publisher, "a"));
        _world.SetRules();
        Assert.Equal(0x87, Send(publisher, "a"));
        _world.SetRules(s_everything);
        Assert.Equal(0x10, Send(publisher, "a"));
    }

    [Fact]
    public void Queue_OfAnOfflineSession_GivesNothingThatIsDeniedNow()
    {
        var reader = Reader("r", 1000);
        reader.Subscribe("#");
        reader.End();
        Publish("a", "1");
        Publish("b", "2");
        _world.SetRules([.. s_everything, "publishClientReceive deny a 1"]);
        Publish("a", "3");
        reader.Connect(cleanStart: false);
        Assert.Equal([("b", "2")], reader.Take());
    }

    [Fact]
    public void Queue_OfAConnectedClient_IsJudgedWhenItIsSent()
    {
        var reader = Connect("r", "bob", receiveMaximum: 1);
        reader.Subscribe("+", QualityOfService.AtLeastOnce);
        Publish("a", "sent");
        Publish("a", "waits");
        Publish("b", "waits");
        _world.SetRules([.. s_everything, "publishClientReceive deny a 1"]);
        SteppedBroker.Settle(reader);
        Assert.Equal(2, reader.Received);
    }

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public void InFlight_AtReconnect_IsNotSentAgainWhenItIsDeniedNow(QualityOfService qos)
    {
        var reader = Connect("r", "bob", sessionExpiry: 1000);
        reader.Subscribe("#", qos);
        Publish("a", "1", qos: qos);
        Publish("b", "2", qos: qos);
        Assert.NotEqual(0, reader.Connection.Sent.Length);
        reader.Connection.End();
        _world.SetRules([.. s_everything, "publishClientReceive deny a 1"]);
        var again = Connect("r", "bob", sessionExpiry: 1000, cleanStart: false);
        SteppedBroker.Settle(again);
        Assert.Equal(1, again.Received);
        // The places are free again: what comes next is not held up.
        Publish("b", "3", qos: qos);
        SteppedBroker.Settle(again);
        Assert.Equal(2, again.Received);
    }

    [Fact]
    public void Retained_AtSubscribe_ComesOnlyToWhoMayReadItNow()
    {
        Publish("a", "kept", retain: true);
        Publish("b", "too", retain: true);
        _world.SetRules([.. s_everything, "publishClientReceive deny a 1"]);
        var reader = Reader("r");
        Assert.True(reader.Subscribe("#"));
        Assert.Equal([("b", "too")], reader.Take());
    }

    [Fact]
    public void Retained_OfAWriterWhoIsDeleted_IsNotShown()
    {
        _world.SetClient("eve", eve => eve with { Roles = [new("r", -1)] });
        Publish("a", "kept", retain: true, userName: "eve");
        var reader = Reader("r");
        Assert.True(reader.Subscribe("a"));
        Assert.Equal([("a", "kept")], reader.Take());
        _world.SetClient("eve", _ => null);
        Assert.True(reader.Subscribe("a"));
        Assert.Empty(reader.Take());
    }

    [Fact]
    public void Will_WhoseRightHasGone_DoesNotFire()
    {
        var reader = Reader("r");
        reader.Subscribe("a");
        var first = Connect("w1", "bob", will: new TestWill("a", "1", QualityOfService.AtLeastOnce));
        var second = Connect("w2", "bob", will: new TestWill("a", "2", QualityOfService.AtLeastOnce));
        first.Connection.End();
        _world.SetRules("publishClientReceive allow #");
        second.Connection.End();
        Assert.Equal([("a", "1")], reader.Take());
    }

    [Fact]
    public void Will_OfADisabledClient_DoesNotFireAfterItsDelay()
    {
        _world.SetClient("eve", eve => eve with { Roles = [new("r", -1)] });
        var reader = Reader("r");
        reader.Subscribe("a");
        var client = Connect("w", "eve", sessionExpiry: 100, will: new TestWill("a", "1", QualityOfService.AtLeastOnce, Properties: [0x18, 0, 0, 0, 10]));
        client.Connection.End();
        _world.SetClient("eve", eve => eve with { IsDisabled = true });
        Broker.Advance(TimeSpan.FromSeconds(11));
        Assert.Empty(reader.Take());
    }

    [Fact]
    public void SharedSubscription_ChoosesAMemberThatMayReadNow()
    {
        _world.SetClient("eve", eve => eve with { Roles = [new("r", -1)] });
        _world.SetRole("a", s_everything);
        var bob = Reader("s1");
        var nameless = new AccessReader(Broker, new Identity("s2", null, null), 0);
        nameless.Connect();
        Assert.True(bob.Subscribe("$share/g/a"));
        Assert.True(nameless.Subscribe("$share/g/a"));
        _world.SetRules("publishClientSend allow #");
        for (var i = 0; i < 4; i++) Publish("a", $"{i}", userName: "eve");
        Assert.Empty(bob.Take());
        Assert.Equal(4, nameless.Take().Count);
        _world.SetRole("a");
        Publish("a", "nobody", userName: "eve");
        Assert.Empty(nameless.Take());
    }

    [Fact]
    public void Subscribe_AndUnsubscribe_AreJudgedByTheRulesOfNow()
    {
        _world.SetRules("subscribeLiteral allow a/#", "subscribePattern deny a/#", "unsubscribeLiteral deny a/#");
        var reader = Reader("r");
        Assert.True(reader.Subscribe("a/#"));
        Assert.False(reader.Subscribe("a/b"));
        var client = Connect("u", "bob");
        client.Subscribe("a/#", QualityOfService.AtMostOnce);
        client.Feed(WirePackets.Unsubscribe(client.Version, 3, "a/#"));
        Assert.Equal([0xB0, 4, 0, 3, 0, 0x87], client.Connection.Sent.ToArray());
        client.Connection.ClearSent();
        _world.SetRules();
        client.Feed(WirePackets.Unsubscribe(client.Version, 4, "a/#"));
        Assert.Equal([0xB0, 4, 0, 4, 0, 0], client.Connection.Sent.ToArray());
    }

    [Fact]
    public void Subscription_OverASecret_IsGrantedAndTheSecretIsNotDelivered()
    {
        _world.SetRules("publishClientSend allow #", "subscribePattern allow topic/#", "publishClientReceive allow topic/#", "publishClientReceive deny topic/secret 1");
        var reader = Reader("r");
        Assert.True(reader.Subscribe("topic/#"));
        Publish("topic/secret", "no");
        Publish("topic/open", "yes");
        Assert.Equal([("topic/open", "yes")], reader.Take());
    }

    [Theory]
    [InlineData(false, 0x87)]
    [InlineData(true, 0x87)]
    public void Control_WithoutARuleForIt_IsDeniedByDefault(bool retain, int code)
    {
        _world.Replace(
            _world.State with { DefaultAccess = new(true, true, true, true) }, new() { DefaultAccess = true });
        _world.SetRules();
        var client = Connect("p", "bob");
        Assert.Equal(0x10, Send(client, "a"));
        Assert.Equal(code, Send(client, "$CONTROL/dynamic-security/v1", retain));
        Assert.Equal(code, Send(client, "$CONTROL", retain));
        client.Feed(WirePackets.Subscribe(client.Version, 1, "$CONTROL/#", QualityOfService.AtMostOnce));
        Assert.Equal(0x87, client.Connection.Sent[^1]);
    }

    [Fact]
    public void Control_Retained_IsDeniedThoughThereIsARule()
    {
        _world.SetRules("publishClientSend allow $CONTROL/#", "publishClientReceive allow $CONTROL/#");
        var client = Connect("p", "bob");
        Assert.Equal(0x87, Send(client, "$CONTROL/nothing/v1", retain: true));
    }

    [Fact]
    public void Control_AsAWill_IsRefusedThoughThereIsARule()
    {
        _world.SetRules("publishClientSend allow $CONTROL/#");
        var connect = WirePackets.Connect(
            ProtocolVersion.Mqtt50, "w", userName: "bob", will: new TestWill("$CONTROL/dynamic-security/v1", "{}", QualityOfService.AtMostOnce));
        Broker.TryConnect(connect, ProtocolVersion.Mqtt50, out var code);
        Assert.Equal(ReasonCode.NotAuthorized, code);
    }

    [Fact]
    public void Control_UnknownEndpoint_IsSaidToTheSenderAlone()
    {
        _world.SetRules("publishClientSend allow $CONTROL/#", "publishClientReceive allow $CONTROL/#", "subscribePattern allow $CONTROL/#");
        var other = Reader("other");
        Assert.True(other.Subscribe("$CONTROL/#"));
        var sender = Connect("p", "bob");
        sender.Feed(WirePackets.Publish(sender.Version, "$CONTROL/nothing/v1", "{}", QualityOfService.AtMostOnce));
        var publish = ReceivedPublish.Read(sender.Connection.Sent.ToArray(), ProtocolVersion.Mqtt50);
        Assert.Equal(("$CONTROL/nothing/v1/response", """{"error":"endpoint not available"}""", QualityOfService.AtMostOnce, false), (publish.Topic, publish.Payload, publish.QoS, publish.Retain));
        Assert.Empty(other.Take());
    }

    [Fact]
    public void Control_UnknownEndpoint_IsNotSaidToWhoMayNotReadIt()
    {
        _world.SetRules("publishClientSend allow $CONTROL/#");
        var sender = Connect("p", "bob");
        sender.Feed(WirePackets.Publish(sender.Version, "$CONTROL/nothing/v1", "{}", QualityOfService.AtMostOnce));
        Assert.Equal(0, sender.Connection.Sent.Length);
    }

    private SteppedClient Connect(string clientId, string? userName, uint sessionExpiry = 0, ushort receiveMaximum = 0, TestWill? will = null, bool cleanStart = true)
    {
        var connect = WirePackets.Connect(ProtocolVersion.Mqtt50, clientId, cleanStart, sessionExpiry, 0, receiveMaximum, userName: userName, will: will);
        var client = Broker.TryConnect(connect, ProtocolVersion.Mqtt50, out var code);
        Assert.Equal(ReasonCode.Success, code);
        if (cleanStart) client.Connection.ClearSent();
        return client;
    }

    private AccessReader Reader(string clientId, uint expiry = 0)
    {
        var reader = new AccessReader(Broker, new Identity(clientId, "bob", null), expiry);
        reader.Connect();
        return reader;
    }

    private void Publish(string topic, string payload, bool retain = false, QualityOfService qos = QualityOfService.AtLeastOnce, string userName = "bob")
    {
        var publisher = Connect("publisher " + userName, userName);
        publisher.Feed(WirePackets.Publish(publisher.Version, topic, payload, qos, retain: retain));
        publisher.Connection.End();
    }

    // The code of PUBACK; without one it is success.
    private static int Send(SteppedClient client, string topic, bool retain = false)
    {
        client.Connection.ClearSent();
        client.Feed(WirePackets.Publish(client.Version, topic, "x", QualityOfService.AtLeastOnce, retain: retain));
        var sent = client.Connection.Sent;
        Assert.Equal(PacketType.PubAck, (PacketType)(sent[0] >> 4));
        var code = sent.Length > 4 ? sent[4] : 0;
        client.Connection.ClearSent();
        return code;
    }
}
