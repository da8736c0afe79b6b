using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Nightjar.Transport.WebSockets;

/// <summary>The client's half of the opening handshake (RFC 6455 §4.2.1), as far as it decides anything.</summary>
/// <remarks>The views are into the request. Any path is taken, as Mosquitto does.</remarks>
internal readonly ref struct UpgradeRequest
{
    private static readonly SearchValues<byte> s_notInName = SearchValues.Create(" \t\"(),/;<=>?@[\\]{}\r\n\0"u8);
    private static readonly SearchValues<byte> s_notInValue = SearchValues.Create("\r\n\0"u8);

    private UpgradeRequest(ReadOnlySpan<byte> key, ReadOnlySpan<byte> protocol, ReadOnlySpan<byte> origin)
    {
        Key = key;
        Protocol = protocol;
        Origin = origin;
    }

    /// <summary>Sec-WebSocket-Key: 16 bytes in Base64, as text.</summary>
    internal ReadOnlySpan<byte> Key { get; }

    /// <summary>The subprotocol taken of those offered: <c>mqtt</c>, or else <c>mqttv3.1</c> [MQTT-6.0.0-3].</summary>
    internal ReadOnlySpan<byte> Protocol { get; }

    /// <summary>Origin; empty when there is none.</summary>
    internal ReadOnlySpan<byte> Origin { get; }

    /// <summary>Reads a request.</summary>
    /// <param name="head">Request line and headers, each with its CRLF, without the empty line.</param>
    /// <param name="request">The request.</param>
    /// <returns>False when it is not an HTTP/1.1 request to open a WebSocket of version 13 for MQTT.</returns>
    internal static bool TryParse(ReadOnlySpan<byte> head, out UpgradeRequest request)
    {
        request = default;
        if (!TryTakeLine(ref head, out ReadOnlySpan<byte> line) || !IsRequestLine(line))
            return false;
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> protocol = default;
        ReadOnlySpan<byte> origin = default;
        bool upgrades = false;
        bool connects = false;
        bool isVersion13 = false;
        while (head.Length > 0)
        {
            if (!TryTakeLine(ref head, out line) || !TrySplit(line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
                return false;
            if (Is(name, "upgrade"u8))
            {
                upgrades |= HasToken(value, "websocket"u8);
            }
            else if (Is(name, "connection"u8))
            {
                connects |= HasToken(value, "upgrade"u8);
            }
            else if (Is(name, "sec-websocket-version"u8))
            {
                isVersion13 = value.SequenceEqual("13"u8);
            }
            else if (Is(name, "sec-websocket-key"u8))
            {
                if (!key.IsEmpty || !IsKey(value))
                    return false;
                key = value;
            }
            else if (Is(name, "sec-websocket-protocol"u8))
            {
                if (HasExactly(value, "mqtt"u8))
                    protocol = "mqtt"u8;
                else if (protocol.IsEmpty && HasExactly(value, "mqttv3.1"u8))
                    protocol = "mqttv3.1"u8;
            }
            else if (Is(name, "origin"u8))
            {
                origin = value;
            }
        }
        request = new UpgradeRequest(key, protocol, origin);
        return upgrades && connects && isVersion13 && !key.IsEmpty && !protocol.IsEmpty;
    }

    private static bool TryTakeLine(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> line)
    {
        int end = rest.IndexOf("\r\n"u8);
        line = end < 0 ? default : rest[..end];
        if (end < 0)
            return false;
        rest = rest[(end + 2)..];
        return true;
    }

    // GET target HTTP/1.1
    private static bool IsRequestLine(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("GET "u8) || !line.EndsWith(" HTTP/1.1"u8) || line.ContainsAny(s_notInValue))
            return false;
        int length = line.Length - "GET "u8.Length - " HTTP/1.1"u8.Length;
        return length > 0 && !line.Slice("GET "u8.Length, length).Contains((byte)' ');
    }

    private static bool TrySplit(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        int colon = line.IndexOf((byte)':');
        name = colon > 0 ? line[..colon] : default;
        value = line[(colon + 1)..].Trim(" \t"u8);
        return colon > 0 && !name.ContainsAny(s_notInName) && !value.ContainsAny(s_notInValue);
    }

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower) => Ascii.EqualsIgnoreCase(text, lower);

    private static bool HasToken(ReadOnlySpan<byte> list, ReadOnlySpan<byte> lower)
    {
        foreach (Range range in list.Split((byte)','))
        {
            if (Is(list[range].Trim(" \t"u8), lower))
                return true;
        }
        return false;
    }

    private static bool HasExactly(ReadOnlySpan<byte> list, ReadOnlySpan<byte> token)
    {
        foreach (Range range in list.Split((byte)','))
        {
            if (list[range].Trim(" \t"u8).SequenceEqual(token))
                return true;
        }
        return false;
    }

    private static bool IsKey(ReadOnlySpan<byte> value) =>
        value.Length == 24 && !value.ContainsAny(" \t"u8) && Base64.IsValid(value, out int length) && length == 16;
}
