using Nightjar.Testing.Conformance;
using Nightjar.Testing.WireLiterals;
using Xunit;

namespace Nightjar.Protocol.Tests.Writers;

/// <summary>Bytes of what a server sends beside PUBLISH.</summary>
public sealed class ServerWriterTests
{
    private readonly byte[] _buffer = new byte[300];

    [Theory]
    [InlineData(PacketType.PubAck, "40")]
    [InlineData(PacketType.PubRec, "50")]
    [InlineData(PacketType.PubRel, "62")]
    [InlineData(PacketType.PubComp, "70")]
    public void Acknowledgement_Bare_Shortest(PacketType type, string header)
    {
        AssertWritten($"{header} [ 1234 ]", AcknowledgementWriter.Write(_buffer, type, 0x1234, ProtocolVersion.Mqtt50, ReasonCode.Success));
        AssertWritten(
            $"{header} [ 1234 92 ]",
            AcknowledgementWriter.Write(_buffer, type, 0x1234, ProtocolVersion.Mqtt50, ReasonCode.PacketIdentifierNotFound));
        AssertWritten(
            $"{header} [ 1234 ]",
            AcknowledgementWriter.Write(_buffer, type, 0x1234, ProtocolVersion.Mqtt311, ReasonCode.PacketIdentifierNotFound));
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt50, ReasonCode.Success, "", false, "50 [ 1234 ]")]
    [InlineData(ProtocolVersion.Mqtt50, ReasonCode.QuotaExceeded, "", false, "50 [ 1234 97 ]")]
    [InlineData(ProtocolVersion.Mqtt50, ReasonCode.Success, "why", false, "50 [ 1234 00 [ 1F 'why' ] ]")]
    [InlineData(ProtocolVersion.Mqtt50, ReasonCode.QuotaExceeded, "why", true, "50 [ 1234 97 [ 1F 'why' 26 'n' 'v' ] ]")]
    [InlineData(ProtocolVersion.Mqtt311, ReasonCode.QuotaExceeded, "why", true, "50 [ 1234 ]")]
    public void Acknowledgement_WithProperties_Written(
        ProtocolVersion version, ReasonCode code, string reason, bool withPair, string literal)
    {
        byte[] reasonString = System.Text.Encoding.UTF8.GetBytes(reason);
        byte[] pairs = withPair ? WireLiteral.Parse("26 'n' 'v'") : [];
        int written = AcknowledgementWriter.Write(_buffer, PacketType.PubRec, 0x1234, version, code, reasonString, pairs);
        Assert.Equal(written, AcknowledgementWriter.Measure(version, code, reasonString, pairs));
        AssertWritten(literal, written);
    }

    [Fact]
    public void ConnAck_AllProperties_InMosquittosOrder()
    {
        var writer = new ConnAckWriter
        {
            Version = ProtocolVersion.Mqtt50,
            SessionPresent = true,
            TopicAliasMaximum = 10,
            ServerKeepAlive = 60,
            AssignedClientIdentifier = "auto-1"u8,
            ResponseInformation = "info"u8,
            AuthenticationMethod = "m"u8,
            AuthenticationData = [1],
            SessionExpiryInterval = 5,
            MaximumQoS = QualityOfService.AtLeastOnce,
            RetainAvailable = false,
            WildcardSubscriptionAvailable = true,
            SubscriptionIdentifiersAvailable = false,
            SharedSubscriptionAvailable = false,
            ReasonString = "why"u8,
            UserProperties = WireLiteral.Parse("26 'n' 'v'"),
            ServerReference = "ref"u8,
            MaximumPacketSize = 2_000_000,
            ReceiveMaximum = 20,
        };
        Assert.Equal(writer.Write(_buffer), writer.Measure());
        AssertWritten(
            "20 [ 01 00 [ 22 000A 13 003C 12 'auto-1' 1A 'info' 15 'm' 16 000101 11 00000005 24 01 25 00 28 01 29 00 2A 00 1F 'why' "
            + "26 'n' 'v' 1C 'ref' 27 001E8480 21 0014 ] ]",
            writer.Measure());
    }

    [Fact]
    public void ConnAck_AsMosquittoSendsIt_ByteForByte()
    {
        var writer = new ConnAckWriter
        {
            Version = ProtocolVersion.Mqtt50,
            TopicAliasMaximum = 10,
            MaximumPacketSize = 2_000_000,
            ReceiveMaximum = 20,
        };
        AssertWritten("20 0E 00 00 0B 22 000A 27 001E8480 21 0014", writer.Write(_buffer));
    }

    [Theory]
    [Statement("MQTT-3.2.2-6")]
    [Statement("MQTT-3.2.2-4 v3.1.1")]
    [Statement("T3-16")]
    [InlineData(ProtocolVersion.Mqtt50, ReasonCode.NotAuthorized, ConnectReturnCode.Accepted, "20 [ 00 87 [] ]")]
    [InlineData(ProtocolVersion.Mqtt50, ReasonCode.Success, ConnectReturnCode.Accepted, "20 [ 01 00 [] ]")]
    [InlineData(ProtocolVersion.Mqtt311, ReasonCode.Success, ConnectReturnCode.NotAuthorized, "20 [ 00 05 ]")]
    [InlineData(ProtocolVersion.Mqtt311, ReasonCode.Success, ConnectReturnCode.Accepted, "20 [ 01 00 ]")]
    [InlineData(ProtocolVersion.Mqtt31, ReasonCode.Success, ConnectReturnCode.Accepted, "20 [ 00 00 ]")]
    public void ConnAck_SessionPresent_OnlyWhereItMayBe(ProtocolVersion version, ReasonCode reason, ConnectReturnCode code, string literal)
    {
        var writer = new ConnAckWriter { Version = version, SessionPresent = true, ReasonCode = reason, ReturnCode = code };
        Assert.Equal(writer.Measure(), writer.Write(_buffer));
        AssertWritten(literal, writer.Measure());
    }

    [Fact]
    [Statement("MQTT-3.9.3-2 v3.1.1")]
    public void SubAck_FailureBefore5_Is80()
    {
        ReasonCode[] codes = [ReasonCode.GrantedQoS1, ReasonCode.NotAuthorized, ReasonCode.GrantedQoS0];
        AssertWritten("90 [ 1234 01 80 00 ]", SubAckWriter.Write(_buffer, ProtocolVersion.Mqtt311, 0x1234, codes));
        Assert.Equal(7, SubAckWriter.Measure(ProtocolVersion.Mqtt311, 3));
        AssertWritten("90 [ 1234 [] 01 87 00 ]", SubAckWriter.Write(_buffer, ProtocolVersion.Mqtt50, 0x1234, codes));
        Assert.Equal(8, SubAckWriter.Measure(ProtocolVersion.Mqtt50, 3));
        byte[] pair = WireLiteral.Parse("26 'n' 'v'");
        AssertWritten(
            "90 [ 1234 [ 1F 'why' 26 'n' 'v' ] 01 87 00 ]",
            SubAckWriter.Write(_buffer, ProtocolVersion.Mqtt50, 0x1234, codes, "why"u8, pair));
        Assert.Equal(21, SubAckWriter.Measure(ProtocolVersion.Mqtt50, 3, "why"u8, pair));
    }

    [Fact]
    public void UnsubAck_EachVersion_Written()
    {
        ReasonCode[] codes = [ReasonCode.NoSubscriptionExisted, ReasonCode.Success];
        AssertWritten("B0 [ 1234 ]", UnsubAckWriter.Write(_buffer, ProtocolVersion.Mqtt311, 0x1234, codes));
        Assert.Equal(4, UnsubAckWriter.Measure(ProtocolVersion.Mqtt31, 2));
        AssertWritten("B0 [ 1234 [ 1F 'why' ] 11 00 ]", UnsubAckWriter.Write(_buffer, ProtocolVersion.Mqtt50, 0x1234, codes, "why"u8));
        Assert.Equal(13, UnsubAckWriter.Measure(ProtocolVersion.Mqtt50, 2, "why"u8));
    }

    [Fact]
    public void Disconnect_EachForm_Shortest()
    {
        AssertWritten("E0 []", DisconnectWriter.Write(_buffer, ProtocolVersion.Mqtt50, ReasonCode.NormalDisconnection));
        AssertWritten("E0 []", DisconnectWriter.Write(_buffer, ProtocolVersion.Mqtt311, ReasonCode.SessionTakenOver));
        AssertWritten("E0 [ 8E ]", DisconnectWriter.Write(_buffer, ProtocolVersion.Mqtt50, ReasonCode.SessionTakenOver));
        var writer = new DisconnectWriter
        {
            Version = ProtocolVersion.Mqtt50,
            ReasonCode = ReasonCode.ServerMoved,
            SessionExpiryInterval = 0,
            ReasonString = "why"u8,
            ServerReference = "ref"u8,
            UserProperties = WireLiteral.Parse("26 'n' 'v'"),
        };
        Assert.Equal(writer.Measure(), writer.Write(_buffer));
        AssertWritten("E0 [ 9D [ 11 00000000 1F 'why' 26 'n' 'v' 1C 'ref' ] ]", writer.Measure());
    }

    [Fact]
    public void Auth_EachForm_Written()
    {
        AssertWritten("F0 []", default(AuthWriter).Write(_buffer));
        var writer = new AuthWriter
        {
            ReasonCode = ReasonCode.ContinueAuthentication,
            AuthenticationMethod = "m"u8,
            AuthenticationData = [1, 2],
            ReasonString = "why"u8,
            UserProperties = WireLiteral.Parse("26 'n' 'v'"),
        };
        Assert.Equal(writer.Measure(), writer.Write(_buffer));
        AssertWritten("F0 [ 18 [ 15 'm' 16 00020102 1F 'why' 26 'n' 'v' ] ]", writer.Measure());
    }

    [Fact]
    public void Ping_Both_Written()
    {
        AssertWritten("C000", PingWriter.WriteRequest(_buffer));
        AssertWritten("D000", PingWriter.WriteResponse(_buffer));
    }

    private void AssertWritten(string literal, int length) =>
        Assert.Equal(Convert.ToHexString(WireLiteral.Parse(literal)), Convert.ToHexString(_buffer, 0, length));
}
