using System.Buffers.Binary;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>What each payload begins with: when it was sent, and by which publisher.</summary>
internal static class MessageStamp
{
    /// <summary>Bytes of the stamp, and of the shortest payload.</summary>
    internal const int Length = 12;

    /// <summary>Writes the stamp.</summary>
    internal static void Write(Span<byte> payload, long nanoseconds, int publisher)
    {
        BinaryPrimitives.WriteInt64LittleEndian(payload, nanoseconds);
        BinaryPrimitives.WriteInt32LittleEndian(payload[8..], publisher);
    }

    /// <summary>Reads the stamp; false when the payload is too short to be ours.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> payload, out long nanoseconds, out int publisher)
    {
        bool valid = payload.Length >= Length;
        nanoseconds = valid ? BinaryPrimitives.ReadInt64LittleEndian(payload) : 0;
        publisher = valid ? BinaryPrimitives.ReadInt32LittleEndian(payload[8..]) : -1;
        return valid;
    }
}
