using System.Net;
using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>CONNACK, section 3.2: its bytes as Mosquitto's clients know them, and what holds after what it announces.</summary>
public sealed class Section32ConnAckTests
{
    private const string Default = "20 0E 00 00 0B 22 000A 27 001E8480 21 0014";
    private static readonly ProtocolVersion[] Standards = [ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50];

    public static TheoryData<ProtocolVersion, ReasonCode> Refusals => Versions.With(
        Standards, ReasonCode.BadUserNameOrPassword, ReasonCode.NotAuthorized, ReasonCode.ServerUnavailable, ReasonCode.Banned, ReasonCode.UnspecifiedError, ReasonCode.QuotaExceeded);

    [Fact]
    [Statement("MQTT-3.2.2-1")]
    [Statement("MQTT-3.2.2-20")]
    public async Task ConnAck_Defaults_AreMosquittosBytes()
    {
        await using var broker = await TestBroker.StartAsync();
        Assert.Equal(Raw.Hex(Default), (await broker.ConnectAsync("c")).ConnAck);
        Assert.Equal(Raw.Hex("20 02 00 00"), (await broker.ConnectAsync("d", ProtocolVersion.Mqtt311)).ConnAck);
        Assert.Equal(Raw.Hex("20 02 00 00"), (await broker.ConnectAsync("e", ProtocolVersion.Mqtt31)).ConnAck);
    }

    [Fact]
    [Statement("MQTT-3.2.2-9")]
    public async Task ConnAck_EverySetting_StandsInMosquittosOrder()
    {
        var options = new BrokerOptions
        {
            SysInterval = TimeSpan.Zero,
            MaximumKeepAlive = 30,
            ResponseInformation = "r",
            RetainAvailable = false,
            MaximumPacketSize = 1000,
            MaximumInflightMessages = 5,
            AutoIdPrefix = "",
        };
        await using var broker = await TestBroker.StartAsync(options, Listener(QualityOfService.AtLeastOnce, aliases: 7));
        var client = await broker.ConnectWithAsync("", "19 01");
        var text = Convert.ToHexString(client.ConnAck);
        Assert.StartsWith(Plain("20 40 00 00 3D 22 0007 13 001E 12 0024"), text, StringComparison.Ordinal);
        Assert.EndsWith(Plain("1A 0001 72 24 01 25 00 27 000003E8 21 0005"), text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnAck_SettingsAtTheProtocolsDefault_AreLeftOut()
    {
        var options = new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumInflightMessages = 0 };
        await using var broker = await TestBroker.StartAsync(options, Listener(QualityOfService.ExactlyOnce, aliases: 0));
        Assert.Equal(Raw.Hex("20 08 00 00 05 27 001E8480"), (await broker.ConnectAsync("c")).ConnAck);
    }

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.2.0-1")]
    [Statement("MQTT-3.2.2-1")]
    [Statement("MQTT-3.2.2-3")]
    [Statement("MQTT-3.2.0-1 v3.1.1")]
    [Statement("MQTT-3.2.2-2 v3.1.1")]
    public async Task ConnAck_ResumedSession_PrecedesItsMessagesAndHasOneFlag(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 100);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        broker.Broker.Publish("t", "m"u8, QualityOfService.AtLeastOnce);

        client = await broker.OpenAsync(version, WirePackets.Connect(version, "c", cleanStart: false, sessionExpiry: 100));

        await client.ExpectAsync(version == ProtocolVersion.Mqtt50 ? "20 0E 01 00 0B 22 000A 27 001E8480 21 0014" : "20 02 01 00");
        Assert.Equal("m", (await client.ReceiveAndAcknowledgeAsync()).Payload);
        // At most one CONNACK.
        await client.ExpectNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    [Statement("MQTT-3.2.2-6")]
    [Statement("MQTT-3.2.2-7")]
    [Statement("MQTT-3.2.2-8")]
    [Statement("MQTT-3.2.2-4 v3.1.1")]
    [Statement("MQTT-3.2.2-5 v3.1.1")]
    [Statement("MQTT-3.2.2-6 v3.1.1")]
    public async Task ConnAck_Refusal_HasNoSessionPresentAndCloses(ProtocolVersion version, ReasonCode code)
    {
        var authenticator = new RecordingAuthenticator();
        await using var broker = await TestBroker.StartAsync(authenticator: authenticator);
        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: 100);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        authenticator.Refusals["c"] = (code, null);

        client = await broker.OpenAsync(version, WirePackets.Connect(version, "c", cleanStart: false, sessionExpiry: 100));

        ConnectReturnCode? returnCode = code switch
        {
            ReasonCode.BadUserNameOrPassword => ConnectReturnCode.BadUserNameOrPassword,
            ReasonCode.NotAuthorized or ReasonCode.Banned => ConnectReturnCode.NotAuthorized,
            ReasonCode.ServerUnavailable or ReasonCode.QuotaExceeded => ConnectReturnCode.ServerUnavailable,
            _ => null,
        };
        await client.ExpectRefusedAsync(code, returnCode);
        Assert.Equal(1, broker.Broker.SessionCount);
    }

    [Theory]
    [InlineData(ReasonCode.ReceiveMaximumExceeded)]
    [InlineData(ReasonCode.NoMatchingSubscribers)]
    [InlineData(ReasonCode.WildcardSubscriptionsNotSupported)]
    [Statement("MQTT-3.2.2-8")]
    public async Task ConnAck_AuthenticatorAnswersWithAnotherPacketsCode_SaysUnspecifiedError(ReasonCode code)
    {
        await using var broker = await TestBroker.StartAsync(authenticator: new RecordingAuthenticator { Refusals = { ["c"] = (code, null) } });
        var client = await broker.OpenAsync(ProtocolVersion.Mqtt50, WirePackets.Connect(ProtocolVersion.Mqtt50, "c"));
        await client.ExpectRefusedAsync(ReasonCode.UnspecifiedError);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [Statement("MQTT-3.2.2-9")]
    [Statement("MQTT-3.2.2-10")]
    [Statement("MQTT-3.2.2-11")]
    public async Task MaximumQoS_Lower_IsToldSubscribesAreGrantedAndPublishesAboveClosed(int maximum)
    {
        await using var broker = await TestBroker.StartAsync(listener: Listener((QualityOfService)maximum));
        var client = await broker.ConnectAsync("c");
        Assert.Equal(Raw.Hex($"20 10 00 00 0D 22 000A 24 0{maximum} 27 001E8480 21 0014"), client.ConnAck);
        for (var qos = 0; qos <= 2; qos++) Assert.Equal(Math.Min(maximum, qos), await client.SubscribeAsync($"t/{qos}", (QualityOfService)qos));
        await client.PublishAsync("t/2", "m", (QualityOfService)maximum, 1);
        Assert.Equal((QualityOfService)maximum, (await client.ReceiveAndAcknowledgeAsync()).QoS);
        if (maximum == 1) await client.ExpectAsync("40 02 0001");
        await client.PublishAsync("t/2", "m", (QualityOfService)(maximum + 1), 2);
        await client.ExpectDisconnectAsync(ReasonCode.QoSNotSupported);
    }

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.2.2-12")]
    [Statement("MQTT-3.2.2-6 v3.1.1")]
    public async Task WillQoS_AboveMaximumQoS_IsRefused(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync(listener: Listener(QualityOfService.AtMostOnce));
        var client = await broker.OpenAsync(version, WirePackets.Connect(version, "c", will: new TestWill("w", "m", QualityOfService.AtLeastOnce)));
        await client.ExpectRefusedAsync(ReasonCode.QoSNotSupported);
    }

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.2.2-13")]
    [Statement("MQTT-3.2.2-14")]
    [Statement("MQTT-3.2.2-6 v3.1.1")]
    public async Task Retain_NotAvailable_IsRefusedInWillAndPublish(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, RetainAvailable = false });
        var refused = await broker.OpenAsync(version, WirePackets.Connect(version, "c", will: new TestWill("w", "m", Retain: true)));
        await refused.ExpectRefusedAsync(ReasonCode.RetainNotSupported);

        var client = await broker.ConnectAsync("c", version);
        if (version == ProtocolVersion.Mqtt50) Assert.Equal(Raw.Hex("20 10 00 00 0D 22 000A 25 00 27 001E8480 21 0014"), client.ConnAck);
        await client.PublishAsync("t", "m", retain: true);
        await client.ExpectDisconnectAsync(ReasonCode.RetainNotSupported);
    }

    [Theory]
    [MemberData(nameof(Versions.Standard), MemberType = typeof(Versions))]
    [Statement("MQTT-3.2.2-15")]
    public async Task Packet_LargerThanMaximumPacketSize_Closes(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, MaximumPacketSize = 100 });
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("t");
        var largest = new string('x', version == ProtocolVersion.Mqtt50 ? 94 : 95);
        await client.PublishAsync("t", largest);
        Assert.Equal(largest, (await client.ReceivePublishAsync()).Payload);
        // The header says enough: the body is not awaited.
        await client.SendAsync("30 63 0001 74");
        await client.ExpectDisconnectAsync(ReasonCode.PacketTooLarge);
    }

    [Fact]
    [Statement("MQTT-3.2.2-17")]
    [Statement("MQTT-3.3.2-9")]
    [Statement("T3-06")]
    public async Task TopicAlias_AboveTheMaximum_Closes()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.PublishAsync("t", "m", properties: Raw.Hex("23 000A"));
        await client.ExpectNothingAsync();
        await client.PublishAsync("t", "m", properties: Raw.Hex("23 000B"));
        await client.ExpectDisconnectAsync(ReasonCode.TopicAliasInvalid);
    }

    [Fact]
    [Statement("MQTT-3.2.2-18")]
    public async Task TopicAlias_WithoutMaximum_Closes()
    {
        await using var broker = await TestBroker.StartAsync(listener: Listener(QualityOfService.ExactlyOnce, aliases: 0));
        var client = await broker.ConnectAsync("c");
        await client.PublishAsync("t", "m", properties: Raw.Hex("23 0001"));
        await client.ExpectDisconnectAsync(ReasonCode.TopicAliasInvalid);
    }

    [Theory]
    [InlineData(13, "20 0B 00 87 08 1F 0005 6E6F706521")]
    [InlineData(12, "20 03 00 87 00")]
    [Statement("MQTT-3.2.2-19")]
    public async Task ReasonString_OnlyWhereItFits(uint maximum, string expected)
    {
        await using var broker = await TestBroker.StartAsync(authenticator: new RecordingAuthenticator { Refusals = { ["c"] = (ReasonCode.NotAuthorized, "nope!") } });
        var client = await broker.OpenAsync(ProtocolVersion.Mqtt50, WirePackets.Connect(ProtocolVersion.Mqtt50, "c", maximumPacketSize: maximum));
        await client.ExpectAsync(expected);
        await client.ExpectClosedAsync();
    }

    private static ListenerOptions Listener(QualityOfService maximumQoS, ushort aliases = 10) =>
        new() { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), MaximumQoS = maximumQoS, MaximumTopicAlias = aliases };

    private static string Plain(string hex) => hex.Replace(" ", "", StringComparison.Ordinal);
}
