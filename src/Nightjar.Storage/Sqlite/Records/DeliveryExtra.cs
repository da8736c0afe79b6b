using System.Buffers.Binary;
using Nightjar.Broker.Persistence;

namespace Nightjar.Storage.Sqlite.Records;

/// <summary>What few deliveries have: several subscription identifiers, the shared subscription they were chosen for.</summary>
/// <remarks>
/// <code>
/// count of identifiers (2) | identifiers (4 each) | length of Share Name (2) | Share Name | length of Topic Filter (2) | Topic Filter
/// </code>
/// </remarks>
internal static class DeliveryExtra
{
    private const int LengthSize = 2;

    /// <summary>Bytes it takes; 0 when there is nothing of the kind.</summary>
    internal static int SizeOf(in DeliveryRecord delivery) => delivery.SubscriptionIdentifiers is null && delivery.ShareName is null
        ? 0
        : (3 * LengthSize) + ((delivery.SubscriptionIdentifiers?.Length ?? 0) * sizeof(uint)) + (delivery.ShareName?.Length ?? 0) + (delivery.ShareFilter?.Length ?? 0);

    internal static void Write(in DeliveryRecord delivery, Span<byte> destination)
    {
        var identifiers = delivery.SubscriptionIdentifiers ?? [];
        BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)identifiers.Length);
        destination = destination[LengthSize..];
        foreach (var identifier in identifiers)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(destination, identifier);
            destination = destination[sizeof(uint)..];
        }

        destination = WriteBytes(destination, delivery.ShareName);
        WriteBytes(destination, delivery.ShareFilter);
    }

    /// <summary>The delivery with what was kept of it.</summary>
    /// <exception cref="DamagedRecordException">The bytes are not what was written.</exception>
    internal static DeliveryRecord Read(long number, DeliveryMark mark, ReadOnlySpan<byte> extra)
    {
        if (mark.QoS > Protocol.QualityOfService.ExactlyOnce) throw new DamagedRecordException("a delivery is not possible");
        uint[]? identifiers = null;
        byte[]? shareName = null;
        byte[]? shareFilter = null;
        if (!extra.IsEmpty)
        {
            identifiers = ReadIdentifiers(ref extra);
            var name = ReadBytes(ref extra);
            var filter = ReadBytes(ref extra);
            if (mark.IsShared) (shareName, shareFilter) = (name.ToArray(), filter.ToArray());
        }

        return new DeliveryRecord(number, mark.QoS, mark.Retain, mark.SubscriptionIdentifier, identifiers, shareName, shareFilter);
    }

    private static Span<byte> WriteBytes(Span<byte> destination, byte[]? bytes)
    {
        bytes ??= [];
        BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)bytes.Length);
        bytes.CopyTo(destination[LengthSize..]);
        return destination[(LengthSize + bytes.Length)..];
    }

    private static uint[]? ReadIdentifiers(ref ReadOnlySpan<byte> source)
    {
        if (source.Length < LengthSize) throw new DamagedRecordException("a delivery is cut short");
        var count = BinaryPrimitives.ReadUInt16LittleEndian(source);
        source = source[LengthSize..];
        if (source.Length < count * sizeof(uint)) throw new DamagedRecordException("a delivery is cut short");
        if (count == 0) return null;
        var identifiers = new uint[count];
        for (var index = 0; index < count; index++) identifiers[index] = BinaryPrimitives.ReadUInt32LittleEndian(source[(index * sizeof(uint))..]);
        source = source[(count * sizeof(uint))..];
        return identifiers;
    }

    private static ReadOnlySpan<byte> ReadBytes(ref ReadOnlySpan<byte> source)
    {
        var length = source.Length < LengthSize ? int.MaxValue : BinaryPrimitives.ReadUInt16LittleEndian(source);
        if (length > source.Length - LengthSize) throw new DamagedRecordException("a delivery is cut short");
        var bytes = source.Slice(LengthSize, length);
        source = source[(LengthSize + length)..];
        return bytes;
    }
}
