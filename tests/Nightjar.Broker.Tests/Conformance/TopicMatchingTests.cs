using System.Text;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Topic names and topic filters (§4.7).</summary>
public sealed class TopicMatchingTests
{
    public static TheoryData<ProtocolVersion> Versions => [ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50];

    [Theory]
    [MemberData(nameof(Versions))]
    [Statement("MQTT-4.7.1-1")]
    [Statement("MQTT-4.7.1-2")]
    [Statement("MQTT-4.7.1-2 v3.1.1")]
    [Statement("MQTT-4.7.1-3 v3.1.1")]
    [Statement("MQTT-3.8.3-2 v3.1.1")]
    public async Task Wildcards_MatchAsTheExamplesOfTheStandardSay(ProtocolVersion version)
    {
        (string Filter, string[] Matching, string[] Others)[] rows =
        [
            ("sport/tennis/player1/#", ["sport/tennis/player1", "sport/tennis/player1/ranking", "sport/tennis/player1/score/wimbledon"], ["sport/tennis", "sport/tennis/player10"]),
            ("sport/#", ["sport", "sport/", "sport/a/b/c"], ["sports", "Sport"]),
            ("#", ["a", "/", "a/b"], ["$SYS/a", "$a"]),
            ("sport/tennis/+", ["sport/tennis/player1", "sport/tennis/"], ["sport/tennis", "sport/tennis/player1/ranking"]),
            ("+", ["finance"], ["/finance", "a/b"]),
            ("+/+", ["/finance", "/", "a/b"], ["finance", "//"]),
            ("/+", ["/finance", "/"], ["finance", "//"]),
            ("sport/+/player1", ["sport/x/player1", "sport//player1"], ["sport/player1"]),
            ("+/tennis/#", ["sport/tennis", "sport/tennis/a", "/tennis"], ["tennis", "a/b/tennis"]),
        ];
        await using var broker = await TestBroker.StartAsync();
        foreach (var (filter, matching, others) in rows)
        {
            var client = await broker.ConnectAsync("c", version);
            Assert.Equal(0, await client.SubscribeAsync(filter));
            foreach (var topic in matching)
            {
                Assert.Equal(ReasonCode.Success, broker.Broker.Publish(topic, "m"u8));
                Assert.Equal(topic, (await client.ReceivePublishAsync()).Topic);
            }

            foreach (var topic in others) Assert.Equal(ReasonCode.NoMatchingSubscribers, broker.Broker.Publish(topic, "m"u8));
            await client.ExpectNothingAsync();
            await client.DisconnectAsync();
            await broker.WaitForConnectionsAsync(0);
        }
    }

    [Theory]
    [InlineData("sport/tennis#")]
    [InlineData("sport/tennis/#/ranking")]
    [InlineData("#/a")]
    [InlineData("##")]
    [InlineData("a/##")]
    [InlineData("sport+")]
    [InlineData("+a/b")]
    [InlineData("a/b+/c")]
    [InlineData("a/++")]
    [InlineData("a/+#")]
    [Statement("MQTT-4.7.1-1")]
    [Statement("MQTT-4.7.1-2")]
    [Statement("MQTT-4.7.1-2 v3.1.1")]
    [Statement("MQTT-4.7.1-3 v3.1.1")]
    public async Task Filter_WithAMisplacedWildcard_IsRefused(string filter)
    {
        await using var broker = await TestBroker.StartAsync();
        foreach (var version in new[] { ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50 })
        {
            var client = await broker.ConnectAsync("c", version);
            await client.SendAsync(WirePackets.Subscribe(version, 1, filter, QualityOfService.AtMostOnce));
            await client.ExpectDisconnectAsync(ReasonCode.TopicFilterInvalid);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Statement("MQTT-4.7.0-1")]
    [Statement("MQTT-4.7.1-1 v3.1.1")]
    public async Task TopicName_WithAWildcard_IsRefused(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        foreach (var topic in new[] { "#", "+", "a/#", "a/+/b", "a+", "#a" })
        {
            var client = await broker.ConnectAsync("c", version);
            await client.PublishAsync(topic, "m");
            await client.ExpectDisconnectAsync(ReasonCode.TopicNameInvalid);
        }

        Assert.Throws<ArgumentException>(() => broker.Broker.Publish("a/#", "m"u8));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Statement("MQTT-4.7.2-1")]
    [Statement("MQTT-4.7.2-1 v3.1.1")]
    public async Task FiltersThatBeginWithAWildcard_DoNotMatchDollarTopics(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Broker.Publish("$SYS/monitor/kept", "kept"u8, retain: true);
        foreach (var filter in new[] { "#", "+/#", "+/monitor/#", "+/monitor/+", "+" })
        {
            var client = await broker.ConnectAsync("c", version);
            await client.SubscribeAsync(filter);
            broker.Broker.Publish("$SYS/monitor/Clients", "m"u8);
            broker.Broker.Publish("$own/monitor/Clients", "m"u8);
            broker.Broker.Publish("$", "m"u8);
            await client.ExpectNothingAsync();
            await client.DisconnectAsync();
        }

        foreach (var filter in new[] { "$SYS/#", "$SYS/monitor/+", "$SYS/+/Clients" })
        {
            var client = await broker.ConnectAsync("c", version);
            await client.SubscribeAsync(filter, retainHandling: RetainHandling.DoNotSend);
            if (version == ProtocolVersion.Mqtt311 && filter != "$SYS/+/Clients") Assert.True((await client.ReceivePublishAsync()).Retain);
            broker.Broker.Publish("$SYS/monitor/Clients", "m"u8);
            Assert.Equal("$SYS/monitor/Clients", (await client.ReceivePublishAsync()).Topic);
            await client.ExpectNothingAsync();
            await client.DisconnectAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Statement("MQTT-4.7.3-1")]
    [Statement("MQTT-4.7.3-1 v3.1.1")]
    public async Task TopicNameAndFilter_OfNoCharacters_AreRefused(ProtocolVersion version)
    {
        var block = version == ProtocolVersion.Mqtt50 ? "00" : "";
        await using var broker = await TestBroker.StartAsync();
        foreach (var packet in new[]
        {
            Bytes.Packet(0x82, Bytes.Hex($"0001 {block} 0000 00")),
            Bytes.Packet(0xA2, Bytes.Hex($"0001 {block} 0000")),
            Bytes.Packet(0x30, Bytes.Hex($"0000 {block} 6D")),
        })
        {
            var client = await broker.ConnectAsync("c", version);
            await client.SendAsync(packet);
            if (version == ProtocolVersion.Mqtt50) Assert.Equal(PacketType.Disconnect, (PacketType)((await client.ReceiveAsync())[0] >> 4));
            await client.ExpectClosedAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Statement("MQTT-4.7.3-2")]
    [Statement("MQTT-4.7.3-2 v3.1.1")]
    public async Task TopicNameAndFilter_WithU0000_AreRefused(ProtocolVersion version)
    {
        var block = version == ProtocolVersion.Mqtt50 ? "00" : "";
        await using var broker = await TestBroker.StartAsync();
        foreach (var packet in new[]
        {
            Bytes.Packet(0x82, Bytes.Hex($"0001 {block} 0003 610062 00")),
            Bytes.Packet(0xA2, Bytes.Hex($"0001 {block} 0003 610062")),
            Bytes.Packet(0x30, Bytes.Hex($"0003 610062 {block} 6D")),
        })
        {
            var client = await broker.ConnectAsync("c", version);
            await client.SendAsync(packet);
            await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Statement("MQTT-4.7.3-3")]
    [Statement("MQTT-4.7.3-3 v3.1.1")]
    public async Task TopicName_Of65535Bytes_IsDelivered(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        var topic = new string('t', 65_535);
        await client.SubscribeAsync(topic);
        await client.PublishAsync(topic, "exact");
        Assert.Equal(topic, (await client.ReceivePublishAsync()).Topic);
        await client.UnsubscribeAsync(topic);
        await client.SubscribeAsync("#");
        await client.PublishAsync(topic, "wild");
        Assert.Equal(topic, (await client.ReceivePublishAsync()).Topic);
        Assert.Throws<ArgumentException>(() => broker.Broker.Publish(topic + "t", "m"u8));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Statement("MQTT-4.7.3-4")]
    [Statement("MQTT-4.7.3-4 v3.1.1")]
    public async Task Matching_ComparesBytesAndNormalisesNothing(ProtocolVersion version)
    {
        // Case; composed and decomposed é; leading, trailing and double slashes; blanks; a byte order mark; full-width letters.
        string[] topics = ["ACCOUNTS", "accounts", "Accounts", "caf\u00E9", "cafe\u0301", "/a", "a", "a/", "a//b", "a/b", "a /b", "\uFEFFa", "\uFF41", "\u212B", "\u00C5"];
        await using var broker = await TestBroker.StartAsync();
        foreach (var filter in topics)
        {
            var client = await broker.ConnectAsync("c", version);
            await client.SubscribeAsync(filter);
            foreach (var topic in topics)
            {
                var expected = topic == filter ? ReasonCode.Success : ReasonCode.NoMatchingSubscribers;
                Assert.True(expected == broker.Broker.Publish(topic, "m"u8), $"{filter} and {topic}");
            }

            Assert.Equal(Encoding.UTF8.GetBytes(filter), Encoding.UTF8.GetBytes((await client.ReceivePublishAsync()).Topic));
            await client.ExpectNothingAsync();
            await client.DisconnectAsync();
            await broker.WaitForConnectionsAsync(0);
        }
    }
}
