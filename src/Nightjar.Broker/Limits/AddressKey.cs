using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Nightjar.Broker.Limits;

/// <summary>The address of a peer as the address rules see it.</summary>
internal static class AddressKey
{
    /// <summary>The peer's IP address; an IPv4 address in IPv6 form is the IPv4 address it is.</summary>
    /// <returns>False for what has none: unix domain sockets, connections in memory.</returns>
    internal static bool TryGetAddress(EndPoint? endPoint, [NotNullWhen(true)] out IPAddress? address)
    {
        address = (endPoint as IPEndPoint)?.Address;
        if (address is { IsIPv4MappedToIPv6: true }) address = address.MapToIPv4();
        return address is not null;
    }

    /// <summary>One value for each IPv4 address and each IPv6 network of 64 bits, which is what one customer has.</summary>
    internal static ulong Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        // The first 16 bits of this IPv6 form of an IPv4 address are those of no network that is in use.
        return address.AddressFamily == AddressFamily.InterNetwork
            ? 0xFFFF_0000_0000_0000 | BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    /// <summary>Whether one of several networks holds an address.</summary>
    internal static bool IsIn(IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        for (var i = 0; i < networks.Count; i++)
        {
            if (networks[i].Contains(address)) return true;
            // ::ffff:10.0.0.0/104 is written of the addresses that 10.0.0.0/8 has.
            if (networks[i].BaseAddress.IsIPv4MappedToIPv6 && networks[i].Contains(address.MapToIPv6())) return true;
        }

        return false;
    }
}
