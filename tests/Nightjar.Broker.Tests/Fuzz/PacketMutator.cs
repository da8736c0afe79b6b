using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.Broker.Tests.Fuzz;

/// <summary>Valid packets of every kind a client sends, and some it does not, bent in every way a seed thinks of.</summary>
internal sealed class PacketMutator(Random random)
{
    /// <summary>CONNECT of each version, with everything a CONNECT may have.</summary>
    internal static readonly byte[][] Connects =
    [
        WirePackets.Connect(ProtocolVersion.Mqtt31, "f"),
        WirePackets.Connect(ProtocolVersion.Mqtt311, "f", cleanStart: false, keepAlive: 10, userName: "u", password: "p"u8.ToArray(), will: new TestWill("f/w", "w", QualityOfService.AtLeastOnce, true)),
        WirePackets.Connect(ProtocolVersion.Mqtt50, "g", cleanStart: false, 30, 5, 3, 500, 7, "u", new TestWill("f/w", "w", QualityOfService.ExactlyOnce, true, [0x18, 0, 0, 0, 1, 1, 1, 3, 0, 1, (byte)'t'])),
        Hex("10 30 00 04 4D 51 54 54 05 02 00 3C 22 11 00 00 00 0A 21 00 14 27 00 00 01 00 22 00 0A 19 01 17 00 26 00 01 6B 00 01 76 15 00 01 6D 00 01 67"),
        Hex("10 10 00 04 4D 51 54 54 05 00 00 00 00 00 03 66 6F 6F"),
    ];

    /// <summary>Everything else.</summary>
    private static readonly byte[][] Others =
    [
        WirePackets.Publish(ProtocolVersion.Mqtt50, "f/1", "x"),
        WirePackets.Publish(ProtocolVersion.Mqtt50, "f/1", "x", QualityOfService.AtLeastOnce, 1, retain: true),
        WirePackets.Publish(ProtocolVersion.Mqtt50, "f/2", "xyz", QualityOfService.ExactlyOnce, 2, properties: [1, 1, 2, 0, 0, 0, 9, 3, 0, 1, (byte)'t', 8, 0, 1, (byte)'r', 9, 0, 2, 1, 2]),
        WirePackets.Publish(ProtocolVersion.Mqtt50, "f/3", "x", properties: [0x23, 0, 1, 0x26, 0, 1, (byte)'k', 0, 1, (byte)'v']),
        WirePackets.Publish(ProtocolVersion.Mqtt50, "", "x", properties: [0x23, 0, 1]),
        WirePackets.Publish(ProtocolVersion.Mqtt311, "f/1", "x"),
        WirePackets.Publish(ProtocolVersion.Mqtt311, "f/4/5", "payload", QualityOfService.AtLeastOnce, 3),
        WirePackets.Publish(ProtocolVersion.Mqtt311, "f/4", "", QualityOfService.ExactlyOnce, 4, retain: true, dup: true),
        WirePackets.Ack(PacketType.PubAck, 1, ProtocolVersion.Mqtt50), WirePackets.Ack(PacketType.PubRec, 2, ProtocolVersion.Mqtt50),
        WirePackets.Ack(PacketType.PubRel, 2, ProtocolVersion.Mqtt50), WirePackets.Ack(PacketType.PubComp, 2, ProtocolVersion.Mqtt50),
        WirePackets.Ack(PacketType.PubRec, 1, ProtocolVersion.Mqtt50, ReasonCode.QuotaExceeded), WirePackets.Ack(PacketType.PubRel, 4, ProtocolVersion.Mqtt311),
        Hex("40 0A 00 01 00 06 1F 00 03 61 62 63"), Hex("62 0C 00 02 92 08 26 00 02 61 62 00 01 63"),
        WirePackets.Subscribe(ProtocolVersion.Mqtt50, 5, "f/+", QualityOfService.ExactlyOnce, identifier: 9),
        WirePackets.Subscribe(ProtocolVersion.Mqtt50, 6, "$share/g/f/#", QualityOfService.AtLeastOnce),
        WirePackets.Subscribe(ProtocolVersion.Mqtt50, 7, "#", QualityOfService.AtMostOnce, noLocal: true, retainAsPublished: true, RetainHandling.SendIfNew),
        WirePackets.Subscribe(ProtocolVersion.Mqtt311, 8, "+/1/#", QualityOfService.ExactlyOnce), WirePackets.Subscribe(ProtocolVersion.Mqtt311, 8, "$SYS/#", QualityOfService.AtMostOnce),
        Hex("82 14 00 09 00 00 01 61 00 00 03 61 2F 62 01 00 01 2B 02 00 01 23 00"),
        WirePackets.Unsubscribe(ProtocolVersion.Mqtt50, 9, "f/+", "#", "$share/g/f/#"), WirePackets.Unsubscribe(ProtocolVersion.Mqtt311, 10, "+/1/#"),
        Hex("C0 00"), Hex("E0 00"), Hex("E0 02 04 00"), Hex("E0 07 00 05 11 00 00 00 00"), Hex("F0 00"), Hex("F0 0B 18 09 15 00 01 6D 16 00 02 01 02"),
        Hex("20 02 00 00"), Hex("90 04 00 01 00 00"), Hex("B0 03 00 01 00"), Hex("D0 00"), Hex("00 00"),
    ];

    /// <summary>A packet that is not a CONNECT, bent; now and then it is left as it is, or is nothing but random bytes.</summary>
    internal byte[] Next()
    {
        if (random.Next(20) == 0)
        {
            var noise = new byte[random.Next(1, 64)];
            random.NextBytes(noise);
            return noise;
        }

        return Mutate(Pick(random.Next(12) == 0 ? Connects : Others));
    }

    /// <summary>A CONNECT, bent or not.</summary>
    internal byte[] NextConnect() => Mutate(Pick(Connects));

    private byte[] Mutate(byte[] packet)
    {
        var bytes = new List<byte>(packet);
        for (var changes = random.Next(4); changes > 0 && bytes.Count > 0; changes--) Change(bytes);
        // Half of them keep a length that fits, so that what is inside is looked at too.
        if (random.Next(2) == 0) FixLength(bytes);
        return [.. bytes];
    }

    private void Change(List<byte> bytes)
    {
        var at = random.Next(bytes.Count);
        switch (random.Next(9))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                ReadOnlySpan<byte> edges = [0, 1, 0x7F, 0x80, 0xFF, (byte)'#', (byte)'+', (byte)'/', (byte)'$'];
                bytes[at] = edges[random.Next(edges.Length)];
                break;
            case 3:
                bytes.Insert(at, (byte)random.Next(256));
                break;
            case 4:
                bytes.RemoveAt(at);
                break;
            case 5:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 6:
                bytes.InsertRange(at, bytes.GetRange(at, random.Next(bytes.Count - at + 1)));
                break;
            case 7:
                var other = Pick(Others);
                bytes.InsertRange(at, other[random.Next(other.Length)..]);
                break;
            default:
                bytes[Math.Min(1, bytes.Count - 1)] = (byte)random.Next(256);
                break;
        }
    }

    private static void FixLength(List<byte> bytes)
    {
        if (bytes.Count < 2) return;
        var length = bytes.Count - 2;
        if (length > 127)
        {
            bytes[1] = (byte)((length & 127) | 128);
            bytes.Insert(2, (byte)(length >> 7));
        }
        else
        {
            bytes[1] = (byte)length;
        }
    }

    private byte[] Pick(byte[][] packets) => packets[random.Next(packets.Length)];

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));
}
