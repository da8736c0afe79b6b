using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Form of CONNECT, section 3.1: what is in it, what must not be, and what the broker answers.</summary>
public sealed class Section31ConnectTests
{
    private static readonly ProtocolVersion[] Standards = [ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50];

    public static TheoryData<string> OtherPackets =>
    [
        "20 02 00 00", "30 03 0001 74", "30 04 0001 74 00", "32 06 0001 74 0001 00", "40 02 0001", "50 02 0001", "62 02 0001", "70 02 0001", "82 06 0001 0001 74 00", "82 07 0001 00 0001 74 00",
        "90 03 0001 00", "A2 05 0001 0001 74", "B0 02 0001", "C0 00", "D0 00", "E0 00", "F0 00", "00 00", "47 45 54 20 2F 20 48 54 54 50",
    ];

    public static TheoryData<ProtocolVersion, byte> WrongWillFlags => Versions.With<byte>(Standards, 0x0A, 0x12, 0x1A);

    [Theory]
    [MemberData(nameof(OtherPackets))]
    [Statement("MQTT-3.1.0-1")]
    [Statement("MQTT-3.1.0-1 v3.1.1")]
    public async Task FirstPacket_NotConnect_ClosesWithoutAnAnswer(string packet)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.OpenAsync();
        await client.SendAsync(packet);
        await client.ExpectClosedAsync();
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.0-2")]
    [Statement("MQTT-3.1.0-2 v3.1.1")]
    [Statement("MQTT-3.2.0-2")]
    public async Task Connect_Second_ClosesWithoutASecondConnAck(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SendAsync(WirePackets.Connect(version, "c"));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData("0004 4D515454 06")]
    [InlineData("0004 4D515454 03")]
    [InlineData("0004 4D515454 00")]
    [InlineData("0006 4D5149736470 04")]
    [InlineData("0006 4D5149736470 05")]
    [Statement("MQTT-3.1.2-2")]
    [Statement("MQTT-3.1.2-2 v3.1.1")]
    public async Task ProtocolLevel_Unknown_GetsReturnCode1(string nameAndLevel)
    {
        await using var broker = await TestBroker.StartAsync();
        var connect = Raw.Packet(0x10, Raw.Hex(nameAndLevel), Raw.Hex("02 0000"), Raw.Field("c"));
        var client = await broker.OpenAsync(ProtocolVersion.Mqtt311, connect);
        await client.ExpectAsync("20 02 00 01");
        await client.ExpectClosedAsync();
    }

    [Theory]
    [InlineData("0004 6D717474 04")]
    [InlineData("0004 4D515455 05")]
    [InlineData("0005 4D51545458 05")]
    [InlineData("0000 05")]
    [Statement("MQTT-3.1.2-1")]
    [Statement("MQTT-3.1.2-1 v3.1.1")]
    public async Task ProtocolName_Unknown_IsRefused(string nameAndLevel)
    {
        await using var broker = await TestBroker.StartAsync();
        var connect = Raw.Packet(0x10, Raw.Hex(nameAndLevel), Raw.Hex("02 0000 00"), Raw.Field("c"));
        var client = await broker.OpenAsync(ProtocolVersion.Mqtt311, [.. connect, 0xC0, 0]);
        await client.ExpectAsync("20 02 00 01");
        await client.ExpectClosedAsync();
        Assert.Equal(0, broker.Broker.SessionCount);
    }

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-3")]
    [Statement("MQTT-3.1.2-3 v3.1.1")]
    public Task ConnectFlags_ReservedBit_IsMalformed(ProtocolVersion version) => ExpectMalformedAsync(version, Raw.CleanStart | 1, Raw.Field("c"));

    [Theory]
    [MemberData(nameof(WrongWillFlags))]
    [Statement("MQTT-3.1.2-11")]
    [Statement("MQTT-3.1.2-11 v3.1.1")]
    [Statement("MQTT-3.1.2-13 v3.1.1")]
    public Task WillQoS_WithoutWill_IsMalformed(ProtocolVersion version, byte flags) => ExpectMalformedAsync(version, flags, Raw.Field("c"));

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-12")]
    [Statement("MQTT-3.1.2-14 v3.1.1")]
    public Task WillQoS_Three_IsMalformed(ProtocolVersion version) =>
        ExpectMalformedAsync(version, 0x1E, Raw.Field("c"), Raw.BlockOf(version), Raw.Field("w"), Raw.Field("m"));

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-13")]
    [Statement("MQTT-3.1.2-11 v3.1.1")]
    [Statement("MQTT-3.1.2-15 v3.1.1")]
    public Task WillRetain_WithoutWill_IsMalformed(ProtocolVersion version) => ExpectMalformedAsync(version, 0x22, Raw.Field("c"));

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-9")]
    [Statement("MQTT-3.1.2-9 v3.1.1")]
    public async Task WillFlag_FieldsMissing_IsMalformed(ProtocolVersion version)
    {
        await ExpectMalformedAsync(version, 0x06, Raw.Field("c"));
        await ExpectMalformedAsync(version, 0x06, Raw.Field("c"), Raw.BlockOf(version));
        await ExpectMalformedAsync(version, 0x06, Raw.Field("c"), Raw.BlockOf(version), Raw.Field("w"));
        if (version == ProtocolVersion.Mqtt50) await ExpectMalformedAsync(version, 0x06, Raw.Field("c"), Raw.Field("w"), Raw.Field("m"));
    }

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-11 v3.1.1")]
    public Task WillFlagZero_FieldsThere_IsMalformed(ProtocolVersion version) =>
        ExpectMalformedAsync(version, Raw.CleanStart, Raw.Field("c"), Raw.BlockOf(version), Raw.Field("w"), Raw.Field("m"));

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-16")]
    [Statement("MQTT-3.1.2-18 v3.1.1")]
    public Task UserNameFlagZero_UserNameThere_IsMalformed(ProtocolVersion version) => ExpectMalformedAsync(version, Raw.CleanStart, Raw.Field("c"), Raw.Field("u"));

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-17")]
    [Statement("MQTT-3.1.2-19 v3.1.1")]
    public Task UserNameFlag_UserNameMissing_IsMalformed(ProtocolVersion version) => ExpectMalformedAsync(version, Raw.CleanStart | Raw.UserName, Raw.Field("c"));

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-18")]
    [Statement("MQTT-3.1.2-20 v3.1.1")]
    public Task PasswordFlagZero_PasswordThere_IsMalformed(ProtocolVersion version) =>
        ExpectMalformedAsync(version, Raw.CleanStart | Raw.UserName, Raw.Field("c"), Raw.Field("u"), Raw.Field("p"));

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-19")]
    [Statement("MQTT-3.1.2-21 v3.1.1")]
    public Task PasswordFlag_PasswordMissing_IsMalformed(ProtocolVersion version) =>
        ExpectMalformedAsync(version, Raw.CleanStart | Raw.UserName | Raw.Password, Raw.Field("c"), Raw.Field("u"));

    [Fact]
    [Statement("MQTT-3.1.2-22 v3.1.1")]
    public Task PasswordFlagWithoutUserNameFlag_Version311_Closes() =>
        ExpectMalformedAsync(ProtocolVersion.Mqtt311, Raw.CleanStart | Raw.Password, Raw.Field("c"), Raw.Field("p"));

    [Fact]
    [Statement("MQTT-3.1.2-19")]
    public async Task PasswordWithoutUserName_Version5_IsAccepted()
    {
        var authenticator = new RecordingAuthenticator();
        await using var broker = await TestBroker.StartAsync(authenticator: authenticator);
        var client = await broker.OpenAsync(ProtocolVersion.Mqtt50, Raw.Connect(ProtocolVersion.Mqtt50, Raw.CleanStart | Raw.Password, [], Raw.Field("c"), Raw.Field("p")));
        Assert.Equal(0, (await client.ReceiveAsync())[3]);
        Assert.Equal(("c", null, "p"), Assert.Single(authenticator.Seen));
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.3-1")]
    [Statement("MQTT-3.1.3-1 v3.1.1")]
    [Statement("MQTT-3.1.2-17")]
    [Statement("MQTT-3.1.2-19")]
    [Statement("MQTT-3.1.2-19 v3.1.1")]
    [Statement("MQTT-3.1.2-21 v3.1.1")]
    public async Task Payload_AllFields_AreReadInTheirOrder(ProtocolVersion version)
    {
        var authenticator = new RecordingAuthenticator();
        await using var broker = await TestBroker.StartAsync(authenticator: authenticator);
        var witness = await broker.ConnectAsync("witness", version);
        await witness.SubscribeAsync("#");
        var connect = Raw.Connect(
            version, Raw.CleanStart | Raw.Will | Raw.UserName | Raw.Password, [], Raw.Field("client"), Raw.BlockOf(version, Raw.Hex("01 01")),
            Raw.Field("topic"), Raw.Field("payload"), Raw.Field("user"), Raw.Field("password"));
        var client = await broker.OpenAsync(version, connect);
        await client.ReceiveAsync();
        client.Abort();

        var will = await witness.ReceivePublishAsync();

        Assert.Equal(("topic", "payload"), (will.Topic, will.Payload));
        Assert.Contains(("client", "user", "password"), authenticator.Seen);
        if (version == ProtocolVersion.Mqtt50) Assert.Equal(Raw.Hex("01 01"), will.Properties);
    }

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.3-3")]
    [Statement("MQTT-3.1.3-3 v3.1.1")]
    [Statement("MQTT-3.1.4-1")]
    [Statement("MQTT-3.1.4-1 v3.1.1")]
    public async Task Payload_WithoutClientIdOrCutOff_IsMalformed(ProtocolVersion version)
    {
        await ExpectMalformedAsync(version, Raw.CleanStart);
        await ExpectMalformedAsync(version, Raw.CleanStart, Raw.Hex("0005 61"));
        await ExpectMalformedAsync(version, Raw.CleanStart, Raw.Field("c"), [0]);
    }

    [Fact]
    public async Task WillTopic_WithWildcard_IsRefused()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.OpenAsync(ProtocolVersion.Mqtt50, Raw.Connect(ProtocolVersion.Mqtt50, 0x06, [], Raw.Field("c"), [0], Raw.Field("a/#"), Raw.Field("m")));
        await client.ExpectRefusedAsync(ReasonCode.TopicNameInvalid);
    }

    private static async Task ExpectMalformedAsync(ProtocolVersion version, byte flags, params byte[][] payload)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.OpenAsync(version, Raw.Connect(version, flags, [], payload));
        await client.ExpectRefusedAsync(ReasonCode.MalformedPacket);
        Assert.Equal(0, broker.Broker.SessionCount);
    }
}
