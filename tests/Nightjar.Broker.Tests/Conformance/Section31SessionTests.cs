using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Client identifiers, sessions and take-over, section 3.1; Session Present of section 3.2.</summary>
public sealed class Section31SessionTests
{
    private const uint Durable = 100;

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-4")]
    [Statement("MQTT-3.1.4-4")]
    [Statement("MQTT-3.2.2-2")]
    [Statement("MQTT-3.1.2-6 v3.1.1")]
    [Statement("MQTT-3.1.4-3 v3.1.1")]
    [Statement("MQTT-3.2.2-1 v3.1.1")]
    public async Task CleanStart_SessionKnown_DropsItAndBeginsAnew(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await LeaveSessionAsync(broker, version, "t");
        broker.Broker.Publish("t", "old"u8, QualityOfService.AtLeastOnce);

        var client = await broker.ConnectAsync("c", version, cleanStart: true, sessionExpiry: Durable);

        Assert.False(client.SessionPresent);
        broker.Broker.Publish("t", "new"u8, QualityOfService.AtLeastOnce);
        await client.ExpectNothingAsync();
        Assert.Equal(1, broker.Broker.SessionCount);
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-5")]
    [Statement("MQTT-3.1.2-23")]
    [Statement("MQTT-3.1.4-4")]
    [Statement("MQTT-3.2.2-3")]
    [Statement("MQTT-3.1.2-4 v3.1.1")]
    [Statement("MQTT-3.1.2-5 v3.1.1")]
    [Statement("MQTT-3.1.4-3 v3.1.1")]
    [Statement("MQTT-3.2.2-2 v3.1.1")]
    public async Task CleanStartZero_SessionKnown_ResumesIt(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await LeaveSessionAsync(broker, version, "t");
        broker.Broker.Publish("t", "one"u8, QualityOfService.AtLeastOnce);
        broker.Broker.Publish("t", "zero"u8, QualityOfService.AtMostOnce);
        broker.Broker.Publish("t", "two"u8, QualityOfService.ExactlyOnce);

        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: Durable);

        Assert.Equal(version != ProtocolVersion.Mqtt31, client.SessionPresent);
        Assert.Equal("one", (await client.ReceiveAndAcknowledgeAsync()).Payload);
        Assert.Equal("two", (await client.ReceiveAndAcknowledgeAsync()).Payload);
        await client.ExpectNothingAsync();
        broker.Broker.Publish("t", "live"u8);
        Assert.Equal("live", (await client.ReceivePublishAsync()).Payload);
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-6")]
    [Statement("MQTT-3.2.2-3")]
    [Statement("MQTT-3.1.2-4 v3.1.1")]
    [Statement("MQTT-3.2.2-3 v3.1.1")]
    public async Task CleanStartZero_NoSession_MakesOne(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: Durable);
        Assert.False(client.SessionPresent);
        await client.SubscribeAsync("t");
        Assert.Equal(1, broker.Broker.SessionCount);
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-6 v3.1.1")]
    [Statement("MQTT-3.2.2-3")]
    public async Task SessionWithoutExpiry_AfterItsConnection_IsNotReused(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        Assert.Equal(0, broker.Broker.SessionCount);

        client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: Durable);

        Assert.False(client.SessionPresent);
        broker.Broker.Publish("t", "m"u8);
        await client.ExpectNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.2-6 v3.1.1")]
    [Statement("MQTT-3.2.2-3")]
    public async Task SessionWithoutExpiry_TakenOver_IsNotReused(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var old = await broker.ConnectAsync("c", version);
        await old.SubscribeAsync("t", QualityOfService.AtLeastOnce);

        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: Durable);

        Assert.False(client.SessionPresent);
        await old.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        broker.Broker.Publish("t", "m"u8);
        await client.ExpectNothingAsync();
    }

    [Fact]
    [Statement("MQTT-3.1.2-23")]
    public async Task SessionExpiry_BeforeAndAfter_KeepsThenForgets()
    {
        await using var broker = await TestBroker.StartAsync();
        await LeaveSessionAsync(broker, ProtocolVersion.Mqtt50, "t");
        broker.Advance(TimeSpan.FromSeconds(Durable - 1));
        var client = await broker.ConnectAsync("c", cleanStart: false, sessionExpiry: Durable);
        Assert.True(client.SessionPresent);
        client.Abort();
        await broker.WaitForConnectionsAsync(0);
        broker.Advance(TimeSpan.FromSeconds(Durable + 1));
        Assert.Equal(0, broker.Broker.SessionCount);
        client = await broker.ConnectAsync("c", cleanStart: false);
        Assert.False(client.SessionPresent);
    }

    [Fact]
    [Statement("MQTT-3.1.2-7 v3.1.1")]
    public async Task RetainedMessage_SessionOfItsPublisherEnds_Stays()
    {
        await using var broker = await TestBroker.StartAsync();
        var publisher = await broker.ConnectAsync("p", ProtocolVersion.Mqtt311);
        await publisher.PublishAsync("t", "kept", retain: true);
        await publisher.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        Assert.Equal(0, broker.Broker.SessionCount);
        var client = await broker.ConnectAsync("c", ProtocolVersion.Mqtt311);
        await client.SubscribeAsync("t");
        Assert.Equal("kept", (await client.ReceivePublishAsync()).Payload);
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.3-2")]
    [Statement("MQTT-3.1.3-2 v3.1.1")]
    public async Task ClientId_NamesTheSession(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await LeaveSessionAsync(broker, version, "t");

        var other = await broker.ConnectAsync("C", version, cleanStart: false, sessionExpiry: Durable);
        Assert.False(other.SessionPresent);
        broker.Broker.Publish("t", "m"u8, QualityOfService.AtLeastOnce);
        await other.ExpectNothingAsync();

        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: Durable);
        Assert.Equal("m", (await client.ReceivePublishAsync()).Payload);
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.3-5")]
    [Statement("MQTT-3.1.3-5 v3.1.1")]
    [Statement("T3-16")]
    public async Task ClientId_1To23LettersAndDigits_IsAccepted(ProtocolVersion version)
    {
        const string letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        await using var broker = await TestBroker.StartAsync();
        for (var length = 1; length <= 23; length++) await broker.ConnectAsync(letters.Substring(length, length), version);
        for (var start = 0; start < letters.Length - 20; start += 20) await broker.ConnectAsync(letters.Substring(start, 22), version);
        Assert.Equal(26, broker.Broker.SessionCount);
    }

    [Fact]
    [Statement("T3-16")]
    public async Task ClientId_EmptyInVersion31_IsRejectedAndSessionsHaveNoFlag()
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.OpenAsync(ProtocolVersion.Mqtt31, WirePackets.Connect(ProtocolVersion.Mqtt31, ""));
        await client.ExpectRefusedAsync(ReasonCode.ClientIdentifierNotValid, ConnectReturnCode.IdentifierRejected);
        await LeaveSessionAsync(broker, ProtocolVersion.Mqtt31, "t");
        client = await broker.OpenAsync(ProtocolVersion.Mqtt31, WirePackets.Connect(ProtocolVersion.Mqtt31, "c", cleanStart: false));
        await client.ExpectAsync("20 02 00 00");
    }

    [Fact]
    [Statement("MQTT-3.1.3-6")]
    [Statement("MQTT-3.1.3-7")]
    [Statement("MQTT-3.2.2-16")]
    public async Task ClientId_EmptyInVersion5_GetsAUniqueOneAndIsTold()
    {
        await using var broker = await TestBroker.StartAsync();
        var ids = new HashSet<string>();
        for (var i = 0; i < 20; i++)
        {
            var client = await broker.ConnectAsync("", cleanStart: i % 2 == 0);
            var id = System.Text.Encoding.ASCII.GetString(client.ConnAck, 11, 41);
            Assert.Matches("^auto-[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$", id);
            Assert.Equal("20 3A 00 00 37 22 000A 12 0029".Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(client.ConnAck.AsSpan(0, 11)));
            Assert.Equal("27 001E8480 21 0014".Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(client.ConnAck.AsSpan(52)));
            Assert.True(ids.Add(id));
        }

        Assert.Equal(20, broker.Broker.SessionCount);
        // The id that was told is that of the session: connecting with it takes it over.
        await broker.ConnectAsync(ids.First());
        Assert.Equal(20, broker.Broker.SessionCount);
    }

    [Fact]
    [Statement("MQTT-3.1.3-6 v3.1.1")]
    [Statement("MQTT-3.1.3-7 v3.1.1")]
    [Statement("MQTT-3.1.3-8 v3.1.1")]
    [Statement("MQTT-3.1.3-9 v3.1.1")]
    public async Task ClientId_EmptyInVersion311_NeedsCleanSession()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.ConnectAsync("", ProtocolVersion.Mqtt311);
        await broker.ConnectAsync("", ProtocolVersion.Mqtt311);
        Assert.Equal(2, broker.Broker.SessionCount);

        var refused = await broker.OpenAsync(ProtocolVersion.Mqtt311, WirePackets.Connect(ProtocolVersion.Mqtt311, "", cleanStart: false));
        await refused.ExpectAsync("20 02 00 02");
        await refused.ExpectClosedAsync();
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.3-8")]
    [Statement("MQTT-3.1.3-9 v3.1.1")]
    public async Task ClientId_EmptyAndNotAllowed_IsRejected(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, AllowZeroLengthClientId = false });
        var client = await broker.OpenAsync(version, WirePackets.Connect(version, ""));
        await client.ExpectRefusedAsync(ReasonCode.ClientIdentifierNotValid, ConnectReturnCode.IdentifierRejected);
    }

    [Theory]
    [MemberData(nameof(Versions.All), MemberType = typeof(Versions))]
    [Statement("MQTT-3.1.4-3")]
    [Statement("MQTT-3.1.4-2 v3.1.1")]
    public async Task ClientId_Online_TakesTheSessionOverAndClosesTheOld(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var old = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: Durable);
        await old.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        broker.Broker.Publish("t", "unacknowledged"u8, QualityOfService.AtLeastOnce);
        await old.ReceivePublishAsync();

        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: Durable);

        if (version == ProtocolVersion.Mqtt50) await old.ExpectAsync("E0 01 8E");
        await old.ExpectClosedAsync();
        var again = await client.ReceivePublishAsync();
        Assert.Equal(("unacknowledged", true, 1), (again.Payload, again.Dup, again.PacketId));
        broker.Broker.Publish("t", "new"u8);
        Assert.Equal("new", (await client.ReceivePublishAsync()).Payload);
        await broker.WaitForConnectionsAsync(1);
        Assert.Equal(1, broker.Broker.SessionCount);
    }

    [Fact]
    public async Task TakeOver_ByAnotherUser_IsRefused()
    {
        await using var broker = await TestBroker.StartAsync(authenticator: new RecordingAuthenticator());
        var owner = await broker.ConnectAsync("c", userName: "alice");
        var taker = await broker.OpenAsync(ProtocolVersion.Mqtt50, WirePackets.Connect(ProtocolVersion.Mqtt50, "c", userName: "bob"));
        await taker.ExpectRefusedAsync(ReasonCode.NotAuthorized);
        await owner.ExpectNothingAsync();
    }

    // A session with one QoS 2 subscription, offline.
    private static async Task LeaveSessionAsync(TestBroker broker, ProtocolVersion version, string filter)
    {
        var client = await broker.ConnectAsync("c", version, cleanStart: false, sessionExpiry: Durable);
        await client.SubscribeAsync(filter, QualityOfService.ExactlyOnce);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        Assert.Equal(1, broker.Broker.SessionCount);
    }
}
