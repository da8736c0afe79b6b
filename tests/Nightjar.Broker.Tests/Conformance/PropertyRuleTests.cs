using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>The rules for properties that have no number (Table 3 of the matrix), at the broker's wire.</summary>
public sealed class PropertyRuleTests
{
    // One valid value for each property of the standard.
    private static readonly Dictionary<byte, string> Values = new()
    {
        [0x01] = "01 00",
        [0x02] = "02 00000009",
        [0x03] = "03 0001 61",
        [0x08] = "08 0001 61",
        [0x09] = "09 0001 61",
        [0x0B] = "0B 01",
        [0x11] = "11 00000001",
        [0x12] = "12 0001 61",
        [0x13] = "13 0001",
        [0x15] = "15 0009 4348414C4C454E4745",
        [0x16] = "16 0001 61",
        [0x17] = "17 01",
        [0x18] = "18 00000001",
        [0x19] = "19 01",
        [0x1A] = "1A 0001 61",
        [0x1C] = "1C 0001 61",
        [0x1F] = "1F 0001 61",
        [0x21] = "21 0009",
        [0x22] = "22 0001",
        [0x23] = "23 0001",
        [0x24] = "24 01",
        [0x25] = "25 01",
        [0x26] = "26 0001 61 0001 62",
        [0x27] = "27 00001000",
        [0x28] = "28 01",
        [0x29] = "29 01",
        [0x2A] = "2A 01",
    };

    /// <summary>Packets with properties that a client sends, and which may occur in them.</summary>
    public static TheoryData<string, byte[]> Kinds => new()
    {
        { "CONNECT", [0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27] },
        { "will", [0x01, 0x02, 0x03, 0x08, 0x09, 0x18, 0x26] },
        { "PUBLISH", [0x01, 0x02, 0x03, 0x08, 0x09, 0x23, 0x26] },
        { "PUBACK", [0x1F, 0x26] },
        { "PUBREC", [0x1F, 0x26] },
        { "PUBREL", [0x1F, 0x26] },
        { "PUBCOMP", [0x1F, 0x26] },
        { "SUBSCRIBE", [0x0B, 0x26] },
        { "UNSUBSCRIBE", [0x26] },
        { "DISCONNECT", [0x11, 0x1F, 0x26] },
        { "AUTH", [0x15, 0x16, 0x1F, 0x26] },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    [Statement("T3-01")]
    public async Task Property_GivenTwice_IsAProtocolErrorUnlessItMayRepeat(string kind, byte[] allowed)
    {
        await using var broker = await StartAsync();
        foreach (var id in allowed)
        {
            // What the packet needs besides: an authentication method for AUTH and for Authentication Data.
            var needed = id != 0x15 && (kind == "AUTH" || id == 0x16) ? Values[0x15] : "";
            var packet = Build(kind, Bytes.Block(needed + Values[id] + Values[id]));
            if (id == 0x26) await ExpectAcceptedAsync(broker, kind, packet);
            else await ExpectRefusedAsync(broker, kind, packet, $"{kind} {id:X2}", ReasonCode.ProtocolError);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    [Statement("T3-02")]
    public async Task Property_ThatIsUnknownOrNotOfThisPacket_EndsTheConnection(string kind, byte[] allowed)
    {
        await using var broker = await StartAsync();
        var needed = kind == "AUTH" ? Values[0x15] : "";
        foreach (var (id, value) in Values)
        {
            if (allowed.Contains(id)) continue;
            await ExpectRefusedAsync(broker, kind, Build(kind, Bytes.Block(needed + value)), $"{kind} {id:X2}", ReasonCode.ProtocolError, ReasonCode.MalformedPacket);
        }

        foreach (var unknown in new[] { "00 00", "04 01", "2B 01", "7F 0001 61", "8001 00", "FF7F 00", "FFFFFF7F 00" })
            await ExpectRefusedAsync(broker, kind, Build(kind, Bytes.Block(needed + unknown)), $"{kind} {unknown}", ReasonCode.ProtocolError, ReasonCode.MalformedPacket);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    [Statement("T3-03")]
    public async Task PropertyLength_ThatIsTooLongOrCutsAProperty_IsMalformed(string kind, byte[] allowed)
    {
        Assert.Contains((byte)0x26, allowed);
        await using var broker = await StartAsync();
        // Longer than the packet; five bytes; ends without its last byte; a string, its length, its second half and an identifier cut off.
        foreach (var block in new[] { "7F", "FFFF7F", "FFFFFFFF7F", "8080808000", "FF", "03 260005", "02 2600", "04 26 0001 61", "05 26 0001 61 00", "01 80" })
            await ExpectRefusedAsync(broker, kind, Build(kind, Bytes.Hex(block)), $"{kind} {block}", ReasonCode.MalformedPacket);
    }

    [Fact]
    [Statement("T3-03")]
    public async Task RemainingLength_OfFiveBytes_IsMalformed()
    {
        await using var broker = await StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.SendAsync("30 FFFFFFFF 7F");
        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
    }

    [Theory]
    [InlineData("21 0000")]
    [InlineData("27 00000000")]
    [InlineData("17 02")]
    [InlineData("17 FF")]
    [InlineData("19 02")]
    [InlineData("19 FF")]
    [Statement("T3-04")]
    public async Task Connect_WithAValueThatIsNoneOfItsProperty_IsRefused(string property)
    {
        await using var broker = await StartAsync();
        await ExpectRefusedAsync(broker, "CONNECT", Build("CONNECT", Bytes.Block(property)), property, ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData("a", "23 0000", ReasonCode.TopicAliasInvalid)]
    [InlineData("", "23 0000", ReasonCode.TopicAliasInvalid)]
    [InlineData("a", "23 000B", ReasonCode.TopicAliasInvalid)]
    [InlineData("a", "23 FFFF", ReasonCode.TopicAliasInvalid)]
    [InlineData("", "23 000B", ReasonCode.TopicAliasInvalid)]
    [InlineData("", "", ReasonCode.ProtocolError)]
    [InlineData("", "23 0001", ReasonCode.ProtocolError)]
    [InlineData("", "23 000A", ReasonCode.ProtocolError)]
    [Statement("T3-06")]
    public async Task Publish_WithAnAliasThatIsNoneOrTellsNoTopic_EndsTheConnection(string topic, string properties, ReasonCode code)
    {
        await using var broker = await StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.SendAsync(Bytes.Packet(0x30, Bytes.Text(topic), Bytes.Block(properties), [1]));
        await client.ExpectDisconnectAsync(code);
    }

    [Theory]
    [InlineData("0B 00", ReasonCode.ProtocolError)]
    [InlineData("0B 8080808001", ReasonCode.MalformedPacket)]
    [InlineData("0B FFFFFFFF01", ReasonCode.MalformedPacket)]
    [Statement("T3-07")]
    public async Task Subscribe_WithAnIdentifierOutOfRange_EndsTheConnection(string property, ReasonCode code)
    {
        await using var broker = await StartAsync();
        await ExpectRefusedAsync(broker, "SUBSCRIBE", Build("SUBSCRIBE", Bytes.Block(property)), property, code);

        // The largest there is comes back as it was given.
        var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync("a", identifier: 268_435_455);
        broker.Broker.Publish("a", "m"u8);
        Assert.Equal(268_435_455u, Assert.Single((await client.ReceivePublishAsync()).SubscriptionIdentifiers));
    }

    [Theory]
    [InlineData("PUBLISH", "01 02")]
    [InlineData("PUBLISH", "01 FF")]
    [InlineData("will", "01 02")]
    [Statement("T3-09")]
    public async Task PayloadFormatIndicator_NeitherZeroNorOne_IsAProtocolError(string kind, string property)
    {
        await using var broker = await StartAsync();
        await ExpectRefusedAsync(broker, kind, Build(kind, Bytes.Block(property)), property, ReasonCode.ProtocolError);
    }

    [Fact]
    [Statement("T3-09")]
    public async Task PayloadFormatIndicator_OneBesideOtherBytes_IsForwardedAsItIs()
    {
        await using var broker = await StartAsync();
        var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync("a");
        var packet = Bytes.Packet(0x30, Bytes.Text("a"), Bytes.Block("01 01"), [0xFF, 0xFE]);
        await client.SendAsync(packet);
        await client.ExpectAsync(Convert.ToHexString(packet));
    }

    [Fact]
    [Statement("T3-10")]
    public async Task AuthenticationData_WithoutMethod_IsAProtocolError()
    {
        await using var broker = await StartAsync();
        await ExpectRefusedAsync(broker, "CONNECT", Build("CONNECT", Bytes.Block(Values[0x16])), "CONNECT", ReasonCode.ProtocolError);
        await ExpectRefusedAsync(broker, "AUTH", Build("AUTH", Bytes.Block(Values[0x16])), "AUTH", ReasonCode.ProtocolError);
    }

    private static Task<TestBroker> StartAsync() => TestBroker.StartAsync(methods: [new ChallengeMethod()]);

    private static byte[] Build(string kind, byte[] block) => kind switch
    {
        "CONNECT" => Bytes.Packet(0x10, Bytes.Hex("0004 4D515454 05 02 0000"), block, Bytes.Text("c")),
        "will" => Bytes.Packet(0x10, Bytes.Hex("0004 4D515454 05 06 0000 00"), Bytes.Text("c"), block, Bytes.Text("w"), Bytes.Text("")),
        "PUBLISH" => Bytes.Packet(0x30, Bytes.Text("a"), block),
        "PUBACK" => Bytes.Packet(0x40, Bytes.Hex("0001 00"), block),
        "PUBREC" => Bytes.Packet(0x50, Bytes.Hex("0001 00"), block),
        "PUBREL" => Bytes.Packet(0x62, Bytes.Hex("0001 00"), block),
        "PUBCOMP" => Bytes.Packet(0x70, Bytes.Hex("0001 00"), block),
        "SUBSCRIBE" => Bytes.Packet(0x82, Bytes.Hex("0001"), block, Bytes.Text("a"), [0]),
        "UNSUBSCRIBE" => Bytes.Packet(0xA2, Bytes.Hex("0001"), block, Bytes.Text("a")),
        "DISCONNECT" => Bytes.Packet(0xE0, [0], block),
        _ => Bytes.Packet(0xF0, [0x19], block),
    };

    private static bool IsConnect(string kind) => kind is "CONNECT" or "will";

    // Session expiry 1, so that a DISCONNECT may change it; a method, so that AUTH may come.
    private static async Task<WireClient> SendAsync(TestBroker broker, string kind, byte[] packet)
    {
        var client = await broker.OpenAsync();
        if (!IsConnect(kind))
        {
            await client.SendAsync(Bytes.Connect5("c", Values[0x11] + Values[0x15]));
            await client.ReceiveAsync();
            await client.SendAsync(Bytes.Packet(0xF0, [0x18], Bytes.Block(Values[0x15] + Bytes.Property(0x16, "right"))));
            await client.ReceiveAsync();
        }

        await client.SendAsync(packet);
        return client;
    }

    private static async Task ExpectRefusedAsync(TestBroker broker, string kind, byte[] packet, string what, params ReasonCode[] codes)
    {
        var client = await SendAsync(broker, kind, packet);
        var answer = await client.ReceiveAsync();
        var code = (ReasonCode)answer[IsConnect(kind) ? 3 : 2];
        Assert.True((PacketType)(answer[0] >> 4) == (IsConnect(kind) ? PacketType.ConnAck : PacketType.Disconnect), $"{what} was answered with {Convert.ToHexString(answer)}");
        Assert.True(codes.Contains(code), $"{what} got {code}");
        await client.ExpectClosedAsync();
    }

    private static async Task ExpectAcceptedAsync(TestBroker broker, string kind, byte[] packet)
    {
        var client = await SendAsync(broker, kind, packet);
        if (kind == "DISCONNECT")
        {
            await client.ExpectClosedAsync();
            return;
        }

        var expected = kind switch
        {
            "CONNECT" or "will" => PacketType.ConnAck,
            "PUBREC" => PacketType.PubRel,
            "PUBREL" => PacketType.PubComp,
            "SUBSCRIBE" => PacketType.SubAck,
            "UNSUBSCRIBE" => PacketType.UnsubAck,
            "AUTH" => PacketType.Auth,
            _ => PacketType.Reserved,
        };
        if (expected != PacketType.Reserved)
        {
            var answer = await client.ReceiveAsync();
            Assert.Equal(expected, (PacketType)(answer[0] >> 4));
            if (IsConnect(kind)) Assert.Equal(0, answer[3]);
        }

        await client.ExpectNothingAsync();
        await client.DisconnectAsync();
    }
}
