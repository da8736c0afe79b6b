using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Nightjar.Storage.Sqlite.Records;

/// <summary>A network address as bytes: 4 of IPv4, 16 of IPv6, 4 more for its scope when it has one.</summary>
internal static class AddressCodec
{
    private const int Version4Size = 4;
    private const int Version6Size = 16;
    private const int ScopedSize = Version6Size + 4;

    internal static int SizeOf(IPAddress address) =>
        address.AddressFamily != AddressFamily.InterNetworkV6 ? Version4Size : address.ScopeId == 0 ? Version6Size : ScopedSize;

    internal static int Write(IPAddress address, Span<byte> destination)
    {
        var size = SizeOf(address);
        address.TryWriteBytes(destination, out _);
        if (size == ScopedSize) BinaryPrimitives.WriteUInt32LittleEndian(destination[Version6Size..], (uint)address.ScopeId);
        return size;
    }

    /// <exception cref="DamagedRecordException">It has another length.</exception>
    internal static IPAddress Read(ReadOnlySpan<byte> source) => source.Length switch
    {
        Version4Size or Version6Size => new IPAddress(source),
        ScopedSize => new IPAddress(source[..Version6Size], BinaryPrimitives.ReadUInt32LittleEndian(source[Version6Size..])),
        _ => throw new DamagedRecordException($"a network address of {source.Length} bytes"),
    };
}
