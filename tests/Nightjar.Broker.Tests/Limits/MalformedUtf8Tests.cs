using System.Text;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>Text that is not UTF-8 in every string field of every packet a client sends: the connection ends with 0x81, and nobody sees the bytes.</summary>
public sealed class MalformedUtf8Tests
{
    private const string Mark = "@@@@";

    /// <summary>Field → packet with the mark where the field stands; without its fixed header.</summary>
    private static readonly Dictionary<string, (byte Header, byte[] Body)> Packets = new()
    {
        ["CONNECT client id"] = (0x10, [.. Head(0), 0, .. Text(Mark)]),
        ["CONNECT user property key"] = (0x10, [.. Head(0), .. Block([0x26, .. Text(Mark), .. Text("v")]), .. Text("c")]),
        ["CONNECT user property value"] = (0x10, [.. Head(0), .. Block([0x26, .. Text("k"), .. Text(Mark)]), .. Text("c")]),
        ["CONNECT authentication method"] = (0x10, [.. Head(0), .. Block([0x15, .. Text(Mark)]), .. Text("c")]),
        ["CONNECT user name"] = (0x10, [.. Head(0x80), 0, .. Text("c"), .. Text(Mark)]),
        ["CONNECT will topic"] = (0x10, [.. Head(4), 0, .. Text("c"), 0, .. Text(Mark), .. Text("p")]),
        ["CONNECT will content type"] = (0x10, [.. Head(4), 0, .. Text("c"), .. Block([3, .. Text(Mark)]), .. Text("w"), .. Text("p")]),
        ["CONNECT will response topic"] = (0x10, [.. Head(4), 0, .. Text("c"), .. Block([8, .. Text(Mark)]), .. Text("w"), .. Text("p")]),
        ["CONNECT will user property key"] = (0x10, [.. Head(4), 0, .. Text("c"), .. Block([0x26, .. Text(Mark), .. Text("v")]), .. Text("w"), .. Text("p")]),
        ["CONNECT will user property value"] = (0x10, [.. Head(4), 0, .. Text("c"), .. Block([0x26, .. Text("k"), .. Text(Mark)]), .. Text("w"), .. Text("p")]),
        ["PUBLISH topic name"] = (0x31, [.. Text(Mark), 0, 1]),
        ["PUBLISH response topic"] = (0x31, [.. Text("t"), .. Block([8, .. Text(Mark)]), 1]),
        ["PUBLISH content type"] = (0x31, [.. Text("t"), .. Block([3, .. Text(Mark)]), 1]),
        ["PUBLISH user property key"] = (0x31, [.. Text("t"), .. Block([0x26, .. Text(Mark), .. Text("v")]), 1]),
        ["PUBLISH user property value"] = (0x31, [.. Text("t"), .. Block([0x26, .. Text("k"), .. Text(Mark)]), 1]),
        ["SUBSCRIBE topic filter"] = (0x82, [0, 1, 0, .. Text(Mark), 0]),
        ["SUBSCRIBE share name"] = (0x82, [0, 1, 0, .. Text($"$share/{Mark}/t"), 0]),
        ["SUBSCRIBE user property value"] = (0x82, [0, 1, .. Block([0x26, .. Text("k"), .. Text(Mark)]), .. Text("t"), 0]),
        ["UNSUBSCRIBE topic filter"] = (0xA2, [0, 1, 0, .. Text(Mark)]),
        ["UNSUBSCRIBE user property key"] = (0xA2, [0, 1, .. Block([0x26, .. Text(Mark), .. Text("v")]), .. Text("t")]),
        ["PUBACK reason string"] = (0x40, [0, 1, 0, .. Block([0x1F, .. Text(Mark)])]),
        ["PUBREC reason string"] = (0x50, [0, 1, 0, .. Block([0x1F, .. Text(Mark)])]),
        ["PUBREL user property value"] = (0x62, [0, 1, 0, .. Block([0x26, .. Text("k"), .. Text(Mark)])]),
        ["PUBCOMP reason string"] = (0x70, [0, 1, 0, .. Block([0x1F, .. Text(Mark)])]),
        ["DISCONNECT reason string"] = (0xE0, [0, .. Block([0x1F, .. Text(Mark)])]),
        ["DISCONNECT user property key"] = (0xE0, [0, .. Block([0x26, .. Text(Mark), .. Text("v")])]),
        ["AUTH reason string"] = (0xF0, [0x19, .. Block([0x15, .. Text("m"), 0x1F, .. Text(Mark)])]),
        ["AUTH authentication method"] = (0xF0, [0x19, .. Block([0x15, .. Text(Mark)])]),
    };

    /// <summary>What stands in the place of the mark: a lone continuation, an overlong slash, a surrogate, beyond U+10FFFF, cut short, U+0000.</summary>
    private static readonly byte[][] Malformed =
    [
        [(byte)'a', 0x80, (byte)'b', (byte)'c'], [(byte)'a', 0xC0, 0xAF, (byte)'b'], [0xED, 0xA0, 0x80, (byte)'a'],
        [0xF4, 0x90, 0x80, 0x80], [(byte)'a', (byte)'b', (byte)'c', 0xE2], [(byte)'a', 0, (byte)'b', (byte)'c'],
    ];

    public static TheoryData<string> Fields() => [.. Packets.Keys];

    [Theory]
    [MemberData(nameof(Fields))]
    public async Task Text_ThatIsNotUtf8_EndsTheConnection(string field)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var watcher = await broker.ConnectAsync("watcher");
        await watcher.SubscribeAsync("#");
        var (header, body) = Packets[field];
        foreach (var text in Malformed)
        {
            var bad = Replace(body, Encoding.ASCII.GetBytes(Mark), text);
            byte[] packet = [header, .. Length(bad.Length), .. bad];
            if (header == 0x10)
            {
                var client = await broker.OpenAsync();
                await client.SendAsync(packet);
                var answer = await client.ReceiveAsync();
                Assert.Equal((0x20, (byte)ReasonCode.MalformedPacket), (answer[0], answer[3]));
                await client.ExpectClosedAsync();
            }
            else
            {
                var client = await broker.ConnectAsync("c");
                await client.SendAsync(packet);
                await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
            }
        }

        await broker.WaitForConnectionsAsync(1);
        await watcher.ExpectNothingAsync();
        Assert.Equal(0, broker.Broker.RetainedCount);
        Assert.Equal(1, broker.Broker.SessionCount);
    }

    // The same packets are in order when the mark itself stands there: otherwise the test above would prove nothing.
    [Theory]
    [MemberData(nameof(Fields))]
    public async Task Text_ThatIsUtf8_IsNotMalformed(string field)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var (header, body) = Packets[field];
        byte[] packet = [header, .. Length(body.Length), .. body];
        var client = header == 0x10 ? await broker.OpenAsync() : await broker.ConnectAsync("c");
        await client.SendAsync(packet);
        if (!field.StartsWith("DISCONNECT", StringComparison.Ordinal)) await client.SendAsync("C0 00");
        while (await client.TryReceiveAsync() is { } answer)
        {
            if (answer[0] == 0xE0) Assert.NotEqual((byte)ReasonCode.MalformedPacket, answer[2]);
            if (answer[0] == 0x20) Assert.NotEqual((byte)ReasonCode.MalformedPacket, answer[3]);
            if (answer[0] == 0xD0) break;
        }
    }

    // Version 5, flags, keep alive 0; the properties follow.
    private static byte[] Head(byte flags) => [.. Text("MQTT"), 5, (byte)(flags | 2), 0, 0];

    private static byte[] Text(string text) => [0, (byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Block(byte[] properties) => [(byte)properties.Length, .. properties];

    private static byte[] Length(int length)
    {
        var bytes = new byte[4];
        return bytes[..VariableByteInteger.Write(bytes, length)];
    }

    private static byte[] Replace(byte[] source, byte[] mark, byte[] text)
    {
        var at = source.AsSpan().IndexOf(mark);
        return [.. source[..at], .. text, .. source[(at + mark.Length)..]];
    }
}
