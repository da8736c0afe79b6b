using Nightjar.Testing.Conformance;
using Nightjar.Testing.WireLiterals;
using Xunit;
using static Nightjar.Protocol.Tests.Packets.PacketReading;

namespace Nightjar.Protocol.Tests.Properties;

/// <summary>Every property in every packet: allowed where table 2-4 of the specification says so, refused elsewhere.</summary>
public sealed class PropertyRulesTests
{
    private const string Will = "Will";
    private const string PublishToClient = "PUBLISH to client";
    private const string Publish = "PUBLISH to server";

    /// <summary>Frame of each packet around its properties.</summary>
    private static readonly Dictionary<string, string> Packets = new(StringComparer.Ordinal)
    {
        ["CONNECT"] = "10 [ 'MQTT' 05 02 003C [ {0} ] 'c' ]",
        [Will] = "10 [ 'MQTT' 05 06 003C [] 'c' [ {0} ] 'w' '' ]",
        ["CONNACK"] = "20 [ 00 00 [ {0} ] ]",
        [Publish] = "30 [ 'a' [ {0} ] ]",
        [PublishToClient] = "30 [ 'a' [ {0} ] ]",
        ["PUBACK"] = "40 [ 0001 00 [ {0} ] ]",
        ["PUBREC"] = "50 [ 0001 00 [ {0} ] ]",
        ["PUBREL"] = "62 [ 0001 00 [ {0} ] ]",
        ["PUBCOMP"] = "70 [ 0001 00 [ {0} ] ]",
        ["SUBSCRIBE"] = "82 [ 0001 [ {0} ] 'a' 00 ]",
        ["SUBACK"] = "90 [ 0001 [ {0} ] 00 ]",
        ["UNSUBSCRIBE"] = "A2 [ 0001 [ {0} ] 'a' ]",
        ["UNSUBACK"] = "B0 [ 0001 [ {0} ] 00 ]",
        ["DISCONNECT to server"] = "E0 [ 00 [ {0} ] ]",
        ["DISCONNECT to client"] = "E0 [ 00 [ {0} ] ]",
        ["AUTH"] = "F0 [ 18 [ {0} ] ]",
    };

    private static readonly string[] WithReasonString =
        ["CONNACK", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBACK", "UNSUBACK", "DISCONNECT to server", "DISCONNECT to client", "AUTH"];

    /// <summary>A valid example of each property and where it may stand.</summary>
    private static readonly Dictionary<int, (string Example, string[] Allowed)> Properties = new()
    {
        [0x01] = ("01 01", [Publish, PublishToClient, Will]),
        [0x02] = ("02 0000000A", [Publish, PublishToClient, Will]),
        [0x03] = ("03 'text'", [Publish, PublishToClient, Will]),
        [0x08] = ("08 'reply'", [Publish, PublishToClient, Will]),
        [0x09] = ("09 000200FF", [Publish, PublishToClient, Will]),
        [0x0B] = ("0B 05", [PublishToClient, "SUBSCRIBE"]),
        [0x11] = ("11 0000000A", ["CONNECT", "CONNACK", "DISCONNECT to server"]),
        [0x12] = ("12 'id'", ["CONNACK"]),
        [0x13] = ("13 003C", ["CONNACK"]),
        [0x15] = ("15 'm'", ["CONNECT", "CONNACK", "AUTH"]),
        [0x16] = ("16 000101", ["CONNECT", "CONNACK", "AUTH"]),
        [0x17] = ("17 00", ["CONNECT"]),
        [0x18] = ("18 00000005", [Will]),
        [0x19] = ("19 01", ["CONNECT"]),
        [0x1A] = ("1A 'info'", ["CONNACK"]),
        [0x1C] = ("1C 'ref'", ["CONNACK", "DISCONNECT to client"]),
        [0x1F] = ("1F 'why'", WithReasonString),
        [0x21] = ("21 0014", ["CONNECT", "CONNACK"]),
        [0x22] = ("22 000A", ["CONNECT", "CONNACK"]),
        [0x23] = ("23 0001", [Publish, PublishToClient]),
        [0x24] = ("24 01", ["CONNACK"]),
        [0x25] = ("25 01", ["CONNACK"]),
        [0x26] = ("26 'n' 'v'", [.. Packets.Keys]),
        [0x27] = ("27 00001000", ["CONNECT", "CONNACK"]),
        [0x28] = ("28 01", ["CONNACK"]),
        [0x29] = ("29 01", ["CONNACK"]),
        [0x2A] = ("2A 01", ["CONNACK"]),
    };

    public static TheoryData<string> PacketNames => [.. Packets.Keys];

    [Theory]
    [Statement("T3-02")]
    [MemberData(nameof(PacketNames))]
    public void Property_Known_OnlyWhereTheTableSays(string packet)
    {
        foreach ((int id, (string example, string[] allowed)) in Properties)
        {
            if (allowed.Contains(packet))
            {
                AssertAccepted(Literal(packet, example), direction: DirectionOf(packet));
                continue;
            }

            (string rule, ReasonCode code) = (id, packet) switch
            {
                (0x0B, Publish) => ("MQTT-3.3.4-6", ReasonCode.ProtocolError),
                (0x11, "DISCONNECT to client") => ("MQTT-3.14.2-2", ReasonCode.ProtocolError),
                _ => ("property not allowed in this packet", ReasonCode.ProtocolError),
            };
            AssertRefused(Literal(packet, example), code, rule, direction: DirectionOf(packet));
        }
    }

    [Theory]
    [Statement("T3-01")]
    [MemberData(nameof(PacketNames))]
    public void Property_Twice_ProtocolErrorUnlessItMayRepeat(string packet)
    {
        foreach ((int id, (string example, string[] allowed)) in Properties)
        {
            if (!allowed.Contains(packet)) continue;
            string literal = Literal(packet, $"{example} 26 'between' '' {example}", method: id == 0x15 ? "" : null);
            if (id == 0x26 || (id == 0x0B && packet == PublishToClient)) AssertAccepted(literal, direction: DirectionOf(packet));
            else AssertRefused(literal, ReasonCode.ProtocolError, "property given twice", direction: DirectionOf(packet));
        }
    }

    [Theory]
    [Statement("T3-02")]
    [MemberData(nameof(PacketNames))]
    public void Property_Unknown_Malformed(string packet)
    {
        for (int id = 0; id <= 0x7F; id++)
        {
            if (Properties.ContainsKey(id)) continue;
            AssertRefused(Literal(packet, $"{id:X2} 00"), ReasonCode.MalformedPacket, "unknown property", direction: DirectionOf(packet));
        }

        AssertRefused(Literal(packet, "8001 00"), ReasonCode.MalformedPacket, "unknown property", direction: DirectionOf(packet));
        AssertRefused(Literal(packet, "A600 'n' 'v'"), ReasonCode.MalformedPacket, "MQTT-1.5.5-1", direction: DirectionOf(packet));
    }

    [Theory]
    [Statement("T3-03")]
    [MemberData(nameof(PacketNames))]
    public void Property_Cut_Malformed(string packet)
    {
        foreach ((_, (string example, string[] allowed)) in Properties)
        {
            if (!allowed.Contains(packet)) continue;
            byte[] whole = WireLiteral.Parse(example);
            for (int length = 1; length < whole.Length; length++)
            {
                string cut = Convert.ToHexString(whole, 0, length);
                AssertRefused(
                    Literal(packet, cut), ReasonCode.MalformedPacket, "property longer than the property length",
                    direction: DirectionOf(packet));
            }
        }
    }

    /// <summary>AUTH always, and CONNECT where data are given, need a method.</summary>
    private static string Literal(string packet, string properties, string? method = null)
    {
        bool hasMethod = properties.StartsWith("15", StringComparison.Ordinal);
        bool needsMethod = packet == "AUTH" || (packet == "CONNECT" && properties.StartsWith("16", StringComparison.Ordinal));
        string prefix = method ?? (needsMethod && !hasMethod ? "15 'm' " : "");
        return Packets[packet].Replace("{0}", prefix + properties, StringComparison.Ordinal);
    }

    private static PacketDirection DirectionOf(string packet) =>
        packet.EndsWith("to client", StringComparison.Ordinal) ? PacketDirection.ToClient : PacketDirection.ToServer;
}
