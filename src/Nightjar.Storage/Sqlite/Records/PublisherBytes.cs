using System.Buffers.Binary;
using System.Net;
using System.Text;
using Nightjar.Broker.Persistence;

namespace Nightjar.Storage.Sqlite.Records;

/// <summary>
/// The publisher of messages as <see cref="MessageCodec"/> writes it, kept from one message to the next: they mostly come from one client after the
/// other, whose texts are the same objects each time.
/// </summary>
/// <remarks>Not thread-safe. Allocates only for a longer publisher than any before.</remarks>
internal sealed class PublisherBytes
{
    private string? _clientId;
    private string? _userName;
    private string? _domain;
    private IPAddress? _address;
    private byte[] _bytes = new byte[128];
    private int _length;

    /// <summary>Which of its parts the publisher has, as the bits of <see cref="MessageCodec"/>.</summary>
    internal byte Flags { get; private set; }

    /// <summary>Encodes the publisher of a message.</summary>
    /// <returns>Valid until the next call.</returns>
    internal ReadOnlySpan<byte> Encode(in MessageRecord message)
    {
        if (!ReferenceEquals(_clientId, message.PublisherClientId) || !ReferenceEquals(_userName, message.PublisherUserName)
            || !ReferenceEquals(_domain, message.PublisherDomain) || !ReferenceEquals(_address, message.PublisherAddress)) Replace(message);
        return _bytes.AsSpan(0, _length);
    }

    private void Replace(in MessageRecord message)
    {
        (_clientId, _userName, _domain, _address) = (message.PublisherClientId, message.PublisherUserName, message.PublisherDomain, message.PublisherAddress);
        var size = SizeOf(_clientId) + SizeOf(_userName) + SizeOf(_domain) + (_address is null ? 0 : 2 + AddressCodec.SizeOf(_address));
        if (size > _bytes.Length) _bytes = new byte[size];
        var rest = _bytes.AsSpan();
        Flags = 0;
        Flags |= WriteText(ref rest, _clientId, MessageCodec.ClientIdBit);
        Flags |= WriteText(ref rest, _userName, MessageCodec.UserNameBit);
        Flags |= WriteText(ref rest, _domain, MessageCodec.DomainBit);
        if (_address is not null)
        {
            Flags |= MessageCodec.AddressBit;
            BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)AddressCodec.Write(_address, rest[2..]));
        }

        _length = size;
    }

    private static int SizeOf(string? text) => text is null ? 0 : 2 + Encoding.UTF8.GetByteCount(text);

    private static byte WriteText(ref Span<byte> destination, string? text, byte bit)
    {
        if (text is null) return 0;
        var length = Encoding.UTF8.GetBytes(text, destination[2..]);
        BinaryPrimitives.WriteUInt16LittleEndian(destination, checked((ushort)length));
        destination = destination[(2 + length)..];
        return bit;
    }
}
