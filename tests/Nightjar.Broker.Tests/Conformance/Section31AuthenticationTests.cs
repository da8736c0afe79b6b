using Nightjar.Broker.Security;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Authentication at CONNECT, sections 3.1.2 and 3.1.4.</summary>
public sealed class Section31AuthenticationTests
{
    private const string Method = "15 0003 666F6F";
    private static readonly ProtocolVersion[] AllVersions = [ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50];

    public static TheoryData<ProtocolVersion, ReasonCode> Refusals => Versions.With(AllVersions, ReasonCode.BadUserNameOrPassword, ReasonCode.NotAuthorized);

    [Theory]
    [MemberData(nameof(Refusals))]
    [Statement("MQTT-3.1.4-2")]
    [Statement("MQTT-3.1.4-6")]
    [Statement("MQTT-3.1.4-5 v3.1.1")]
    public async Task Connect_Rejected_NothingAfterItIsProcessed(ProtocolVersion version, ReasonCode code)
    {
        var authenticator = new RecordingAuthenticator { Refusals = { ["c"] = (code, null) } };
        await using var broker = await TestBroker.StartAsync(authenticator: authenticator);
        var witness = await broker.ConnectAsync("witness", version);
        await witness.SubscribeAsync("#");

        byte[] together = [.. WirePackets.Connect(version, "c", userName: "u"), .. WirePackets.Publish(version, "t", "m", retain: true), 0xC0, 0];
        var client = await broker.OpenAsync(version, together);

        var returnCode = code == ReasonCode.NotAuthorized ? ConnectReturnCode.NotAuthorized : ConnectReturnCode.BadUserNameOrPassword;
        await client.ExpectRefusedAsync(code, returnCode);
        await broker.WaitForConnectionsAsync(1);
        await witness.ExpectNothingAsync();
        Assert.Equal((1, 0), (broker.Broker.SessionCount, broker.Broker.RetainedCount));
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.4-5")]
    [Statement("MQTT-3.2.0-1")]
    [Statement("MQTT-3.1.4-4 v3.1.1")]
    [Statement("MQTT-3.2.0-1 v3.1.1")]
    public async Task Connect_PacketsBehindItAtOnce_AreAnsweredAfterConnAck(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Broker.Publish("t", "kept"u8, retain: true);
        byte[] together = [.. WirePackets.Connect(version, "c"), .. WirePackets.Subscribe(version, 1, "t", QualityOfService.AtMostOnce), 0xC0, 0];
        var client = await broker.OpenAsync(version, together);
        Assert.Equal(0x20, (await client.ReceiveAsync())[0]);
        Assert.Equal(0x90, (await client.ReceiveAsync())[0]);
        Assert.Equal("kept", (await client.ReceivePublishAsync()).Payload);
        await client.ExpectAsync("D0 00");
    }

    [Fact]
    [Statement("MQTT-3.1.4-2")]
    [Statement("MQTT-4.12.0-1")]
    public async Task AuthenticationMethod_Unknown_IsRefused()
    {
        await using var broker = await TestBroker.StartAsync(methods: [new EchoMethod()]);
        var client = await broker.OpenAsync(ProtocolVersion.Mqtt50, Raw.Connect(ProtocolVersion.Mqtt50, Raw.CleanStart, Raw.Hex("15 0003 626172"), Raw.Field("c")));
        await client.ExpectRefusedAsync(ReasonCode.BadAuthenticationMethod);
    }

    [Fact]
    [Statement("MQTT-3.1.4-5")]
    [Statement("MQTT-3.2.0-1")]
    [Statement("MQTT-4.12.0-2")]
    [Statement("MQTT-4.12.0-5")]
    public async Task AuthenticationExchange_GoesOnUntilConnAck()
    {
        await using var broker = await TestBroker.StartAsync(methods: [new EchoMethod()]);
        var client = await OpenExchangeAsync(broker);
        await client.SendAsync("F0 0D 18 0B" + Method + "16 0002 6F6E");
        await client.ExpectAsync("F0 0D 18 0B" + Method + "16 0002 6F6E");
        await client.SendAsync("F0 0D 18 0B" + Method + "16 0002 6F6B");
        await client.ExpectAsync("20 19 00 00 16 22 000A" + Method + "16 0002 6F6B 27 001E8480 21 0014");
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("C0 00")]
    [InlineData("30 04 0001 74 00")]
    [InlineData("82 07 0001 00 0001 74 00")]
    [InlineData("10 0E 0004 4D515454 05 02 0000 00 0001 63")]
    [InlineData("F0 0D 18 0B 15 0003 626172 16 0002 6F6B")]
    [InlineData("F0 0D 19 0B 15 0003 666F6F 16 0002 6F6B")]
    [InlineData("F0 02 18 00")]
    [Statement("MQTT-3.1.2-30")]
    [Statement("MQTT-3.1.4-6")]
    [Statement("MQTT-4.12.0-3")]
    public async Task AuthenticationExchange_AnotherPacket_IsRefused(string packet)
    {
        await using var broker = await TestBroker.StartAsync(methods: [new EchoMethod()]);
        var client = await OpenExchangeAsync(broker);
        await client.SendAsync(packet);
        await client.ExpectRefusedAsync(ReasonCode.ProtocolError);
        Assert.Equal(0, broker.Broker.SessionCount);
    }

    [Fact]
    [Statement("MQTT-3.1.2-30")]
    public async Task AuthenticationExchange_Disconnect_EndsWithoutAnAnswer()
    {
        await using var broker = await TestBroker.StartAsync(methods: [new EchoMethod()]);
        var client = await OpenExchangeAsync(broker);
        await client.SendAsync("E0 00");
        await client.ExpectClosedAsync();
        Assert.Equal(0, broker.Broker.SessionCount);
    }

    [Fact]
    [Statement("MQTT-4.12.0-4")]
    [Statement("MQTT-3.1.4-2")]
    public async Task AuthenticationExchange_Refused_ClosesWithTheCode()
    {
        await using var broker = await TestBroker.StartAsync(methods: [new EchoMethod()]);
        var client = await OpenExchangeAsync(broker);
        await client.SendAsync("F0 0D 18 0B" + Method + "16 0002 6E6F");
        await client.ExpectRefusedAsync(ReasonCode.NotAuthorized);
    }

    [Fact]
    [Statement("MQTT-4.12.0-6")]
    [Statement("MQTT-4.12.0-7")]
    public async Task AuthWithoutMethod_IsAProtocolError()
    {
        await using var broker = await TestBroker.StartAsync(methods: [new EchoMethod()]);
        var client = await broker.ConnectAsync("c");
        Assert.Equal(Raw.Hex("20 0E 00 00 0B 22 000A 27 001E8480 21 0014"), client.ConnAck);
        await client.SendAsync("F0 0D 18 0B" + Method + "16 0002 6F6B");
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    public async Task ConnectTimeout_RunsThroughTheExchange()
    {
        await using var broker = await TestBroker.StartAsync(methods: [new EchoMethod()]);
        var client = await OpenExchangeAsync(broker);
        broker.Advance(TimeSpan.FromSeconds(10.2));
        await client.ExpectClosedAsync();
    }

    private static async Task<WireClient> OpenExchangeAsync(TestBroker broker)
    {
        var connect = Raw.Connect(ProtocolVersion.Mqtt50, Raw.CleanStart, Raw.Hex(Method + "16 0002 6162"), Raw.Field("c"));
        var client = await broker.OpenAsync(ProtocolVersion.Mqtt50, connect);
        await client.ExpectAsync("F0 0D 18 0B" + Method + "16 0002 6162");
        return client;
    }

    /// <summary>Method "foo": "ok" ends it well, "no" badly, anything else is said back and it goes on.</summary>
    private sealed class EchoMethod : IAuthenticationMethod, IAuthenticationExchange
    {
        public string Name => "foo";

        public IAuthenticationExchange Begin(AuthenticationRequest request) => this;

        public async ValueTask<AuthenticationStep> ContinueAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
        {
            await Task.Yield();
            if (data.Span.SequenceEqual("no"u8)) return new AuthenticationStep(ReasonCode.NotAuthorized, default);
            return new AuthenticationStep(data.Span.SequenceEqual("ok"u8) ? ReasonCode.Success : ReasonCode.ContinueAuthentication, data.ToArray());
        }
    }
}
