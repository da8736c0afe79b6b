using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>The Will Message, section 3.1.</summary>
public sealed class Section31WillTests
{
    private static readonly TestWill Plain = new("will", "gone");

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-7")]
    [Statement("MQTT-3.1.2-8")]
    [Statement("MQTT-3.1.2-10")]
    [Statement("MQTT-3.1.2-8 v3.1.1")]
    [Statement("MQTT-3.1.2-10 v3.1.1")]
    public async Task Will_NetworkFailure_IsPublishedOnce(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await WitnessAsync(broker, version);
        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 100, will: Plain);
        await witness.ExpectNothingAsync();
        client.Abort();
        var will = await witness.ReceivePublishAsync();
        Assert.Equal(("will", "gone", QualityOfService.AtMostOnce, false), (will.Topic, will.Payload, will.QoS, will.Retain));
        await broker.WaitForConnectionsAsync(1);

        // It is gone now: neither a connection without will nor the end of the session publishes it again.
        client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 100);
        client.Abort();
        await broker.WaitForConnectionsAsync(1);
        broker.Advance(TimeSpan.FromSeconds(101));
        await witness.ExpectNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-8")]
    [Statement("MQTT-3.1.2-8 v3.1.1")]
    public async Task Will_ProtocolErrorOfTheClient_IsPublished(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await WitnessAsync(broker, version);
        var client = await broker.ConnectAsync("c", version, will: Plain);
        await client.SendAsync("D0 00");
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
        Assert.Equal("gone", (await witness.ReceivePublishAsync()).Payload);
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-10")]
    [Statement("MQTT-3.1.2-8 v3.1.1")]
    [Statement("MQTT-3.1.2-10 v3.1.1")]
    public async Task Will_Disconnect_IsRemoved(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await WitnessAsync(broker, version);
        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 100, will: Plain);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(1);
        broker.Advance(TimeSpan.FromSeconds(101));
        await witness.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.1.2-8")]
    [Statement("T3-12")]
    public async Task Will_DisconnectWithWillMessage_IsPublished()
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await WitnessAsync(broker, ProtocolVersion.Mqtt50);
        var client = await broker.ConnectAsync("c", will: Plain);
        await client.SendAsync("E0 01 04");
        Assert.Equal("gone", (await witness.ReceivePublishAsync()).Payload);
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-12 v3.1.1")]
    public async Task WillFlagZero_NetworkFailure_PublishesNothing(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await WitnessAsync(broker, version);
        var client = await broker.ConnectAsync("c", version);
        client.Abort();
        await broker.WaitForConnectionsAsync(1);
        await witness.ExpectNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-14")]
    [Statement("MQTT-3.1.2-15")]
    [Statement("MQTT-3.1.2-16 v3.1.1")]
    [Statement("MQTT-3.1.2-17 v3.1.1")]
    public async Task WillRetain_DecidesWhetherItIsRetained(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var passing = await broker.ConnectAsync("passing", version, will: new TestWill("will/passing", "p"));
        var retained = await broker.ConnectAsync("retained", version, will: new TestWill("will/retained", "r", QualityOfService.AtLeastOnce, Retain: true));
        passing.Abort();
        retained.Abort();
        await broker.WaitForConnectionsAsync(0);

        var late = await broker.ConnectAsync("late", version);
        await late.SubscribeAsync("will/+", QualityOfService.ExactlyOnce);

        var will = await late.ReceiveAndAcknowledgeAsync();
        Assert.Equal(("will/retained", "r", QualityOfService.AtLeastOnce, true), (will.Topic, will.Payload, will.QoS, will.Retain));
        await late.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    [Statement("MQTT-3.1.2-7")]
    public async Task WillQoS_IsThatOfTheMessage(QualityOfService qos)
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await WitnessAsync(broker, ProtocolVersion.Mqtt50);
        var client = await broker.ConnectAsync("c", will: new TestWill("will", "", qos));
        client.Abort();
        var will = await witness.ReceiveAndAcknowledgeAsync();
        Assert.Equal((qos, ""), (will.QoS, will.Payload));
    }

    [Fact]
    [Statement("MQTT-3.1.2-8")]
    public async Task WillDelay_IsPublishedWhenItIsOver()
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await WitnessAsync(broker, ProtocolVersion.Mqtt50);
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100, will: Delayed(10));
        client.Abort();
        await broker.WaitForConnectionsAsync(1);

        broker.Advance(TimeSpan.FromMilliseconds(9_999));
        await witness.ExpectNothingAsync();
        broker.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal("gone", (await witness.ReceivePublishAsync()).Payload);
        broker.Advance(TimeSpan.FromSeconds(100));
        await witness.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(5, 10)]
    [InlineData(5, 5)]
    [Statement("MQTT-3.1.2-8")]
    [Statement("T3-13")]
    public async Task WillDelay_LongerThanTheSession_IsPublishedAtItsEnd(uint expiry, uint delay)
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await WitnessAsync(broker, ProtocolVersion.Mqtt50);
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: expiry, will: Delayed(delay));
        client.Abort();
        await broker.WaitForConnectionsAsync(1);
        if (expiry > 0)
        {
            broker.Advance(TimeSpan.FromMilliseconds((expiry * 1000) - 1));
            await witness.ExpectNothingAsync();
            broker.Advance(TimeSpan.FromMilliseconds(200));
        }

        Assert.Equal("gone", (await witness.ReceivePublishAsync()).Payload);
        broker.Advance(TimeSpan.FromSeconds(20));
        await witness.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.1.3-9")]
    [Statement("MQTT-3.1.2-8")]
    public async Task WillDelay_ReconnectInTime_IsNotSent()
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await WitnessAsync(broker, ProtocolVersion.Mqtt50);
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100, will: Delayed(10));
        client.Abort();
        await broker.WaitForConnectionsAsync(1);
        broker.Advance(TimeSpan.FromSeconds(9));

        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);
        Assert.True(client.SessionPresent);
        broker.Advance(TimeSpan.FromSeconds(20));

        await witness.ExpectNothingAsync();
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.1.2-8")]
    public async Task WillDelay_CleanStartInTime_EndsTheSessionAndPublishes()
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await WitnessAsync(broker, ProtocolVersion.Mqtt50);
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100, will: Delayed(10));
        client.Abort();
        await broker.WaitForConnectionsAsync(1);

        await broker.ConnectAsync("c", cleanStart: true);

        Assert.Equal("gone", (await witness.ReceivePublishAsync()).Payload);
        broker.Advance(TimeSpan.FromSeconds(20));
        await witness.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(10, false)]
    [Statement("MQTT-3.1.2-8")]
    [Statement("MQTT-3.1.3-9")]
    public async Task Will_SessionTakenOver_IsPublishedUnlessDelayed(uint delay, bool published)
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await WitnessAsync(broker, ProtocolVersion.Mqtt50);
        var old = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100, will: Delayed(delay));

        await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100);

        await old.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        await broker.WaitForConnectionsAsync(2);
        if (published) Assert.Equal("gone", (await witness.ReceivePublishAsync()).Payload);
        broker.Advance(TimeSpan.FromSeconds(20));
        await witness.ExpectNothingAsync();
    }

    [Fact]
    public async Task WillOfTheNewConnection_ReplacesTheOld()
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await WitnessAsync(broker, ProtocolVersion.Mqtt50);
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100, will: Delayed(10));
        client.Abort();
        await broker.WaitForConnectionsAsync(1);
        client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 100, will: Delayed(3) with { Payload = "second" });
        client.Abort();
        await broker.WaitForConnectionsAsync(1);

        broker.Advance(TimeSpan.FromSeconds(50));

        Assert.Equal("second", (await witness.ReceivePublishAsync()).Payload);
        await witness.ExpectNothingAsync();
    }

    [Fact]
    public async Task WillExpiry_BeginsWhenTheWillIsPublished()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var offline = await broker.ConnectAsync("offline", cleanStart: false, sessionExpiry: 1000);
        await offline.SubscribeAsync("will", QualityOfService.AtLeastOnce);
        await offline.DisconnectAsync();
        var properties = Raw.Hex("18 0000000A 02 00000014");
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: 1000, will: new TestWill("will", "gone", QualityOfService.AtLeastOnce, true, properties));
        client.Abort();
        await broker.WaitForConnectionsAsync(0);
        broker.Advance(TimeSpan.FromSeconds(10.2));
        broker.Advance(TimeSpan.FromSeconds(15));

        var back = await broker.ConnectAsync("offline", cleanStart: false, sessionExpiry: 1000);
        var will = await back.ReceiveAndAcknowledgeAsync();
        Assert.Equal(("gone", 5U), (will.Payload, will.MessageExpiryInterval));
        broker.Advance(TimeSpan.FromSeconds(6));
        await back.SubscribeAsync("will", QualityOfService.AtLeastOnce);
        await back.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.1.3-10")]
    public async Task WillProperties_AreForwardedInOrderWithoutTheDelay()
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await WitnessAsync(broker, ProtocolVersion.Mqtt50);
        byte[] forwarded =
        [
            .. Raw.UserProperty("b", "1"), .. Raw.Hex("01 01"), .. Raw.UserProperty("a", "2"), 0x03, .. Raw.Field("text"), 0x08, .. Raw.Field("answer"), 0x09, .. Raw.Field(1, 2, 0),
            .. Raw.UserProperty("b", "1"), .. Raw.UserProperty("", ""),
        ];
        var client = await broker.ConnectAsync("c", sessionExpiry: 0, will: new TestWill("will", "gone", Properties: [.. Raw.Hex("18 00000005"), .. forwarded]));
        client.Abort();
        Assert.Equal(forwarded, (await witness.ReceivePublishAsync()).Properties);
    }

    private static TestWill Delayed(uint seconds) => new("will", "gone", Properties: Raw.Hex($"18 {seconds:X8}"));

    private static async Task<WireClient> WitnessAsync(TestBroker broker, ProtocolVersion version)
    {
        var witness = await broker.ConnectAsync("witness", version);
        await witness.SubscribeAsync("#", QualityOfService.ExactlyOnce);
        return witness;
    }
}
