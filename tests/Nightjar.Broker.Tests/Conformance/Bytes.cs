using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Packets put together field by field, right or wrong, for what the writers do not make.</summary>
internal static class Bytes
{
    /// <summary>A packet of a first byte and some fields; the remaining length is filled in.</summary>
    internal static byte[] Packet(byte header, params byte[][] fields)
    {
        byte[] body = [.. fields.SelectMany(field => field)];
        var length = new byte[VariableByteInteger.GetLength(body.Length)];
        VariableByteInteger.Write(length, body.Length);
        return [header, .. length, .. body];
    }

    /// <summary>A string or binary field with its length.</summary>
    internal static byte[] Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
    }

    /// <summary>Bytes written as hexadecimal, blanks allowed.</summary>
    internal static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>A property block of properties written as hexadecimal, with its length.</summary>
    internal static byte[] Block(string properties)
    {
        var bytes = Hex(properties);
        var length = new byte[VariableByteInteger.GetLength(bytes.Length)];
        VariableByteInteger.Write(length, bytes.Length);
        return [.. length, .. bytes];
    }

    /// <summary>A property whose value is a string or binary data, as hexadecimal.</summary>
    internal static string Property(byte id, string value) => $"{id:X2}{Convert.ToHexString(Text(value))}";

    /// <summary>CONNECT of MQTT 5.0 with properties written as hexadecimal.</summary>
    internal static byte[] Connect5(string clientId, string properties = "", bool cleanStart = true) =>
        Packet(0x10, Hex("0004 4D515454 05"), [(byte)(cleanStart ? 2 : 0), 0, 0], Block(properties), Text(clientId));

    /// <summary>SUBSCRIBE with one options byte for each filter.</summary>
    internal static byte[] Subscribe(ProtocolVersion version, ushort packetId, params (string Filter, byte Options)[] entries) =>
        Packet(0x82, [(byte)(packetId >> 8), (byte)packetId], version == ProtocolVersion.Mqtt50 ? [0] : [], [.. entries.SelectMany(entry => (byte[])[.. Text(entry.Filter), entry.Options])]);
}
