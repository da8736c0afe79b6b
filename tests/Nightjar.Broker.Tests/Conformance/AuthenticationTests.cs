using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>AUTH (§3.15) and enhanced authentication (§4.12).</summary>
public sealed class AuthenticationTests
{
    private static readonly string Method = Bytes.Property(0x15, "CHALLENGE");

    [Fact]
    [Statement("MQTT-4.12.0-2")]
    [Statement("MQTT-4.12.0-3")]
    [Statement("MQTT-4.12.0-5")]
    [Statement("MQTT-3.15.2-1")]
    public async Task Exchange_WithTheRightAnswers_EndsInAConnAckWithTheSameMethod()
    {
        await using var broker = await StartAsync();
        var client = await broker.OpenAsync();
        await client.SendAsync(Bytes.Connect5("c", Method + Bytes.Property(0x16, "hello")));
        Assert.Equal(Auth(0x18, "question"), Convert.ToHexString(await client.ReceiveAsync()));
        await client.SendAsync(Bytes.Hex(Auth(0x18, "more")));
        Assert.Equal(Auth(0x18, "again"), Convert.ToHexString(await client.ReceiveAsync()));
        await client.SendAsync(Bytes.Hex(Auth(0x18, "right")));
        var connAck = await client.ReceiveAsync();
        Assert.Equal(ConnAckMethod("welcome"), AuthenticationOf(connAck));
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("SCRAM-SHA-1")]
    [InlineData("challenge")]
    [InlineData("")]
    [Statement("MQTT-4.12.0-1")]
    public async Task Connect_WithAnUnknownMethod_IsRefusedWith8C(string method)
    {
        await using var broker = await StartAsync();
        var client = await broker.OpenAsync();
        await client.SendAsync(Bytes.Connect5("c", Bytes.Property(0x15, method)));
        await client.ExpectAsync("20 03 00 8C 00");
        await client.ExpectClosedAsync();
    }

    [Theory]
    [InlineData("banned", null, "8A")]
    [InlineData("hello", "wrong", "87")]
    [Statement("MQTT-4.12.0-4")]
    [Statement("MQTT-4.13.2-1")]
    public async Task Exchange_RefusedAtAnyStep_EndsInARefusalAndClose(string first, string? second, string code)
    {
        await using var broker = await StartAsync();
        var client = await broker.OpenAsync();
        await client.SendAsync(Bytes.Connect5("c", Method + Bytes.Property(0x16, first)));
        if (second is not null)
        {
            await client.ReceiveAsync();
            await client.SendAsync(Bytes.Hex(Auth(0x18, second)));
        }

        await client.ExpectAsync($"20 03 00 {code} 00");
        await client.ExpectClosedAsync();
        Assert.Equal(0, broker.Broker.SessionCount);
    }

    [Theory]
    [InlineData(0x19, "CHALLENGE")]
    [InlineData(0x00, "CHALLENGE")]
    [InlineData(0x18, "OTHER")]
    [Statement("MQTT-4.12.0-3")]
    [Statement("MQTT-4.12.0-5")]
    public async Task Exchange_AnsweredWithAnotherCodeOrMethod_IsAProtocolError(byte code, string method)
    {
        await using var broker = await StartAsync();
        var client = await broker.OpenAsync();
        await client.SendAsync(Bytes.Connect5("c", Method));
        await client.ReceiveAsync();
        await client.SendAsync(Bytes.Hex(Auth(code, "right", method)));
        await client.ExpectAsync("20 03 00 82 00");
        await client.ExpectClosedAsync();
    }

    [Fact]
    [Statement("MQTT-4.12.0-6")]
    [Statement("MQTT-4.12.0-7")]
    public async Task Connect_WithoutMethod_GetsNoAuthAndMaySendNone()
    {
        await using var broker = await StartAsync();
        var client = await broker.ConnectAsync("c");
        Assert.Equal("", AuthenticationOf(client.ConnAck));
        await client.ExpectNothingAsync();
        await client.SendAsync(Bytes.Hex(Auth(0x19, "hello")));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    [Statement("MQTT-4.12.1-1")]
    [Statement("MQTT-4.12.0-2")]
    [Statement("MQTT-4.12.0-5")]
    [Statement("MQTT-3.15.2-1")]
    public async Task ReAuthentication_WithTheRightAnswer_EndsInAuth00WhileMessagesGoOn()
    {
        await using var broker = await StartAsync();
        var client = await ConnectedAsync(broker);
        await client.SubscribeAsync("a");
        for (var round = 0; round < 2; round++)
        {
            await client.SendAsync(Bytes.Hex(Auth(0x19, "hello")));
            Assert.Equal(Auth(0x18, "question"), Convert.ToHexString(await client.ReceiveAsync()));
            // Between the steps everything else goes on.
            broker.Broker.Publish("a", "m"u8);
            Assert.Equal("m", (await client.ReceivePublishAsync()).Payload);
            await client.ExpectNothingAsync();
            await client.SendAsync(Bytes.Hex(Auth(0x18, "right")));
            Assert.Equal(Auth(0x00, "welcome"), Convert.ToHexString(await client.ReceiveAsync()));
            await client.ExpectNothingAsync();
        }
    }

    [Fact]
    public async Task ReAuthentication_SentTogetherWithOtherPackets_HoldsNoneOfThemUp()
    {
        await using var broker = await StartAsync();
        var client = await ConnectedAsync(broker);
        await client.SendAsync((byte[])[.. Bytes.Hex(Auth(0x19, "hello")), 0xC0, 0, .. Bytes.Hex(Auth(0x18, "right")), 0xC0, 0]);
        Assert.Equal(Auth(0x18, "question"), Convert.ToHexString(await client.ReceiveAsync()));
        await client.ExpectAsync("D0 00");
        Assert.Equal(Auth(0x00, "welcome"), Convert.ToHexString(await client.ReceiveAsync()));
        await client.ExpectAsync("D0 00");
    }

    [Theory]
    [InlineData("hello", "wrong")]
    [InlineData("hello", "other")]
    [InlineData("banned", null)]
    [Statement("MQTT-4.12.1-2")]
    [Statement("MQTT-4.13.2-1")]
    [Statement("MQTT-3.14.2-1")]
    public async Task ReAuthentication_ThatFails_EndsInDisconnect87AndClose(string first, string? second)
    {
        await using var broker = await StartAsync();
        var client = await ConnectedAsync(broker);
        await client.SendAsync(Bytes.Hex(Auth(0x19, first)));
        if (second is not null)
        {
            await client.ReceiveAsync();
            await client.SendAsync(Bytes.Hex(Auth(0x18, second)));
        }

        // 0x8A, which the method says of the banned, is no code of DISCONNECT.
        await client.ExpectDisconnectAsync(ReasonCode.NotAuthorized);
    }

    [Theory]
    [InlineData(0x18, "CHALLENGE")]
    [InlineData(0x00, "CHALLENGE")]
    [InlineData(0x19, "OTHER")]
    [Statement("MQTT-4.12.1-1")]
    [Statement("MQTT-4.12.0-5")]
    public async Task ReAuthentication_BegunWithAnotherCodeOrMethod_IsAProtocolError(byte code, string method)
    {
        await using var broker = await StartAsync();
        var client = await ConnectedAsync(broker);
        await client.SendAsync(Bytes.Hex(Auth(code, "hello", method)));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    [Statement("MQTT-3.15.1-1")]
    public async Task Auth_WithFlags_IsMalformed()
    {
        await using var broker = await StartAsync();
        for (var flags = 1; flags < 16; flags++)
        {
            var client = await ConnectedAsync(broker);
            var packet = Bytes.Hex(Auth(0x19, "hello"));
            packet[0] |= (byte)flags;
            await client.SendAsync(packet);
            await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
        }
    }

    [Theory]
    [InlineData(0x01)]
    [InlineData(0x04)]
    [InlineData(0x17)]
    [InlineData(0x1A)]
    [InlineData(0x80)]
    [InlineData(0x87)]
    [InlineData(0xFF)]
    [Statement("MQTT-3.15.2-1")]
    public async Task Auth_WithAnotherThanItsCodes_IsAProtocolError(byte code)
    {
        await using var broker = await StartAsync();
        var client = await ConnectedAsync(broker);
        await client.SendAsync(Bytes.Hex(Auth(code, "hello")));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData(100, true, true)]
    [InlineData(60, true, false)]
    [InlineData(100, false, false)]
    [Statement("MQTT-3.15.2-2")]
    [Statement("MQTT-3.15.2-3")]
    public async Task AuthFromTheBroker_HasAReasonStringWhereItIsWantedAndFits(int maximumPacketSize, bool wanted, bool sent)
    {
        var reason = new string('r', 40);
        await using var broker = await TestBroker.StartAsync(methods: [new ChallengeMethod { ReasonString = reason }]);
        var client = await broker.OpenAsync();
        await client.SendAsync(Bytes.Connect5("c", $"27 {maximumPacketSize:X8} 17 {(wanted ? "01" : "00")} {Method}"));
        var packet = await client.ReceiveAsync();
        Assert.True(packet.Length <= maximumPacketSize);
        Assert.Equal(Auth(0x18, "question", reason: sent ? reason : null), Convert.ToHexString(packet));
    }

    [Fact]
    [Statement("MQTT-3.15.2-2")]
    public async Task AuthFromTheBroker_ThatIsTooLargeForTheClient_EndsTheConnectionInstead()
    {
        await using var broker = await TestBroker.StartAsync(methods: [new ChallengeMethod { Question = new string('q', 100) }]);
        var client = await broker.OpenAsync();
        await client.SendAsync(Bytes.Connect5("c", $"27 00000064 {Method}"));
        await client.ExpectAsync("20 03 00 95 00");
        await client.ExpectClosedAsync();
    }

    private static Task<TestBroker> StartAsync() => TestBroker.StartAsync(methods: [new ChallengeMethod()]);

    private static async Task<WireClient> ConnectedAsync(TestBroker broker)
    {
        var client = await broker.OpenAsync();
        await client.SendAsync(Bytes.Connect5("c", Method));
        await client.ReceiveAsync();
        await client.SendAsync(Bytes.Hex(Auth(0x18, "right")));
        client.ConnAck = await client.ReceiveAsync();
        Assert.Equal(0, client.ConnAck[3]);
        return client;
    }

    /// <summary>A whole AUTH, as hexadecimal.</summary>
    private static string Auth(byte code, string data, string method = "CHALLENGE", string? reason = null)
    {
        var properties = Bytes.Property(0x15, method) + (data.Length > 0 ? Bytes.Property(0x16, data) : "") + (reason is null ? "" : Bytes.Property(0x1F, reason));
        return Convert.ToHexString(Bytes.Packet(0xF0, [code], Bytes.Block(properties)));
    }

    private static string ConnAckMethod(string data) => Method + Bytes.Property(0x16, data);

    /// <summary>Method and data of a CONNACK, as hexadecimal properties.</summary>
    private static string AuthenticationOf(byte[] connAck)
    {
        Assert.Equal(ReadStatus.Complete, FrameReader.TryRead(connAck, int.MaxValue, out var frame, out _));
        Assert.True(ConnAckPacket.TryRead(frame, ProtocolVersion.Mqtt50, out var packet, out _));
        return packet.HasAuthenticationMethod
            ? Bytes.Property(0x15, System.Text.Encoding.UTF8.GetString(packet.AuthenticationMethod)) + Bytes.Property(0x16, System.Text.Encoding.UTF8.GetString(packet.AuthenticationData))
            : "";
    }
}
