using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Nightjar.Broker.Security.AccessLists;

/// <summary>A range of an access file: <c>192.168.0.0/16</c>, <c>fd00::/8</c>, or one address.</summary>
/// <param name="Prefix">The first address; an IPv4 one in its IPv4-mapped form.</param>
/// <param name="Length">Leading bits of that form that are compared.</param>
/// <param name="IsIPv4">It holds IPv4 addresses only; otherwise IPv6 ones only, so that <c>::/0</c> is not everybody.</param>
internal readonly record struct AddressRange(UInt128 Prefix, int Length, bool IsIPv4)
{
    private const int AddressBits = 128;
    private const int MappedBits = 96;

    /// <summary>Reads a range.</summary>
    /// <param name="text">Address, optionally with a slash and the length of the prefix. Bits behind the prefix are ignored.</param>
    /// <param name="range">The range; an IPv4-mapped one (<c>::ffff:10.0.0.0/104</c>) as IPv4.</param>
    internal static bool TryParse(string text, out AddressRange range)
    {
        range = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var name = slash < 0 ? text : text[..slash];
        if (!IPAddress.TryParse(name, out var address) || name.AsSpan().ContainsAny('%', '[')) return false;
        // IPAddress takes 10.1 for 10.0.0.1 and reads 010.0.0.1 as octal: nobody who writes them means what they do.
        var isIPv4 = address.AddressFamily == AddressFamily.InterNetwork;
        if (isIPv4 && address.ToString() != name) return false;
        var most = isIPv4 ? AddressBits - MappedBits : AddressBits;
        var length = most;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > most)) return false;
        if (isIPv4) length += MappedBits;
        else isIPv4 = address.IsIPv4MappedToIPv6 && length >= MappedBits;
        range = new AddressRange(Masked(ValueOf(address), length), length, isIPv4);
        return true;
    }

    /// <summary>Whether an address is in the range; an IPv4-mapped one counts as the IPv4 address it stands for.</summary>
    /// <remarks>Does not allocate.</remarks>
    internal bool Contains(IPAddress address)
    {
        var isIPv4 = address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6;
        return isIPv4 == IsIPv4 && Masked(ValueOf(address), Length) == Prefix;
    }

    private static UInt128 Masked(UInt128 value, int length) => length == 0 ? 0 : value >> (AddressBits - length) << (AddressBits - length);

    private static UInt128 ValueOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written);
        if (written == bytes.Length) return BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return new UInt128(0, 0xFFFF_0000_0000UL | BinaryPrimitives.ReadUInt32BigEndian(bytes));
    }
}
