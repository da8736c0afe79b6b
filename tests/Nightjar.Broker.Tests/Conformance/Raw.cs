using System.Text;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Packets put together by hand, so that any part of them can be wrong.</summary>
internal static class Raw
{
    /// <summary>Connect Flags: a will, QoS 0.</summary>
    public const byte Will = 0x04;

    public const byte CleanStart = 0x02;
    public const byte UserName = 0x80;
    public const byte Password = 0x40;

    /// <summary>Bytes written as hexadecimal, blanks allowed.</summary>
    public static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>Bytes of a text.</summary>
    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>A string or binary field with its length of two bytes.</summary>
    public static byte[] Field(params byte[] bytes) => [(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];

    /// <summary>A string field.</summary>
    public static byte[] Field(string text) => Field(Utf8(text));

    /// <summary>A User Property.</summary>
    public static byte[] UserProperty(string name, string value) => [0x26, .. Field(name), .. Field(value)];

    /// <summary>A property block with its length.</summary>
    public static byte[] Block(params byte[][] properties)
    {
        byte[] bytes = [.. properties.SelectMany(property => property)];
        return [.. Variable(bytes.Length), .. bytes];
    }

    /// <summary>A property block, only where the version has one.</summary>
    public static byte[] BlockOf(ProtocolVersion version, params byte[][] properties) => version == ProtocolVersion.Mqtt50 ? Block(properties) : [];

    /// <summary>A packet: fixed header byte, Remaining Length, body.</summary>
    public static byte[] Packet(byte header, params byte[][] body)
    {
        byte[] bytes = [.. body.SelectMany(part => part)];
        return [header, .. Variable(bytes.Length), .. bytes];
    }

    /// <summary>CONNECT of a version: flags, properties without their length (v5), payload fields as they are given.</summary>
    public static byte[] Connect(ProtocolVersion version, byte flags, byte[] properties, params byte[][] payload) =>
        Packet(0x10, [ConnectHeader(version, flags, 0), BlockOf(version, properties), .. payload]);

    /// <summary>Protocol Name, Protocol Level, Connect Flags, Keep Alive.</summary>
    public static byte[] ConnectHeader(ProtocolVersion version, byte flags, ushort keepAlive) =>
        [.. Field(version == ProtocolVersion.Mqtt31 ? "MQIsdp" : "MQTT"), (byte)version, flags, (byte)(keepAlive >> 8), (byte)keepAlive];

    /// <summary>Opens a connection and sends CONNECT on it; the answer is not read.</summary>
    public static async Task<WireClient> OpenAsync(this TestBroker broker, ProtocolVersion version, byte[] connect)
    {
        var client = await broker.OpenAsync(version);
        await client.SendAsync(connect);
        return client;
    }

    /// <summary>Opens a connection with CONNECT properties (v5) and reads CONNACK.</summary>
    public static async Task<WireClient> ConnectWithAsync(this TestBroker broker, string clientId, string propertiesHex, bool cleanStart = true)
    {
        var client = await broker.OpenAsync(ProtocolVersion.Mqtt50, Connect(ProtocolVersion.Mqtt50, cleanStart ? CleanStart : (byte)0, Hex(propertiesHex), Field(clientId)));
        client.ConnAck = await client.ReceiveAsync();
        return client;
    }

    /// <summary>CONNECT is refused with this code: CONNACK of the version, then the end; before v5 without a return code a bare end.</summary>
    public static async Task ExpectRefusedAsync(this WireClient client, ReasonCode code, ConnectReturnCode? returnCode = null)
    {
        if (client.Version == ProtocolVersion.Mqtt50) await client.ExpectAsync($"20 03 00 {(byte)code:X2} 00");
        else if (returnCode is { } number) await client.ExpectAsync($"20 02 00 {(byte)number:X2}");
        await client.ExpectClosedAsync();
    }

    /// <summary>A string field.</summary>
    internal static byte[] Text(string text) => Field(text);

    /// <summary>A property block of properties written as hexadecimal, with its length.</summary>
    internal static byte[] Block(string properties) => Block([Hex(properties)]);

    /// <summary>A property whose value is a string or binary data, as hexadecimal.</summary>
    internal static string Property(byte id, string value) => $"{id:X2}{Convert.ToHexString(Text(value))}";

    /// <summary>CONNECT of MQTT 5.0 with properties written as hexadecimal.</summary>
    internal static byte[] Connect5(string clientId, string properties = "", bool cleanStart = true) =>
        Packet(0x10, Hex("0004 4D515454 05"), [(byte)(cleanStart ? 2 : 0), 0, 0], Block(properties), Text(clientId));

    /// <summary>SUBSCRIBE with one options byte for each filter.</summary>
    internal static byte[] Subscribe(ProtocolVersion version, ushort packetId, params (string Filter, byte Options)[] entries) =>
        Packet(0x82, [(byte)(packetId >> 8), (byte)packetId], version == ProtocolVersion.Mqtt50 ? [0] : [], [.. entries.SelectMany(entry => (byte[])[.. Text(entry.Filter), entry.Options])]);

    private static byte[] Variable(int value)
    {
        var bytes = new byte[VariableByteInteger.GetLength(value)];
        VariableByteInteger.Write(bytes, value);
        return bytes;
    }
}
