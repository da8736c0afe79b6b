using System.Buffers.Binary;
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
    internal const byte ClientIdBit = 1 << 4;
    internal const byte UserNameBit = 1 << 5;
    internal const byte DomainBit = 1 << 6;
    internal const byte AddressBit = 1 << 7;
    private const byte RetainBit = 1 << 2;
    private const byte ExpiryBit = 1 << 3;
    private const int SumSize = 4;
    private const int FixedSize = 1 + 2 + 4 + SumSize;

    /// <summary>Bytes of the encoded form.</summary>
    /// <param name="message">The message.</param>
    /// <param name="publisher">Who published it, from <see cref="PublisherBytes.Encode"/>.</param>
    internal static int SizeOf(in MessageRecord message, ReadOnlySpan<byte> publisher) =>
        FixedSize + (message.ExpiresAt == long.MaxValue ? 0 : 8) + publisher.Length + message.TopicName.Length + message.Properties.Length + message.Payload.Length;

    /// <summary>Encodes into as many bytes as <see cref="SizeOf"/> says, without the check sum: <see cref="Seal"/> adds that to what is really written.</summary>
    /// <param name="message">The message.</param>
    /// <param name="publisher">Who published it, from <see cref="PublisherBytes.Encode"/>.</param>
    /// <param name="publisherFlags">From <see cref="PublisherBytes.Flags"/>.</param>
    /// <param name="destination">Takes the bytes.</param>
    /// <remarks>Does not allocate.</remarks>
    internal static void Write(in MessageRecord message, ReadOnlySpan<byte> publisher, byte publisherFlags, Span<byte> destination)
    {
        var rest = destination[1..];
        var flags = (byte)((int)message.QoS | publisherFlags);
        if (message.Retain) flags |= RetainBit;
        if (message.ExpiresAt != long.MaxValue)
        {
            flags |= ExpiryBit;
            BinaryPrimitives.WriteInt64LittleEndian(rest, message.ExpiresAt);
            rest = rest[8..];
        }

        destination[0] = flags;
        publisher.CopyTo(rest);
        rest = rest[publisher.Length..];
        BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)message.TopicName.Length);
        BinaryPrimitives.WriteInt32LittleEndian(rest[2..], message.Properties.Length);
        rest = rest[6..];
        message.TopicName.CopyTo(rest);
        message.Properties.CopyTo(rest[message.TopicName.Length..]);
        message.Payload.CopyTo(rest[(message.TopicName.Length + message.Properties.Length)..]);
    }

    /// <summary>Sets the check sum of an encoded message. May be repeated.</summary>
    internal static void Seal(Span<byte> encoded) =>
        BinaryPrimitives.WriteUInt32LittleEndian(encoded[^SumSize..], Checksum.Of(encoded[..^SumSize]));

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

    private static ReadOnlySpan<byte> ReadBytes(ref ReadOnlySpan<byte> source)
    {
        var length = BinaryPrimitives.ReadUInt16LittleEndian(source);
        var bytes = source.Slice(2, length);
        source = source[(2 + length)..];
        return bytes;
    }
}
