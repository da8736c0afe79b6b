using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Nightjar.Broker.Security;

/// <summary>Whom an address is counted as: one IPv4 address, or one /64 of IPv6, which is what a single subscriber gets.</summary>
/// <param name="Value">The first 64 bits of the address, IPv4 in its IPv6 form shifted so that all of it is in them; 0 for none.</param>
internal readonly record struct AddressPrefix(ulong Value)
{
    // ::ffff:a.b.c.d; no IPv6 prefix in use begins with these bits.
    private const ulong IPv4Mark = 0x0000_FFFF_0000_0000;

    /// <summary>Whether there is an address at all: not in process, and not over a unix domain socket.</summary>
    internal bool HasValue => Value != 0;

    /// <summary>The prefix of an end point; none for what is not an IP address.</summary>
    internal static AddressPrefix Of(EndPoint? endPoint)
    {
        if (endPoint is not IPEndPoint { Address: var address }) return default;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        if (address.AddressFamily == AddressFamily.InterNetwork) return new AddressPrefix(IPv4Mark | BinaryPrimitives.ReadUInt32BigEndian(bytes));
        return address.IsIPv4MappedToIPv6
            ? new AddressPrefix(IPv4Mark | BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]))
            // ::1 has nothing in its first half; it must not be taken for no address.
            : new AddressPrefix(Math.Max(1, BinaryPrimitives.ReadUInt64BigEndian(bytes)));
    }
}
