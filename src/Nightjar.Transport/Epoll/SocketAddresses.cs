using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace Nightjar.Transport.Epoll;

/// <summary>From <c>struct sockaddr</c> to addresses.</summary>
internal static unsafe class SocketAddresses
{
    /// <summary>Bytes that hold an address of TCP.</summary>
    internal const int MaximumSize = 28;

    // Clients often share an address, behind a proxy or on this machine. A benign race: it only decides whether they share the object.
    private static IPAddress? s_last;

    /// <summary>Our end of a connection; null when it is not known.</summary>
    internal static IPEndPoint? Local(int descriptor)
    {
        byte* address = stackalloc byte[MaximumSize];
        int length = MaximumSize;
        return LinuxCalls.GetLocalAddress(descriptor, address, &length) == 0 ? Read(new ReadOnlySpan<byte>(address, Math.Min(length, MaximumSize))) : null;
    }

    /// <summary>Reads an address.</summary>
    /// <returns>Null when it is not one of TCP.</returns>
    internal static IPEndPoint? Read(ReadOnlySpan<byte> address)
    {
        if (address.Length < 16)
            return null;
        int port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return MemoryMarshal.Read<ushort>(address) switch
        {
            LinuxCalls.AddressFamilyInternet => new IPEndPoint(AddressOf(address.Slice(4, 4), 0), port),
            LinuxCalls.AddressFamilyInternet6 when address.Length >= MaximumSize =>
                new IPEndPoint(AddressOf(address.Slice(8, 16), MemoryMarshal.Read<uint>(address[24..])), port),
            _ => null,
        };
    }

    private static IPAddress AddressOf(ReadOnlySpan<byte> bytes, uint scope)
    {
        IPAddress address = bytes.Length == 4 ? new IPAddress(bytes) : new IPAddress(bytes, scope);
        if (address.Equals(s_last))
            return s_last;
        s_last = address;
        return address;
    }
}
