using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Strings and integers of section 1.5.</summary>
public sealed class Section12TextTests
{
    // A stray byte, an overlong form, both surrogates' range ends, beyond U+10FFFF, a character cut off.
    private static readonly string[] IllFormed = ["C328", "C080", "EDA080", "EDBFBF", "F4908080", "61E282"];
    private static readonly string[] WithNull = ["00", "610062"];
    private static readonly ProtocolVersion[] Standards = [ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50];

    public static TheoryData<ProtocolVersion, string> IllFormedStrings => Versions.With(Standards, IllFormed);

    public static TheoryData<ProtocolVersion, string> StringsWithNull => Versions.With(Standards, WithNull);

    public static TheoryData<ProtocolVersion, string> AllWrongStrings => Versions.With(Standards, [.. IllFormed, .. WithNull]);

    [Theory]
    [MemberData(nameof(IllFormedStrings))]
    [Statement("MQTT-1.5.4-1")]
    [Statement("MQTT-1.5.3-1 v3.1.1")]
    public Task TopicOrFilter_IllFormed_ClosesAndNobodySeesIt(ProtocolVersion version, string text) => CheckTopicsAsync(version, text);

    [Theory]
    [MemberData(nameof(StringsWithNull))]
    [Statement("MQTT-1.5.4-2")]
    [Statement("MQTT-1.5.3-2 v3.1.1")]
    public Task TopicOrFilter_WithNull_ClosesAndNobodySeesIt(ProtocolVersion version, string text) => CheckTopicsAsync(version, text);

    [Theory]
    [MemberData(nameof(AllWrongStrings))]
    [Statement("MQTT-3.1.3-4")]
    [Statement("MQTT-3.1.3-11")]
    [Statement("MQTT-3.1.3-12")]
    [Statement("MQTT-3.1.3-4 v3.1.1")]
    [Statement("MQTT-3.1.3-10 v3.1.1")]
    [Statement("MQTT-3.1.3-11 v3.1.1")]
    public async Task Connect_WrongString_IsRefused(ProtocolVersion version, string text)
    {
        await using var broker = await TestBroker.StartAsync();
        var wrong = Raw.Field(Raw.Hex(text));
        byte[][] packets =
        [
            Raw.Connect(version, Raw.CleanStart, [], wrong),
            Raw.Connect(version, Raw.CleanStart | Raw.Will, [], Raw.Field("c"), Raw.BlockOf(version), wrong, Raw.Field("payload")),
            Raw.Connect(version, Raw.CleanStart | Raw.UserName, [], Raw.Field("c"), wrong),
        ];
        foreach (var packet in packets)
        {
            var client = await broker.OpenAsync(version, packet);
            await client.ExpectRefusedAsync(ReasonCode.MalformedPacket);
        }

        // Binary fields are not strings.
        var binary = Raw.Connect(
            version, Raw.CleanStart | Raw.Will | Raw.UserName | Raw.Password, [], Raw.Field("c"), Raw.BlockOf(version), Raw.Field("w"), wrong, Raw.Field("u"), wrong);
        var accepted = await broker.OpenAsync(version, binary);
        Assert.Equal(0, (await accepted.ReceiveAsync())[3]);
    }

    [Theory]
    [InlineData("03")]
    [InlineData("08")]
    [Statement("MQTT-1.5.4-1")]
    [Statement("MQTT-3.3.2-13")]
    [Statement("MQTT-3.3.2-19")]
    public async Task Publish_IllFormedStringProperty_IsMalformed(string property)
    {
        foreach (var text in IllFormed) await ExpectMalformedPublishAsync([.. Raw.Hex(property), .. Raw.Field(Raw.Hex(text))]);
        foreach (var text in WithNull) await ExpectMalformedPublishAsync([.. Raw.Hex(property), .. Raw.Field(Raw.Hex(text))]);
    }

    [Fact]
    [Statement("MQTT-1.5.7-1")]
    public async Task UserProperty_WrongNameOrValue_IsMalformed()
    {
        foreach (var text in (string[])[.. IllFormed, .. WithNull])
        {
            var wrong = Raw.Field(Raw.Hex(text));
            await ExpectMalformedPublishAsync([0x26, .. wrong, .. Raw.Field("value")]);
            await ExpectMalformedPublishAsync([0x26, .. Raw.Field("name"), .. wrong]);
        }
    }

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-1.5.4-3")]
    [Statement("MQTT-1.5.3-3 v3.1.1")]
    public async Task ByteOrderMark_InTopicAndClientId_IsACharacter(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var with = await broker.ConnectAsync("\uFEFFc", version);
        var without = await broker.ConnectAsync("c", version);
        await with.SubscribeAsync("\uFEFFt");
        await without.SubscribeAsync("t");

        await without.PublishAsync("\uFEFFt", "m");

        Assert.Equal("\uFEFFt", (await with.ReceivePublishAsync()).Topic);
        await without.ExpectNothingAsync();
        await without.PublishAsync("t", "m");
        Assert.Equal("t", (await without.ReceivePublishAsync()).Topic);
        await with.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("30 87 00 0001 74 00 6D 6D 6D", "Remaining Length")]
    [InlineData("30 07 0001 74 80 00 6D 6D", "Property Length")]
    [InlineData("82 0B 0001 83 00 0B 81 00 0001 74 00", "Property Length of SUBSCRIBE")]
    [InlineData("82 0A 0001 03 0B 81 00 0001 74 00", "Subscription Identifier")]
    [InlineData("30 09 0001 74 80 80 80 80 01 6D", "five bytes")]
    [Statement("MQTT-1.5.5-1")]
    public async Task VariableByteInteger_NotShortest_IsMalformed(string packet, string where)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");

        await client.SendAsync(packet);

        Assert.NotNull(where);
        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
    }

    private static async Task CheckTopicsAsync(ProtocolVersion version, string text)
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await broker.ConnectAsync("witness", version);
        await witness.SubscribeAsync("#");
        var wrong = Raw.Field(Raw.Hex(text));
        byte[][] packets =
        [
            Raw.Packet(0x30, wrong, Raw.BlockOf(version), Raw.Utf8("m")),
            Raw.Packet(0x82, Raw.Hex("0001"), Raw.BlockOf(version), wrong, [0]),
            Raw.Packet(0xA2, Raw.Hex("0001"), Raw.BlockOf(version), wrong),
        ];
        foreach (var packet in packets)
        {
            var client = await broker.ConnectAsync("c", version);
            await client.SendAsync(packet);
            await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
        }

        await witness.ExpectNothingAsync();
    }

    private static async Task ExpectMalformedPublishAsync(byte[] property)
    {
        await using var broker = await TestBroker.StartAsync();
        var witness = await broker.ConnectAsync("witness");
        await witness.SubscribeAsync("#");
        var client = await broker.ConnectAsync("c");
        await client.PublishAsync("t", "m", properties: property);
        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
        await witness.ExpectNothingAsync();
    }
}
