using System.Buffers;
using System.Runtime.CompilerServices;

namespace Nightjar.Protocol;

/// <summary>Cuts a byte stream into Control Packets (§2.1).</summary>
/// <remarks>
/// <code>
/// byte 1       type (4 bits), flags (4 bits)
/// byte 2..5    Remaining Length, a Variable Byte Integer
/// then         as many bytes as it says
/// </code>
/// The size is judged as soon as the fixed header is there, so that no one waits, or makes room, for a body that would be refused.
/// </remarks>
public static class FrameReader
{
    /// <summary>Bytes of the longest fixed header.</summary>
    public const int MaximumHeaderLength = 1 + VariableByteInteger.MaximumLength;

    /// <summary>Reads one packet from contiguous bytes.</summary>
    /// <param name="source">Unread bytes; may hold less or more than one packet.</param>
    /// <param name="maximumPacketSize">Largest whole packet accepted, fixed header included; <see cref="int.MaxValue"/> for no
    /// limit.</param>
    /// <param name="frame">A view of <paramref name="source"/> when complete.</param>
    /// <param name="error">Set when invalid: 0x81 for a bad Remaining Length or packet type 0, 0x95 for a packet over the limit.</param>
    /// <returns>Complete, NeedMoreData, or Invalid.</returns>
    /// <remarks>Does not throw or allocate.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReadStatus TryRead(ReadOnlySpan<byte> source, int maximumPacketSize, out Frame frame, out ProtocolError error)
    {
        if (source.Length >= 2)
        {
            int remaining = source[1];
            int length = remaining + 2;
            if (remaining < 0x80 && length <= source.Length && length <= maximumPacketSize && source[0] >= 0x10)
            {
                frame = new Frame(source[0], source.Slice(2, remaining), length);
                error = default;
                return ReadStatus.Complete;
            }
        }

        return TryReadSlow(source, maximumPacketSize, out frame, out error);
    }

    /// <summary>Measures the first packet of bytes in any segmentation, without copying or decoding it.</summary>
    /// <param name="source">Unread bytes.</param>
    /// <param name="maximumPacketSize">Largest whole packet accepted, fixed header included; <see cref="int.MaxValue"/> for no
    /// limit.</param>
    /// <param name="frameLength">Bytes of the whole packet once the fixed header is there, also while its body is not; 0 before.</param>
    /// <param name="error">Set when invalid, as for <see cref="TryRead"/>.</param>
    /// <returns>Complete when all <paramref name="frameLength"/> bytes are there.</returns>
    public static ReadStatus TryMeasure(
        in ReadOnlySequence<byte> source, int maximumPacketSize, out int frameLength, out ProtocolError error)
    {
        ReadOnlySpan<byte> first = source.FirstSpan;
        if (first.Length >= MaximumHeaderLength || source.IsSingleSegment)
            return Measure(first, source.Length, maximumPacketSize, out frameLength, out _, out error);

        Span<byte> header = stackalloc byte[MaximumHeaderLength];
        int count = (int)Math.Min(source.Length, MaximumHeaderLength);
        source.Slice(0, count).CopyTo(header);
        return Measure(header[..count], source.Length, maximumPacketSize, out frameLength, out _, out error);
    }

    private static ReadStatus TryReadSlow(ReadOnlySpan<byte> source, int maximumPacketSize, out Frame frame, out ProtocolError error)
    {
        ReadStatus status = Measure(source, source.Length, maximumPacketSize, out int length, out int headerLength, out error);
        frame = status == ReadStatus.Complete ? new Frame(source[0], source[headerLength..length], length) : default;
        return status;
    }

    private static ReadStatus Measure(
        ReadOnlySpan<byte> start, long available, int maximumPacketSize, out int frameLength, out int headerLength, out ProtocolError error)
    {
        frameLength = 0;
        headerLength = 0;
        error = default;
        if (start.IsEmpty) return ReadStatus.NeedMoreData;

        if (start[0] < 0x10)
        {
            error = new ProtocolError(ReasonCode.MalformedPacket, Rule.ReservedPacketType);
            return ReadStatus.Invalid;
        }

        ReadStatus status = VariableByteInteger.TryRead(start[1..], out int remaining, out int digits);
        if (status != ReadStatus.Complete)
        {
            if (status == ReadStatus.Invalid) error = InvalidLength(start[1..], 1);
            return status;
        }

        headerLength = 1 + digits;
        int length = headerLength + remaining;
        if (length > maximumPacketSize)
        {
            error = new ProtocolError(ReasonCode.PacketTooLarge, Rule.PacketTooLarge, headerLength);
            return ReadStatus.Invalid;
        }

        frameLength = length;
        return available >= length ? ReadStatus.Complete : ReadStatus.NeedMoreData;
    }

    /// <summary>Says what is wrong with a Variable Byte Integer that was found invalid.</summary>
    internal static ProtocolError InvalidLength(ReadOnlySpan<byte> source, int offset)
    {
        bool tooLong = source.Length >= 4 && (source[0] & source[1] & source[2] & source[3]) >= 0x80;
        return new ProtocolError(
            ReasonCode.MalformedPacket, tooLong ? Rule.VariableByteIntegerTooLong : Rule.MinimalVariableByteInteger, offset);
    }
}
