using System.Buffers.Binary;
using System.Text;
using Nightjar.Broker.Persistence;
using Nightjar.Protocol;

namespace Nightjar.Storage.Sqlite.Records;

/// <summary>
/// A message as one blob: version-neutral, little-endian, with a check sum that tells bytes which were not written so.
/// </summary>
/// <remarks>
/// <code>
/// flags (1): bits 0-1 QoS | 2 RETAIN | 3 expires | 4 has client id | 5 user name | 6 domain | 7 address
/// expiry in Unix milliseconds (8), if it expires
/// length (2) and bytes of: client id, user name, security domain, network address (4 or 16 bytes, 20 with a scope), those that it has
/// length of topic name (2) | length of properties (4) | topic name | properties | payload | CRC-32C of everything before (4)
/// </code>
/// </remarks>
internal static class MessageCodec
{
    private const byte RetainBit = 1 << 2;
    private const byte ExpiryBit = 1 << 3;
    private const byte ClientIdBit = 1 << 4;
    private const byte UserNameBit = 1 << 5;
    private const byte DomainBit = 1 << 6;
    private const byte AddressBit = 1 << 7;
    private const int SumSize = 4;
    private const int FixedSize = 1 + 2 + 4 + SumSize;

    /// <summary>Bytes of the encoded form.</summary>
    internal static int SizeOf(in MessageRecord message)
    {
        var size = FixedSize + message.TopicName.Length + message.Properties.Length + message.Payload.Length;
        if (message.ExpiresAt != long.MaxValue) size += 8;
        if (message.PublisherClientId is { } clientId) size += 2 + Encoding.UTF8.GetByteCount(clientId);
        if (message.PublisherUserName is { } userName) size += 2 + Encoding.UTF8.GetByteCount(userName);
        if (message.PublisherDomain is { } domain) size += 2 + Encoding.UTF8.GetByteCount(domain);
        if (message.PublisherAddress is { } address) size += 2 + AddressCodec.SizeOf(address);
        return size;
    }

    /// <summary>Encodes into as many bytes as <see cref="SizeOf"/> says.</summary>
    /// <remarks>Does not allocate.</remarks>
    internal static void Write(in MessageRecord message, Span<byte> destination)
    {
        var rest = destination[1..];
        var flags = (byte)message.QoS;
        if (message.Retain) flags |= RetainBit;
        if (message.ExpiresAt != long.MaxValue)
        {
            flags |= ExpiryBit;
            BinaryPrimitives.WriteInt64LittleEndian(rest, message.ExpiresAt);
            rest = rest[8..];
        }

        flags |= WriteText(ref rest, message.PublisherClientId, ClientIdBit);
        flags |= WriteText(ref rest, message.PublisherUserName, UserNameBit);
        flags |= WriteText(ref rest, message.PublisherDomain, DomainBit);
        if (message.PublisherAddress is { } address)
        {
            flags |= AddressBit;
            var length = AddressCodec.Write(address, rest[2..]);
            BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)length);
            rest = rest[(2 + length)..];
        }

        destination[0] = flags;
        BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)message.TopicName.Length);
        BinaryPrimitives.WriteInt32LittleEndian(rest[2..], message.Properties.Length);
        rest = rest[6..];
        message.TopicName.CopyTo(rest);
        message.Properties.CopyTo(rest[message.TopicName.Length..]);
        message.Payload.CopyTo(rest[(message.TopicName.Length + message.Properties.Length)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[^SumSize..], Checksum.Of(destination[..^SumSize]));
    }

    /// <summary>Decodes.</summary>
    /// <param name="source">The blob; the spans of the record are parts of it.</param>
    /// <param name="id">Its name.</param>
    /// <param name="texts">Where texts that were there before are found again.</param>
    /// <param name="topicName">Topic name of a message that was encoded without.</param>
    /// <exception cref="DamagedRecordException">The bytes are not what was written.</exception>
    internal static MessageRecord Read(ReadOnlySpan<byte> source, long id, TextCache texts, ReadOnlySpan<byte> topicName = default)
    {
        try
        {
            var record = Decode(source, id, texts, topicName);
            if (record.QoS > QualityOfService.ExactlyOnce || !Protocol.TopicName.IsValid(record.TopicName)) throw new DamagedRecordException($"message {id} is not possible");
            return record;
        }
        catch (ArgumentOutOfRangeException)
        {
            // Who makes a sum of bytes of his own may say any length.
            throw new DamagedRecordException($"message {id} is not possible");
        }
    }

    private static MessageRecord Decode(ReadOnlySpan<byte> source, long id, TextCache texts, ReadOnlySpan<byte> topicName)
    {
        if (source.Length < FixedSize || BinaryPrimitives.ReadUInt32LittleEndian(source[^SumSize..]) != Checksum.Of(source[..^SumSize]))
            throw new DamagedRecordException($"message {id} fails its check sum");
        var flags = source[0];
        var rest = source[1..^SumSize];
        var expiresAt = long.MaxValue;
        if ((flags & ExpiryBit) != 0)
        {
            expiresAt = BinaryPrimitives.ReadInt64LittleEndian(rest);
            rest = rest[8..];
        }

        var clientId = (flags & ClientIdBit) == 0 ? null : texts.Find(ReadBytes(ref rest));
        var userName = (flags & UserNameBit) == 0 ? null : texts.Find(ReadBytes(ref rest));
        var domain = (flags & DomainBit) == 0 ? null : texts.Find(ReadBytes(ref rest));
        var address = (flags & AddressBit) == 0 ? null : AddressCodec.Read(ReadBytes(ref rest));
        var topicLength = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        var propertiesLength = BinaryPrimitives.ReadInt32LittleEndian(rest[2..]);
        rest = rest[6..];
        return new MessageRecord
        {
            Id = id,
            TopicName = topicLength == 0 ? topicName : rest[..topicLength],
            Properties = rest.Slice(topicLength, propertiesLength),
            Payload = rest[(topicLength + propertiesLength)..],
            QoS = (QualityOfService)(flags & 3),
            Retain = (flags & RetainBit) != 0,
            ExpiresAt = expiresAt,
            PublisherClientId = clientId,
            PublisherUserName = userName,
            PublisherAddress = address,
            PublisherDomain = domain,
        };
    }

    private static byte WriteText(ref Span<byte> destination, string? text, byte bit)
    {
        if (text is null) return 0;
        var length = Encoding.UTF8.GetBytes(text, destination[2..]);
        BinaryPrimitives.WriteUInt16LittleEndian(destination, checked((ushort)length));
        destination = destination[(2 + length)..];
        return bit;
    }

    private static ReadOnlySpan<byte> ReadBytes(ref ReadOnlySpan<byte> source)
    {
        var length = BinaryPrimitives.ReadUInt16LittleEndian(source);
        var bytes = source.Slice(2, length);
        source = source[(2 + length)..];
        return bytes;
    }
}
