using Nightjar.Broker.Security;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>UNSUBSCRIBE and UNSUBACK (§3.10, §3.11).</summary>
public sealed class UnsubscribeTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-3.10.1-1")]
    [Statement("MQTT-3.10.1-1 v3.1.1")]
    public async Task Unsubscribe_WithOtherFlagsThan0010_IsMalformed(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        for (var flags = 0; flags < 16; flags++)
        {
            if (flags == 2) continue;
            var client = await broker.ConnectAsync("c", version);
            var packet = WirePackets.Unsubscribe(version, 1, "a");
            packet[0] = (byte)(0xA0 | flags);
            await client.SendAsync(packet);
            await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
        }
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, "A2 05 0001 0001 FF")]
    [InlineData(ProtocolVersion.Mqtt50, "A2 06 0001 00 0001 FF")]
    [InlineData(ProtocolVersion.Mqtt311, "A2 05 0001 0001 00")]
    [InlineData(ProtocolVersion.Mqtt50, "A2 06 0001 00 0001 00")]
    [InlineData(ProtocolVersion.Mqtt311, "A2 06 0001 0001 61 00")]
    [Statement("MQTT-3.10.3-1")]
    [Statement("MQTT-3.10.3-1 v3.1.1")]
    public async Task Unsubscribe_WithFiltersThatAreNotPackedUtf8_IsMalformed(ProtocolVersion version, string packet)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SendAsync(packet);
        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31, "A2 02 0001")]
    [InlineData(ProtocolVersion.Mqtt311, "A2 02 0001")]
    [InlineData(ProtocolVersion.Mqtt50, "A2 03 0001 00")]
    [Statement("MQTT-3.10.3-2")]
    [Statement("MQTT-3.10.3-2 v3.1.1")]
    public async Task Unsubscribe_WithoutFilters_IsAProtocolError(ProtocolVersion version, string packet)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SendAsync(packet);
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-3.10.4-1")]
    [Statement("MQTT-3.10.4-2")]
    [Statement("MQTT-3.10.4-1 v3.1.1")]
    [Statement("MQTT-3.10.4-2 v3.1.1")]
    public async Task Unsubscribe_FromAFilter_EndsExactlyThatOne(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("a/b", QualityOfService.AtLeastOnce);
        // None of these is that filter, though some match the same topics.
        foreach (var filter in new[] { "a/+", "a/#", "#", "+/b", "A/b", "a/b/", "/a/b", "a//b", "a", "a/b/#", "$share/g/a/b" })
        {
            var ack = await client.UnsubscribeAsync(filter);
            if (version == ProtocolVersion.Mqtt50) Assert.Equal(0x11, ack[^1]);
            broker.Broker.Publish("a/b", "live"u8, QualityOfService.AtLeastOnce);
            Assert.Equal("live", (await client.ReceiveAndAcknowledgeAsync()).Payload);
        }

        await client.UnsubscribeAsync("a/b");
        Assert.Equal(ReasonCode.NoMatchingSubscribers, broker.Broker.Publish("a/b", "gone"u8, QualityOfService.AtLeastOnce));
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    [Statement("MQTT-3.10.4-2")]
    [Statement("MQTT-3.10.4-3")]
    [Statement("MQTT-3.10.4-2 v3.1.1")]
    [Statement("MQTT-3.10.4-3 v3.1.1")]
    public async Task Unsubscribe_WithMessagesInFlight_CompletesThem(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("a", QualityOfService.ExactlyOnce);
        broker.Broker.Publish("a", "once"u8, QualityOfService.AtLeastOnce);
        broker.Broker.Publish("a", "exactly"u8, QualityOfService.ExactlyOnce);
        await client.ReceivePublishAsync();
        await client.ReceivePublishAsync();
        await client.UnsubscribeAsync("a");
        broker.Broker.Publish("a", "gone"u8, QualityOfService.ExactlyOnce);
        await client.ExpectNothingAsync();
        await client.SendAsync("50 02 0002");
        await client.ExpectAsync("62 02 0002");

        // Even over a reconnect: what was being sent goes on to its end.
        client.Abort();
        await broker.WaitForConnectionsAsync(0);
        client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 100);
        var publish = await client.ReceivePublishAsync();
        Assert.Equal(("once", true, (ushort)1), (publish.Payload, publish.Dup, publish.PacketId));
        await client.ExpectAsync("62 02 0002");
        await client.SendAsync("40 02 0001 70 02 0002");
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [Statement("MQTT-3.10.4-4 v3.1.1")]
    [Statement("MQTT-3.10.4-5 v3.1.1")]
    [Statement("MQTT-3.10.4-6 v3.1.1")]
    public async Task UnsubAck_BeforeVersion5_EchoesTheIdWhetherOrNotAnythingEnded(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("a");
        await client.SubscribeAsync("b");
        await client.SendAsync(WirePackets.Unsubscribe(version, 0x1234, "never"));
        await client.ExpectAsync("B0 02 1234");
        await client.SendAsync(WirePackets.Unsubscribe(version, 0xFFFF, "a", "never", "b"));
        await client.ExpectAsync("B0 02 FFFF");
        Assert.Equal(ReasonCode.NoMatchingSubscribers, broker.Broker.Publish("a", "m"u8));
        Assert.Equal(ReasonCode.NoMatchingSubscribers, broker.Broker.Publish("b", "m"u8));
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.10.4-4")]
    [Statement("MQTT-3.10.4-5")]
    [Statement("MQTT-3.10.4-6")]
    [Statement("MQTT-3.11.3-1")]
    [Statement("MQTT-3.11.3-2")]
    public async Task UnsubAck_InVersion5_HasOneListedCodeForEachFilterInOrder()
    {
        await using var broker = await TestBroker.StartAsync(authorizer: new DenyUnsubscribe());
        var client = await broker.ConnectAsync("c");
        foreach (var filter in new[] { "a", "b", "$share/g/c", "fixed" }) await client.SubscribeAsync(filter);
        await client.SendAsync(WirePackets.Unsubscribe(ProtocolVersion.Mqtt50, 0x1234, "never"));
        await client.ExpectAsync("B0 04 1234 00 11");
        // A sequence: the second "a" meets a filter that is gone by then.
        await client.SendAsync(WirePackets.Unsubscribe(ProtocolVersion.Mqtt50, 0xFFFF, "a", "never", "$share/g/c", "c", "a", "fixed", "b"));
        await client.ExpectAsync("B0 0A FFFF 00 00 11 00 11 11 87 00");
        foreach (var topic in new[] { "a", "b", "c" }) Assert.Equal(ReasonCode.NoMatchingSubscribers, broker.Broker.Publish(topic, "m"u8));
        Assert.Equal(ReasonCode.Success, broker.Broker.Publish("fixed", "m"u8));
        Assert.Equal("m", (await client.ReceivePublishAsync()).Payload);
    }

    private sealed class DenyUnsubscribe : IAuthorizer
    {
        public bool May(Identity identity, AccessAction action, ReadOnlySpan<byte> topic) =>
            action != AccessAction.Unsubscribe || !topic.SequenceEqual("fixed"u8);
    }
}
